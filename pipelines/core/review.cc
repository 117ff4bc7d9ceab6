#include "pipelines/core/review.h"

#include <string_view>
#include <utility>

#include "ringfence/internal/v1/state.pb.h"

namespace ringfence::core {
namespace {

constexpr std::string_view kReviewKey = "w";

}  // namespace

Review::Review(State& state) : state_(state) {
  internal::v1::StoredReview stored;
  const auto bytes = state_.Get(kReviewKey);
  if (!bytes || !stored.ParseFromString(*bytes)) return;
  running_ = stored.running();
  if (stored.after().size() == 16) after_ = Id::FromBytes(stored.after());
  types_ = stored.types();
  again_ = stored.again();
}

bool Review::Begin(uint64_t types) {
  if (types == 0) return false;
  const bool begins = !std::exchange(running_, true);
  // What has been passed has to be looked at once more.
  if (begins) {
    types_ = types;
  } else {
    again_ |= types;
  }
  Store();
  return begins;
}

bool Review::GoOn(const std::optional<Id>& last) {
  after_ = last;
  if (!last) {
    types_ = std::exchange(again_, 0);
    running_ = types_ != 0;
  }
  Store();
  return running_;
}

void Review::Store() {
  internal::v1::StoredReview stored;
  stored.set_running(running_);
  if (after_) stored.set_after(after_->Bytes());
  stored.set_types(types_);
  stored.set_again(again_);
  state_.Put(kReviewKey, stored.SerializeAsString());
}

}  // namespace ringfence::core
