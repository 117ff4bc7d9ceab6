#include "pipelines/cluster/referrals.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipelines/core/record_format.h"
#include "pipelines/core/referral_key.h"
#include "ringfence/internal/v1/state.pb.h"

namespace ringfence::cluster {
namespace {

using core::Time;
using internal::v1::ReferralEntry;
using internal::v1::StoredHold;

constexpr char kLiftTable = 'l';
// A state of seven days ago may be taken up again and send again what it sent then, which comes up
// to a day later.
constexpr Time kLiftKept = 30 * core::kDay;

std::string KeyOf(const ReferralEntry& entry) {
  if (entry.done()) return core::ReferralKeyOf(entry.hold_id(), entry.partition());
  return core::ReferralKeyOf(entry.hold_id(), core::Id{entry.report_hi(), entry.report_lo()});
}

std::string LiftKey(std::string_view hold_id) {
  return std::string(1, kLiftTable) + std::string(hold_id);
}

bool IsLifted(std::string_view hold_id, core::State& state) {
  return state.Get(LiftKey(hold_id)).has_value();
}

Time ForgetAt(std::string_view value) {
  StoredHold stored;
  const bool parsed = stored.ParseFromArray(value.data(), static_cast<int>(value.size()));
  return parsed ? stored.forget_at() : 0;
}

void ForgetLifts(core::State& state, Time now) {
  std::vector<std::string> forgotten;
  state.Scan(std::string(1, kLiftTable), std::string(1, kLiftTable + 1),
             [&](std::string_view key, std::string_view value) {
               if (ForgetAt(value) <= now) forgotten.emplace_back(key);
               return true;
             });
  for (const std::string& key : forgotten) state.Delete(key);
}

// Its reports are let go one by one: not written for each.
void KeepLift(std::string_view hold_id, core::State& state, Time now) {
  const std::string key = LiftKey(hold_id);
  const std::optional<std::string> held = state.Get(key);
  if (held && ForgetAt(*held) > now + kLiftKept - core::kDay) return;
  StoredHold stored;
  stored.set_forget_at(now + kLiftKept);
  state.Put(key, stored.SerializeAsString());
  if (!held) ForgetLifts(state, now);
}

}  // namespace

void PassOnReferrals(const internal::v1::Envelope& messages, core::State& state, Time now,
                     core::Output& output) {
  for (const ReferralEntry& entry : messages.referral_entries()) {
    if (entry.removed()) {
      KeepLift(entry.hold_id(), state, now);
      output.Indicator(KeyOf(entry), "");
      continue;
    }
    if (IsLifted(entry.hold_id(), state)) continue;
    internal::v1::IndicatorRecord record;
    record.set_format(core::kRecordFormat);
    *record.mutable_referral() = entry;
    output.Indicator(KeyOf(entry), record.SerializeAsString());
  }
  for (const internal::v1::Recheck& recheck : messages.rechecks()) {
    const std::string& key = recheck.identifier_id();
    if (!core::IsReferralKey(key)) continue;
    if (IsLifted(core::HoldOfReferralKey(key), state)) output.Indicator(key, "");
  }
}

}  // namespace ringfence::cluster
