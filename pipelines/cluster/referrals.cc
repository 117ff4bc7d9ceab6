#include "pipelines/cluster/referrals.h"

#include <string>

#include "pipelines/core/referral_key.h"

namespace ringfence::cluster {
namespace {

constexpr uint32_t kRecordFormat = 1;

std::string KeyOf(const internal::v1::ReferralEntry& entry) {
  if (entry.done()) return core::ReferralKeyOf(entry.hold_id(), entry.partition());
  return core::ReferralKeyOf(entry.hold_id(), core::Id{entry.report_hi(), entry.report_lo()});
}

}  // namespace

void PassOnReferrals(const internal::v1::Envelope& messages, core::Output& output) {
  for (const internal::v1::ReferralEntry& entry : messages.referral_entries()) {
    if (entry.removed()) {
      output.Indicator(KeyOf(entry), "");
      continue;
    }
    internal::v1::IndicatorRecord record;
    record.set_format(kRecordFormat);
    *record.mutable_referral() = entry;
    output.Indicator(KeyOf(entry), record.SerializeAsString());
  }
}

}  // namespace ringfence::cluster
