#include "pipelines/core/envelope.h"

#include <string>

#include "ringfence/internal/v1/state.pb.h"

namespace ringfence::core {
namespace {

constexpr std::string_view kClockKey = "m";

}  // namespace

absl::StatusOr<const internal::v1::Envelope*> ParseEnvelope(const Record& record,
                                                            google::protobuf::Arena& arena) {
  auto* envelope = google::protobuf::Arena::CreateMessage<internal::v1::Envelope>(&arena);
  if (!envelope->ParseFromArray(record.value.data(), static_cast<int>(record.value.size()))) {
    return absl::DataLossError("mailbox record " + std::to_string(record.offset) +
                               " is no envelope");
  }
  if (envelope->format() != kEnvelopeFormat) {
    return absl::FailedPreconditionError("mailbox record " + std::to_string(record.offset) +
                                         " has envelope format " +
                                         std::to_string(envelope->format()) +
                                         ", this release reads " + std::to_string(kEnvelopeFormat));
  }
  return envelope;
}

StageClock::StageClock(State& state) : state_(state) {
  internal::v1::StoredClock stored;
  if (auto bytes = state_.Get(kClockKey); bytes && stored.ParseFromString(*bytes)) {
    now_ = stored.now();
    sweeping_ = stored.sweeping();
  }
}

void StageClock::Advance(Time time) {
  if (time <= now_) return;
  now_ = time;
  dirty_ = true;
}

void StageClock::set_sweeping(bool sweeping) {
  dirty_ = dirty_ || sweeping != sweeping_;
  sweeping_ = sweeping;
}

void StageClock::Store() {
  if (!dirty_) return;
  internal::v1::StoredClock stored;
  stored.set_now(now_);
  stored.set_sweeping(sweeping_);
  state_.Put(kClockKey, stored.SerializeAsString());
  dirty_ = false;
}

}  // namespace ringfence::core
