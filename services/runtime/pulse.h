#pragma once

#include <atomic>
#include <chrono>

namespace ringfence::runtime {

// When a loop turned last, for health. Thread-safe.
class Pulse {
 public:
  using Clock = std::chrono::steady_clock;
  void Beat() { last_ = Clock::now().time_since_epoch(); }
  Clock::time_point last() const { return Clock::time_point(last_.load()); }

 private:
  std::atomic<Clock::duration> last_{Clock::now().time_since_epoch()};
};

}  // namespace ringfence::runtime
