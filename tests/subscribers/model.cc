#include "tests/subscribers/model.h"

#include <algorithm>

namespace ringfence::subscribers {
namespace {

using campaigns::RecordSpec;

constexpr uint32_t kValues = 24;

v1::IdentifierType TypeOf(uint32_t number) {
  return number % 2 == 0 ? v1::IDENTIFIER_TYPE_PHONE : v1::IDENTIFIER_TYPE_DOMAIN;
}

}  // namespace

internal::v1::IndicatorRecord Model::Next(int32_t& partition) {
  const uint32_t number = Below(kValues);
  partition = static_cast<int32_t>(number % kPartitions);
  Value& value = values_[number];
  RecordSpec spec;
  spec.type = TypeOf(number);
  spec.value = "v" + std::to_string(number);
  spec.place = ++place_;
  const bool is_removal = OneIn(4);
  spec.action = is_removal ? v1::ACTION_UNSPECIFIED : static_cast<v1::Action>(1 + Below(3));
  spec.tlp = static_cast<v1::Tlp>(2 + Below(4));
  spec.score = Below(10) * 100;
  const bool is_raised = spec.action >= v1::ACTION_CHALLENGE;
  if (is_raised && value.fallen) {
    ++value.epoch;
    value.fallen = false;
  }
  if (!is_raised && value.raised) value.fallen = true;
  value.raised = is_raised;
  spec.epoch = value.epoch;
  if (!is_removal) {
    value.peak = std::max(value.peak, spec.action);
    value.least = std::min(value.least, spec.tlp);
  }
  spec.peak_action = value.peak;
  spec.least_tlp = value.least;
  if (!OneIn(3)) spec.root = "v" + std::to_string(Below(3));
  if (is_removal) return campaigns::Removal(spec, OneIn(2) ? "expired" : "retracted", now_);
  internal::v1::IndicatorRecord record = campaigns::Upsert(spec);
  v1::Explanation& explanation = *record.mutable_indicator()->mutable_explanation();
  explanation.set_incidents(1 + Below(5));
  explanation.set_organisations(1 + Below(4));
  return record;
}

internal::v1::IndicatorRecord Model::NextMark() {
  now_ += core::kHour * Below(4);
  return campaigns::Mark(now_);
}

std::map<std::string, v1::Indicator> Model::SetAt(const publish::Offsets& offsets,
                                                  const publish::Filter& filter) const {
  std::map<std::string, const internal::v1::IndicatorRecord*> last;
  for (size_t p = 0; p < kPartitions; ++p) {
    for (const auto& [offset, record] : records_[p]) {
      if (offset >= offsets[p]) break;
      last[record.identifier_id()] = &record;
    }
  }
  std::map<std::string, v1::Indicator> set;
  for (const auto& [id, record] : last) {
    if (!record->has_indicator()) continue;
    v1::Indicator indicator = record->indicator();
    const bool is_type = (filter.types >> indicator.type() & 1) != 0;
    if (!is_type || indicator.action() < filter.min_action ||
        indicator.score() < filter.min_score || indicator.tlp() > filter.max_tlp) {
      continue;
    }
    if (filter.withholds) {
      v1::Explanation& explanation = *indicator.mutable_explanation();
      if (explanation.incidents() < 3) explanation.clear_incidents();
      if (explanation.organisations() < 3) explanation.clear_organisations();
    }
    set[indicator.indicator_id()] = std::move(indicator);
  }
  return set;
}

bool Model::MayKnow(const std::string& value, const publish::Filter& filter) const {
  const auto number = static_cast<uint32_t>(std::stoi(value.substr(1)));
  const Value& held = values_.at(number);
  return (filter.types >> TypeOf(number) & 1) != 0 && held.peak >= filter.min_action &&
         held.least <= filter.max_tlp;
}

}  // namespace ringfence::subscribers
