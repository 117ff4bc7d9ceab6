#include "pipelines/core/recheck.h"

#include <string>

#include "pipelines/core/label_key.h"
#include "pipelines/core/referral_key.h"

namespace ringfence::core {
namespace {

constexpr size_t kIdBytes = 16;

}  // namespace

std::optional<internal::v1::Recheck> RecheckOf(std::string_view key, std::string_view value) {
  if (IsReferralKey(key) && !value.empty()) {
    internal::v1::Recheck recheck;
    recheck.set_identifier_id(std::string(key));
    return recheck;
  }
  if (value.empty() && (IsLabelKey(key) || key.size() == kIdBytes)) {
    internal::v1::Recheck recheck;
    recheck.set_identifier_id(std::string(key));
    recheck.set_removed(true);
    return recheck;
  }
  internal::v1::IndicatorRecord indicator;
  if (!indicator.ParseFromArray(value.data(), static_cast<int>(value.size()))) return std::nullopt;
  internal::v1::Recheck recheck;
  recheck.set_place(indicator.place());
  if (IsLabelKey(key) && indicator.has_label()) {
    recheck.set_identifier_id(std::string(key));
    recheck.set_removed(indicator.label().root_hi() == 0 && indicator.label().root_lo() == 0);
    return recheck;
  }
  if (indicator.identifier_id().empty()) return std::nullopt;
  recheck.set_identifier_id(indicator.identifier_id());
  recheck.set_base_id(indicator.base_id());
  recheck.set_removed(indicator.has_removed());
  recheck.set_peak_action(indicator.peak_action());
  recheck.set_least_tlp(indicator.least_tlp());
  recheck.set_epoch(indicator.epoch());
  if (indicator.has_removed()) {
    recheck.set_type(indicator.removed().type());
    recheck.set_value(indicator.removed().value());
  } else {
    recheck.set_type(indicator.indicator().type());
    recheck.set_value(indicator.indicator().value());
  }
  return recheck;
}

}  // namespace ringfence::core
