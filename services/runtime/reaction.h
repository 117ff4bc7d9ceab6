#pragma once

#include <algorithm>
#include <chrono>
#include <stop_token>

#include "absl/status/status.h"

namespace ringfence::runtime {

// What a runner does about an error of its surroundings. A bad record of a partner's is none: it is
// rejected with its reason.
enum class Reaction {
  // Try the same again, a little later.
  kRetry,
  // No room: take nothing until there is, drop nothing.
  kWaitForRoom,
  // Damage or a bug: stop this partition, skip nothing.
  kStop,
};

Reaction ReactionTo(const absl::Status& status);
const char* ReactionWord(Reaction reaction);

// Sleeps, but not on when `stop` is requested.
void SleepUnlessStopped(const std::stop_token& stop, std::chrono::milliseconds duration);

// Waits longer from try to try, up to five seconds.
class Backoff {
 public:
  std::chrono::milliseconds Next() {
    const std::chrono::milliseconds wait = next_;
    next_ = std::min(next_ * 2, std::chrono::milliseconds(5000));
    return wait;
  }
  void Reset() { next_ = kFirst; }

 private:
  static constexpr std::chrono::milliseconds kFirst{20};
  std::chrono::milliseconds next_ = kFirst;
};

}  // namespace ringfence::runtime
