#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "pipelines/core/stage.h"
#include "pipelines/core/state.h"
#include "services/runtime/log/log.h"
#include "services/runtime/log_output.h"
#include "services/runtime/metrics.h"
#include "services/runtime/rocks/rocks_state.h"

namespace ringfence::runtime {

// How far a reader of a partition is; for GetStatus.
struct Progress {
  std::string stage;
  TopicPartition input;
  int64_t applied = 0;
  core::Time as_of = core::kTimeMin;
  // Empty while it runs.
  std::string stopped_because;
};

// Runs one stage over one partition of a mailbox, in a thread of its own: reads a batch, applies
// it, appends what came out and waits until the log has it, then commits state and offset together.
// After a crash it goes on from the state's offset; what it sends again, receivers know by its
// place.
//
// The partition's owner also makes its time pass: it appends a tick about every second.
class Runner {
 public:
  struct Options {
    std::string stage;
    core::Mailbox mailbox = core::Mailbox::kDedupe;
    LogOutput::Options output;
    std::string state_dir;
    std::string placement;
    std::shared_ptr<RocksMemory> memory;
    std::function<core::Time()> clock;
    size_t batch_records_max = 500;
    size_t batch_bytes_max = size_t{4} << 20;
  };
  using StageFactory = std::function<std::unique_ptr<core::Stage>(core::State&)>;

  // `log` and `metrics` must outlive it. Opens the state and starts.
  static absl::StatusOr<std::unique_ptr<Runner>> Start(const Options& options, StageFactory factory,
                                                       Log& log, Metrics& metrics);
  // Finishes the batch, flushes the state.
  ~Runner();

  Progress progress() const;

 private:
  Runner(const Options& options, StageFactory factory, Log& log, Metrics& metrics);

  absl::Status OpenState();
  void Run(std::stop_token stop);
  // One batch; false if there was nothing to read.
  absl::StatusOr<bool> RunBatch();
  absl::Status ApplyBatch(const std::vector<LogRecord>& records);
  absl::Status AppendTickIfDue();
  // Keeps trying until the log has it, or `stop`.
  absl::Status AppendAll(std::vector<AppendRecord> records);
  void ReportMessages(const std::vector<AppendRecord>& records);
  void Publish(const std::string& stopped_because);
  void CommitFlushed();

  const Options options_;
  const StageFactory factory_;
  Log& log_;
  Metrics& metrics_;
  const TopicPartition input_;
  LogOutput output_;
  std::unique_ptr<RocksState> state_;
  std::unique_ptr<core::Stage> stage_;
  core::Time last_tick_ = core::kTimeMin;
  int64_t batches_ = 0;
  std::stop_token stop_;

  mutable std::mutex mutex_;
  Progress progress_;
  std::jthread thread_;
};

}  // namespace ringfence::runtime
