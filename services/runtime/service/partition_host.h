#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/runtime/metrics.h"
#include "services/runtime/progress.h"
#include "services/runtime/service/ownership.h"

namespace ringfence::runtime {

// What works on a partition as long as it lives; its end finishes what is begun and makes it
// durable.
class Worker {
 public:
  virtual ~Worker() = default;
  // Any thread. They wait for nothing, no log and no disk: health must answer while those do not.
  virtual std::vector<Progress> progress() const = 0;
  virtual std::chrono::steady_clock::time_point turned_at() const = 0;
};

// Has a worker for each partition that this process owns. Starting one may take long (a state is
// restored), so each is started by a thread of its own; what may pass (reaction.h) is tried again,
// what does not is told in the log and in metrics, and the partition stands still until an operator
// has done something about it and the process is started again.
class PartitionHost {
 public:
  struct Options {
    // For messages and metrics.
    std::string stage;
    std::chrono::seconds live_within{120};
    int64_t ready_lag_records_max = 10'000;
  };
  // kCancelled soon after `stop` is requested: it is given up, and nothing has failed.
  using Factory = std::function<absl::StatusOr<std::unique_ptr<Worker>>(
      int32_t partition, const std::stop_token& stop)>;

  // `metrics` must outlive it, and so must what `factory` uses.
  PartitionHost(const Options& options, Factory factory, Metrics& metrics);
  // Ends all workers.
  ~PartitionHost();

  // For Ownership; one at a time.
  void Assign(const std::vector<int32_t>& partitions);
  void Revoke(const std::vector<int32_t>& partitions);

  // Any thread. Ready: partitions were assigned, if only none, and all run and are caught up, but
  // for what fails alone (progress.h).
  absl::Status Live() const ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Ready() const ABSL_LOCKS_EXCLUDED(mutex_);
  std::vector<Progress> progress() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Slot {
    std::unique_ptr<Worker> worker;
    absl::Status failed;
    std::jthread starter;
  };
  void StartWorker(int32_t partition, const std::stop_token& stop) ABSL_LOCKS_EXCLUDED(mutex_);
  // True: try again.
  bool React(int32_t partition, const absl::Status& error) ABSL_LOCKS_EXCLUDED(mutex_);

  const Options options_;
  const Factory factory_;
  Metrics& metrics_;
  mutable absl::Mutex mutex_;
  bool assigned_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<int32_t, Slot> slots_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ringfence::runtime
