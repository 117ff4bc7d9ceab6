#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "services/runtime/clock.h"
#include "services/runtime/log/log.h"
#include "services/runtime/metrics.h"
#include "services/runtime/snapshots/snapshot_store.h"

namespace ringfence::runtime {

// Makes snapshots of one partition's state in the background, as long as it lives: a checkpoint
// beside the state, its files into the store, then all but the newest few of this log go. Tells the
// log, as reader "snapshot", where the oldest that is kept goes on, so that nothing is truncated
// that a restored one would need. What fails is counted, told in the log, and tried again the next
// time; the partition goes on meanwhile.
class SnapshotMaker {
 public:
  struct Options {
    std::string deployment;
    std::string stage;
    // Of the mailbox.
    TopicPartition input;
    uint32_t partitions = 1;
    std::chrono::milliseconds every{900'000};
    int keep = 3;
    // Of the store, beside what the snapshot takes.
    uint64_t free_bytes_min = 0;
    // On the state's disk; removed before and after.
    std::string checkpoint_dir;
    Clock clock;
  };
  // Writes a checkpoint to a folder that is not there yet; any thread.
  using Checkpoint = std::function<absl::Status(const std::string& dir)>;

  // All must outlive it.
  SnapshotMaker(const Options& options, Checkpoint checkpoint, SnapshotStore& store, Log& log,
                Metrics& metrics);
  // As RequestStop, and waits until the one that is being made is given up.
  ~SnapshotMaker();

  // Makes no more, and gives up the one that is being made; does not wait. By one thread.
  void RequestStop() { thread_.request_stop(); }
  // By one thread, where none is running (`every` is 0). kCancelled, uncounted, once `stop` is
  // requested.
  absl::Status MakeNow(const std::stop_token& stop = {});

 private:
  void Run(const std::stop_token& stop);
  absl::Status Make(const std::stop_token& stop);
  absl::Status CheckRoom() const;
  absl::Status Prune();
  void Count(const absl::Status& status);
  // When the newest that is there was made, whoever made it.
  void ReportNewest() const;

  const Options options_;
  const Checkpoint checkpoint_;
  SnapshotStore& store_;
  Log& log_;
  Metrics& metrics_;
  std::jthread thread_;
};

// The reader under whose name the log is told.
inline constexpr char kSnapshotReader[] = "snapshot";

// Tells the log what the snapshots that are there need; of a partition without any, all from its
// start on. To be called when a partition is taken over.
absl::Status HoldLogForSnapshots(SnapshotStore& store, const std::string& stage,
                                 const TopicPartition& input, Log& log);

}  // namespace ringfence::runtime
