#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "pipelines/core/stage.h"
#include "pipelines/core/state.h"
#include "services/runtime/clock.h"
#include "services/runtime/foreign_records.h"
#include "services/runtime/log/log.h"
#include "services/runtime/log_output.h"
#include "services/runtime/metrics.h"
#include "services/runtime/progress.h"
#include "services/runtime/pulse.h"
#include "services/runtime/reaction.h"
#include "services/runtime/rocks/rocks_state.h"

namespace ringfence::runtime {

// Runs one stage over one partition of a mailbox, in a thread of its own: reads a batch, applies
// it, appends what came out and waits until the log has it. Once it is up to date, and else every
// few seconds or when much has changed, it commits state and offset together: so an entry that many
// batches change is written once. After a crash it goes on from the state's offset; what it sends
// again, receivers know by its place. It tells the log, as reader `stage`, up to where the state is
// durable.
//
// After an error of its surroundings that may pass (reaction.h) it goes back to the last commit and
// tries again, so that it drops nothing and skips nothing. A state that met an error of the disk is
// closed, opened again once the disk takes it, and brought up to date from the log. After damage or
// a bug it stops, says so in `progress` and in metrics, and stays stopped.
//
// The partition's owner also makes its time pass: it appends a tick about every second of the
// clock, and more often only where that goes back. Stages do not follow a tick that is far ahead of
// its record (core::kTickAheadMax).
class Runner {
 public:
  struct Options {
    std::string stage;
    core::Mailbox mailbox = core::Mailbox::kDedupe;
    LogOutput::Options output;
    std::string state_dir;
    std::string placement;
    std::shared_ptr<RocksMemory> memory;
    Clock clock;
    // Asked before each batch: false, and nothing is taken until there is room for more state.
    // Null: always.
    std::function<bool()> has_room = nullptr;
    // Called where the state's folder holds none, or one of another log, or that the log has left
    // behind, or that a day of records lies after: puts a snapshot in its place that goes on within
    // what the log holds, and beyond `above`, or does nothing; kCancelled soon after `stop` is
    // requested. Nobody has the folder open. Null: the log from the state's offset on.
    std::function<absl::Status(int64_t start, int64_t end, int64_t above,
                               const std::stop_token& stop)>
        restore = nullptr;
    // Compare what others have written to its own partition of `indicators` with the state (see
    // ForeignRecords): where a partition changes owners.
    bool recheck = false;
    size_t batch_records_max = 500;
    size_t batch_bytes_max = size_t{4} << 20;
    // Once the stage keeps more than this in memory the batch ends, and is committed.
    size_t unstored_bytes_max = size_t{96} << 20;
  };
  using StageFactory = std::function<std::unique_ptr<core::Stage>(core::State&)>;

  // `log` and `metrics` must outlive it. Opens the state and starts. kOutOfRange where the log no
  // longer holds, or has never held, the offset with which the state goes on, kFailedPrecondition
  // where the state is of another log; else what RocksState::Open and Options::restore say, which
  // is told of `stop`.
  static absl::StatusOr<std::unique_ptr<Runner>> Start(const Options& options, StageFactory factory,
                                                       Log& log, Metrics& metrics,
                                                       const std::stop_token& stop = {});
  // As Stop.
  ~Runner();

  // Finishes the batch, commits and flushes the state; returns what that gave. To be called by one
  // thread.
  absl::Status Stop();

  // Any thread.
  Progress progress() const;
  // When its loop turned; being stopped by an error does not end that.
  const Pulse& pulse() const { return pulse_; }
  // See RocksState::Checkpoint; kUnavailable while the state is closed. Any thread, also after
  // Stop.
  absl::Status Checkpoint(const std::string& dir);
  // Gives `read` the state as of the last commit, and waits for it; kUnavailable while the state is
  // closed. Any thread, until Stop.
  absl::Status WithView(const std::function<void(StateView&)>& read);

 private:
  Runner(const Options& options, StageFactory factory, Log& log, Metrics& metrics);

  // Opens what is on the disk, after `restore`; any error leaves it closed.
  absl::Status OpenState(const std::stop_token& stop);
  absl::StatusOr<std::unique_ptr<RocksState>> OpenFitting(int64_t start, int64_t end,
                                                          const std::stop_token& stop) const;
  absl::StatusOr<std::unique_ptr<RocksState>> OpenOnDisk() const;
  // How long ago the first record came that is still to be applied; 0 where there is none.
  absl::StatusOr<core::Time> Behind(int64_t next, int64_t end) const;
  absl::Status CheckLog(const RocksState& state) const;
  absl::Status CheckOffset(int64_t next, int64_t start, int64_t end) const;
  void CloseState();
  void Run(const std::stop_token& stop);
  // Reads, applies, appends what is there; commits and waits a little if nothing is.
  absl::Status RunBatch(const std::stop_token& stop);
  absl::Status ApplyAndSend(const std::vector<LogRecord>& records);
  // How many were applied: fewer where the stage holds as much as it may.
  absl::StatusOr<size_t> ApplyBatch(const std::vector<LogRecord>& records);
  // Commits what has been applied. All that it caused must be in the log.
  absl::Status CommitState();
  std::optional<AppendRecord> TickIfDue(core::Time now) const;
  // Commits the state and makes it durable where that is due, and tells the log.
  absl::Status Keep();
  absl::Status CommitPositions();
  // Back to the last commit.
  void StartOver();
  // Whether it is worth going on.
  bool React(const absl::Status& error, Backoff& backoff, const std::stop_token& stop);
  void ReportBatch(size_t records, const std::vector<AppendRecord>& sent, double seconds);
  void ReportProgress();

  const Options options_;
  const StageFactory factory_;
  Log& log_;
  Metrics& metrics_;
  const TopicPartition input_;
  const std::string partition_label_;

  // The thread's own, between Start and Stop.
  LogOutput output_;
  std::unique_ptr<ForeignRecords> foreign_;
  // Held while the state is closed or opened, and shared while a checkpoint is made: the one thing
  // that another thread does with it. Null while closed.
  absl::Mutex opening_;
  std::unique_ptr<RocksState> state_;
  std::unique_ptr<core::Stage> stage_;
  // All before has been applied, and what it caused is in the log; the state may be behind.
  int64_t next_offset_ = 0;
  core::Time last_commit_ = core::kTimeMin;
  core::Time last_tick_ = core::kTimeMin;
  core::Time last_flush_ = core::kTimeMin;
  core::Time last_position_ = core::kTimeMin;

  Pulse pulse_;
  mutable absl::Mutex mutex_;
  Progress progress_ ABSL_GUARDED_BY(mutex_);
  std::jthread thread_;
};

}  // namespace ringfence::runtime
