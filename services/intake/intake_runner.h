#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "pipelines/intake/intake.h"
#include "services/intake/echoes.h"
#include "services/intake/quotas.h"
#include "services/intake/report_inputs.h"
#include "services/runtime/log/log.h"
#include "services/runtime/log_output.h"
#include "services/runtime/metrics.h"
#include "services/runtime/progress.h"
#include "services/runtime/pulse.h"
#include "services/runtime/reaction.h"

namespace ringfence::intake_service {

// Runs intake over its share of the partitions of every partner's topic `reports.<partner>`, in a
// thread of its own. What it accepts goes to the dedupe mailbox, what it cannot use whole is told
// in `rejects.<partner>`, in JSON, with PARTITION/OFFSET as key.
//
// Keeps no state: its place is what it committed, as reader "intake", after everything that came of
// the records was in the log; so a crash repeats some work and loses nothing. New partners' topics
// are found by themselves. An error of one partner's topics concerns that partner alone
// (ReportInputs). After an error of the log that may pass (reaction.h) it tries the same again;
// otherwise it stops, says so in `progress` and in metrics, and stays stopped.
//
// Partners take turns: one that sends much delays the others by a bounded share of a round.
class IntakeRunner {
 public:
  struct Options {
    // Its share: of each topic, partitions whose number modulo `partitions` is `partition`.
    int32_t partition = 0;
    int32_t partitions = 1;
    uint32_t dedupe_partitions = 1;
    intake::Intake::Options intake;
    // May be null; must outlive it.
    Quotas* quotas = nullptr;
    Echoes* echoes = nullptr;
    // Asked before each round: false, and nothing is taken yet. Null: always.
    std::function<bool()> may_take = nullptr;
    // When a partner's topic that needed an operator is looked at again.
    std::chrono::milliseconds look_again{60'000};
    // Of one partition of a partner's topic in one round.
    size_t records_max = 250;
    size_t bytes_max = size_t{2} << 20;
  };

  // `log` and `metrics` must outlive it.
  IntakeRunner(const Options& options, runtime::Log& log, runtime::Metrics& metrics);
  // Finishes the round.
  ~IntakeRunner();

  // One for each partition that it reads. Any thread; waits for nothing.
  std::vector<runtime::Progress> progress() const;
  // When its loop turned; being stopped by an error does not end that.
  const runtime::Pulse& pulse() const { return pulse_; }

 private:
  // What came of an input's records whose results are not in the log yet.
  struct Taken {
    int64_t next = 0;
    core::Time time = core::kTimeMin;  // append time of the last
    std::vector<runtime::AppendRecord> rejections;
    std::map<v1::Outcome, uint64_t> outcomes;
    std::map<std::string, uint64_t> problems;  // by code
    uint64_t unknown_fields = 0;
    std::vector<Quotas::Counted> counted;
  };
  struct Round {
    size_t bytes = 0;
    std::map<runtime::TopicPartition, Taken> taken;
  };

  void Run(const std::stop_token& stop);
  // Whether it is worth going on.
  bool React(const absl::Status& error, runtime::Backoff& backoff, const std::stop_token& stop);
  bool MayTake() const;
  // A share of every partner's records. True if there were any.
  absl::StatusOr<bool> RunRound(const std::stop_token& stop);
  absl::StatusOr<bool> RunRound(const std::stop_token& stop, Round& round);
  // An error concerns the record's partner; it is not taken then.
  absl::Status Take(const runtime::TopicPartition& input, const runtime::LogRecord& record,
                    Round& round);
  // What is decided once, and travels with the report.
  void Decide(core::Time arrival, intake::Intake::Result& result, Taken& taken);
  static void Tell(std::string_view code, intake::Intake::Result& result);
  absl::Status Reject(const std::string& partner, const v1::Rejection& rejection, Taken& taken);
  // Sends what is in `round`, then commits; empties it.
  absl::Status Finish(Round& round);
  // Appends all, or else what is for dedupe alone, and then each input's rejections: an error of a
  // partner's topic takes its inputs out of the round.
  absl::Status Send(Round& round);
  void Undo(const Taken& taken);
  void Count(const std::string& partner, const Taken& taken);
  void ReportLag();

  const Options options_;
  runtime::Log& log_;
  runtime::Metrics& metrics_;
  const std::string partition_label_;

  // The thread's own.
  intake::Intake intake_;
  runtime::LogOutput output_;
  std::set<std::string> rejects_topics_;
  std::chrono::steady_clock::time_point lag_reported_at_;

  ReportInputs inputs_;
  runtime::Pulse pulse_;
  mutable absl::Mutex mutex_;
  std::string stopped_because_ ABSL_GUARDED_BY(mutex_);
  std::jthread thread_;
};

}  // namespace ringfence::intake_service
