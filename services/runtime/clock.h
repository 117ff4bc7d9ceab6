#pragma once

#include <atomic>
#include <functional>

#include "pipelines/core/time.h"

namespace ringfence::runtime {

// Where services take the time from; may be called by any thread.
using Clock = std::function<core::Time()>;

// The machine's. May go back.
core::Time SystemNow();

// For tests: stands still until it is told otherwise. Thread-safe.
class ManualClock {
 public:
  explicit ManualClock(core::Time now) : now_(now) {}
  core::Time Now() const { return now_; }
  void Advance(core::Time by) { now_ += by; }
  // Must not outlive it.
  Clock AsClock() const {
    return [this] { return Now(); };
  }

 private:
  std::atomic<core::Time> now_;
};

}  // namespace ringfence::runtime
