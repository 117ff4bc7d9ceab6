#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "pipelines/intake/intake.h"
#include "services/runtime/log/log.h"
#include "services/runtime/log_output.h"
#include "services/runtime/metrics.h"
#include "services/runtime/runner.h"

namespace ringfence::intake_service {

// Runs intake over one partition of every partner's topic `reports.<partner>`, in a thread of its
// own. Keeps no state: its place is what it committed after everything that came of the records was
// in the log, so that a crash repeats some work and loses nothing. New partners' topics are found
// by themselves.
//
// Partners take turns: a flood of one delays the others by a bounded share of a round.
class IntakeRunner {
 public:
  struct Options {
    int32_t partition = 0;
    uint32_t dedupe_partitions = 1;
    uint32_t cluster_partitions = 1;
    intake::Intake::Options intake;
    // Of one partner in one round.
    size_t records_max = 250;
    size_t bytes_max = size_t{2} << 20;
  };

  // `log` and `metrics` must outlive it.
  IntakeRunner(const Options& options, runtime::Log& log, runtime::Metrics& metrics);
  // Finishes the round.
  ~IntakeRunner();

  std::vector<runtime::Progress> progress() const;

 private:
  void Run(const std::stop_token& stop);
  absl::Status FindTopics();
  // True if there was anything to read.
  absl::StatusOr<bool> RunRound();
  absl::StatusOr<bool> RunTopic(const std::string& topic, int64_t& next);
  void Take(const std::string& partner, const runtime::LogRecord& record,
            std::vector<runtime::AppendRecord>& rejections);

  const Options options_;
  runtime::Log& log_;
  runtime::Metrics& metrics_;
  intake::Intake intake_;
  runtime::LogOutput output_;
  // Next offset of each topic. Written by the thread alone, under the mutex.
  std::map<std::string, int64_t> next_;
  mutable std::mutex mutex_;
  std::string stopped_because_;
  std::jthread thread_;
};

}  // namespace ringfence::intake_service
