#include "services/runtime/reaction.h"

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

}  // namespace ringfence::runtime
