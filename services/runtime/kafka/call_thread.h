#pragma once

#include <deque>
#include <functional>
#include <thread>
#include <utility>

#include "absl/synchronization/mutex.h"

namespace ringfence::runtime {

// Makes calls one after the other, in a thread of its own. Thread-safe.
class CallThread {
 public:
  CallThread() : thread_([this] { Run(); }) {}
  // Makes those that wait first.
  ~CallThread() {
    {
      absl::MutexLock lock(&mutex_);
      is_ending_ = true;
    }
    thread_.join();
  }

  void Post(std::function<void()> call) {
    absl::MutexLock lock(&mutex_);
    calls_.push_back(std::move(call));
  }

 private:
  void Run() {
    while (true) {
      std::function<void()> call;
      {
        absl::MutexLock lock(&mutex_);
        const auto due = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
          return is_ending_ || !calls_.empty();
        };
        mutex_.Await(absl::Condition(&due));
        if (calls_.empty()) return;
        call = std::move(calls_.front());
        calls_.pop_front();
      }
      call();
    }
  }

  absl::Mutex mutex_;
  bool is_ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<std::function<void()>> calls_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace ringfence::runtime
