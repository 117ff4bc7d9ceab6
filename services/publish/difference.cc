#include "services/publish/difference.h"

#include <algorithm>

namespace ringfence::publish {
namespace {

using internal::v1::IndicatorRecord;

// Epochs that one who was away may hold. More comings and goings than that within the time that
// removals are remembered would show in the digest, and bring a new snapshot.
constexpr uint32_t kEpochsMax = 64;

campaigns::Listed ListedOf(const IndicatorRecord& record) {
  return {.epoch = record.epoch(),
          .action = record.indicator().action(),
          .tlp = record.indicator().tlp(),
          .score = record.indicator().score()};
}

}  // namespace

Difference Differences::Since(const RecentChange& change) {
  const v1::IdentifierType type = core::TypeOf(change.id);
  Difference difference;
  const bool was_there = change.before && filter_.Wants(type, *change.before);
  // A type that is not wanted costs no read.
  if (!filter_.WantsType(type)) return difference;
  const std::optional<IndicatorRecord> now = view_.Find(change.id);
  if (!now) return difference;
  const bool is_there = now->has_indicator() && filter_.Wants(type, ListedOf(*now));
  const bool is_replaced = is_there && was_there && change.before->epoch != now->epoch();
  if (was_there && (!is_there || is_replaced))
    difference.removals.push_back(Ending(*now, change.before->epoch, is_replaced));
  if (is_there) difference.upsert = filter_.Shown(view_.Show(*now));
  return difference;
}

Difference Differences::SinceSomeTime(const core::Id& id, const campaigns::Row& row) {
  const v1::IdentifierType type = core::TypeOf(id);
  Difference difference;
  const bool is_there = !row.removed && filter_.Wants(type, row.listed);
  if (!is_there && !filter_.MayHaveWanted(type, row.peak_action, row.least_tlp)) return difference;
  const std::optional<IndicatorRecord> now = view_.Find(id);
  if (!now) return difference;
  const uint32_t epoch = now->epoch();
  for (uint32_t e = epoch - std::min(epoch, kEpochsMax); e < epoch; ++e)
    difference.removals.push_back(Ending(*now, e, is_there));
  if (is_there) {
    difference.upsert = filter_.Shown(view_.Show(*now));
  } else {
    difference.removals.push_back(Ending(*now, epoch, false));
  }
  return difference;
}

v1::Removal Differences::Ending(const IndicatorRecord& now, uint32_t epoch,
                                bool is_replaced) const {
  v1::Removal removal;
  if (now.has_removed()) {
    const internal::v1::Removed& removed = now.removed();
    removal.set_type(removed.type());
    removal.set_value(removed.value());
    removal.set_reason(removed.reason());
    removal.set_revision(removed.revision());
    *removal.mutable_removed_at() = core::ToProto(removed.removed_at());
  } else {
    const v1::Indicator& indicator = now.indicator();
    removal.set_type(indicator.type());
    removal.set_value(indicator.value());
    removal.set_revision(indicator.revision());
    removal.set_reason(is_replaced ? "replaced" : "below_filter");
    if (is_replaced) {
      *removal.mutable_removed_at() = indicator.listed_at();
    } else if (indicator.action() < filter_.min_action || as_of_ == core::kTimeMin) {
      *removal.mutable_removed_at() = indicator.action_since();
    } else {
      *removal.mutable_removed_at() = core::ToProto(as_of_);
    }
  }
  removal.set_indicator_id(ids_.IndicatorId(removal.type(), removal.value(), epoch));
  return removal;
}

}  // namespace ringfence::publish
