#include "services/runtime/reaction.h"

#include <condition_variable>
#include <mutex>

namespace ringfence::runtime {

Reaction ReactionTo(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kAborted:
      return Reaction::kRetry;
    case absl::StatusCode::kResourceExhausted:
      return Reaction::kWaitForRoom;
    default:
      return Reaction::kStop;
  }
}

const char* ReactionWord(Reaction reaction) {
  switch (reaction) {
    case Reaction::kRetry:
      return "retry";
    case Reaction::kWaitForRoom:
      return "wait_for_room";
    case Reaction::kStop:
      return "stop";
  }
  return "stop";
}

void SleepUnlessStopped(const std::stop_token& stop, std::chrono::milliseconds duration) {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  stopped.wait_for(lock, stop, duration, [] { return false; });
}

}  // namespace ringfence::runtime
