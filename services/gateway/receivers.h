#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "services/gateway/receiver.h"

namespace ringfence::gateway {

// A fixed number of threads, each with a Receiver, for work that waits in a bounded queue of its
// partner's. Partners take turns, and none has more than half of the threads or of the places: one
// that sends as fast as it can finds its own queue full, and others theirs empty. Thread-safe.
class Receivers {
 public:
  struct Options {
    Receiver::Options receiver;
    // Each waits for the log's syncs, which they share.
    int threads = 4;
    size_t waiting_max = 64;
    size_t waiting_bytes_max = size_t{64} << 20;
  };
  using Work = std::function<void(Receiver& receiver)>;

  // `log` and `metrics` must outlive it.
  Receivers(const Options& options, runtime::Log& log, runtime::Metrics& metrics);
  // Does all that waits.
  ~Receivers();

  // False where there is no place.
  bool Submit(const std::string& partner, size_t bytes, Work work) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Waiting {
    size_t bytes = 0;
    Work work;
  };
  struct Queue {
    std::deque<Waiting> waiting;
    int running = 0;
  };

  void Run() ABSL_LOCKS_EXCLUDED(mutex_);
  // The queue whose turn it is; the end where nothing may run.
  std::map<std::string, Queue>::iterator Next() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool HasWork() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  runtime::Log& log_;
  runtime::Metrics& metrics_;

  absl::Mutex mutex_;
  // Of partners that wait or run.
  std::map<std::string, Queue> queues_ ABSL_GUARDED_BY(mutex_);
  // Whose turn was last.
  std::string last_ ABSL_GUARDED_BY(mutex_);
  size_t waiting_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t waiting_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::jthread> threads_;
};

}  // namespace ringfence::gateway
