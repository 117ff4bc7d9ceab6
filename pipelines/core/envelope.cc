#include "pipelines/core/envelope.h"

#include <algorithm>
#include <string>

#include "ringfence/internal/v1/state.pb.h"

namespace ringfence::core {
namespace {

constexpr std::string_view kClockKey = "m";

// Far beyond what intake lets through; any span can be added to it.
constexpr Time kFarthest = Time{270} * 365 * kDay;

constexpr size_t kIdBytes = 16;

bool IsTime(Time time) { return -kFarthest < time && time < kFarthest; }

bool IsType(v1::IdentifierType type) {
  return type != v1::IDENTIFIER_TYPE_UNSPECIFIED && v1::IdentifierType_IsValid(type);
}

template <typename Named>
bool AreSound(const Named& identifiers) {
  return std::all_of(identifiers.begin(), identifiers.end(), [](const auto& identifier) {
    return IsType(identifier.type()) && IsTime(identifier.observed_at());
  });
}

// Could a stage have sent it? Looks at what would end the process further on.
bool IsSound(const internal::v1::Envelope& envelope) {
  return std::all_of(envelope.revisions().begin(), envelope.revisions().end(),
                     [](const internal::v1::ReportRevision& revision) {
                       return IsTime(revision.arrival()) && AreSound(revision.identifiers());
                     }) &&
         std::all_of(envelope.evidence().begin(), envelope.evidence().end(),
                     [](const internal::v1::Evidence& evidence) {
                       return AreSound(evidence.occurrences()) &&
                              std::all_of(evidence.shares().begin(), evidence.shares().end(),
                                          [](const internal::v1::Share& share) {
                                            return IsType(share.type());
                                          });
                     }) &&
         std::all_of(envelope.overrides().begin(), envelope.overrides().end(),
                     [](const internal::v1::OverrideNews& news) {
                       return IsType(news.type()) && IsTime(news.expires_at()) &&
                              IsTime(news.disregard_before());
                     }) &&
         std::all_of(envelope.referral_holds().begin(), envelope.referral_holds().end(),
                     [](const internal::v1::ReferralHold& hold) {
                       return hold.hold_id().size() == kIdBytes && IsTime(hold.at()) &&
                              hold.members().size() % kIdBytes == 0;
                     }) &&
         std::all_of(envelope.referral_entries().begin(), envelope.referral_entries().end(),
                     [](const internal::v1::ReferralEntry& entry) {
                       return entry.hold_id().size() == kIdBytes;
                     });
}

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
  if (!IsSound(*envelope)) {
    return absl::DataLossError("mailbox record " + std::to_string(record.offset) +
                               " is damaged: no stage sends what it says");
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

void StageClock::Advance(const Record& record, Time tick) {
  // A log in memory has no time before its first tick.
  const Time latest = std::max<Time>(record.append_time, 0) + kTickAheadMax;
  const Time time = std::max(record.append_time, std::min(tick, latest));
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
