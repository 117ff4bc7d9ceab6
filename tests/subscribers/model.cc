#include "tests/subscribers/model.h"

#include <string>
#include <utility>

namespace ringfence::subscribers {

internal::v1::IndicatorRecord Model::Next(int32_t& partition) {
  const auto [number, spec, is_removal] = history_.Next();
  partition = static_cast<int32_t>(number % kPartitions);
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
  return (filter.types >> campaigns::RandomHistory::TypeOf(number) & 1) != 0 &&
         history_.PeakOf(number) >= filter.min_action && history_.LeastOf(number) <= filter.max_tlp;
}

}  // namespace ringfence::subscribers
