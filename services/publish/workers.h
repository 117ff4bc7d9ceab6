#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace ringfence::publish {

// A fixed number of threads for what takes longer than gRPC's own threads should be held up. Where
// both wait, calls and work of streams take turns, each in the order in which it came: neither
// keeps the other waiting for more than one of its own. Calls are turned away where too many wait;
// work of streams is bounded by the number of streams.
class Workers {
 public:
  Workers(int threads, size_t calls_max);
  // Does all that waits.
  ~Workers();

  // False where there is no place.
  bool SubmitCall(std::function<void()> call) ABSL_LOCKS_EXCLUDED(mutex_);
  void SubmitStream(std::function<void()> work) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Work() ABSL_LOCKS_EXCLUDED(mutex_);
  // Whose turn it is; empty where nothing waits.
  std::deque<std::function<void()>>& Next() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !calls_.empty() || !streams_.empty();
  }

  const size_t calls_max_;
  absl::Mutex mutex_;
  std::deque<std::function<void()>> calls_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::function<void()>> streams_ ABSL_GUARDED_BY(mutex_);
  bool call_was_last_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::jthread> threads_;
};

}  // namespace ringfence::publish
