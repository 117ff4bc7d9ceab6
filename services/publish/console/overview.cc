#include "services/publish/console/overview.h"

#include <algorithm>
#include <array>
#include <deque>
#include <tuple>
#include <utility>
#include <vector>

#include "services/publish/filter.h"

namespace ringfence::publish {
namespace {

// Offsets that are looked at from the end of a partition: first so many, then more where too few
// changes stand there.
constexpr std::array<int64_t, 3> kWindows = {200, 2'000, 20'000};

struct Found {
  core::Time append_time = 0;
  int32_t partition = 0;
  int64_t offset = 0;
  core::Id id;
  bool operator<(const Found& other) const {
    return std::tie(append_time, partition, offset) <
           std::tie(other.append_time, other.partition, other.offset);
  }
};

void FindLatest(campaigns::ReadView& view, const Filter& filter, int32_t partition, int64_t end,
                std::vector<Found>& found) {
  std::deque<Found> latest;
  for (const int64_t window : kWindows) {
    latest.clear();
    const int64_t from = std::max<int64_t>(0, end - window);
    view.Changes(partition, from, [&](const core::Id& id, const campaigns::Row& row) {
      const v1::IdentifierType type = core::TypeOf(id);
      const bool is_theirs = row.removed
                                 ? filter.MayHaveWanted(type, row.peak_action, row.least_tlp)
                                 : filter.Wants(type, row.listed);
      if (!is_theirs) return true;
      latest.push_back({row.append_time, partition, row.offset, id});
      if (latest.size() > kNewsMax) latest.pop_front();
      return true;
    });
    if (latest.size() == kNewsMax || from == 0) break;
  }
  found.insert(found.end(), latest.begin(), latest.end());
}

void Describe(const internal::v1::IndicatorRecord& record, const Viewer& caller,
              campaigns::ReadView& view, console::v1::Change& change) {
  if (record.has_indicator()) {
    *change.mutable_indicator() = view.Show(record);
    if (!caller.is_analyst) WithholdSmallCounts(*change.mutable_indicator());
    return;
  }
  const internal::v1::Removed& removed = record.removed();
  v1::Removal& removal = *change.mutable_removal();
  removal.set_indicator_id(removed.indicator_id());
  removal.set_type(removed.type());
  removal.set_value(removed.value());
  removal.set_reason(removed.reason());
  removal.set_revision(removed.revision());
  *removal.mutable_removed_at() = core::ToProto(removed.removed_at());
}

}  // namespace

console::v1::Counters CountersOf(campaigns::ReadView& view, const Moment& moment,
                                 const Viewer& caller) {
  console::v1::Counters counters;
  if (moment.as_of != core::kTimeMin) *counters.mutable_as_of() = core::ToProto(moment.as_of);
  counters.set_changes(static_cast<uint32_t>(moment.changes));
  counters.set_campaigns(static_cast<uint32_t>(view.Campaigns()));
  console::v1::TypeCount* of_type = nullptr;
  // Cells of one type stand together.
  view.Cells([&](const campaigns::CellKey& key, const campaigns::Cell& cell) {
    if (cell.count == 0 || !caller.MaySee(key.type, key.tlp, key.action)) return;
    if (of_type == nullptr || of_type->type() != key.type) {
      of_type = counters.add_types();
      of_type->set_type(key.type);
    }
    const auto count = static_cast<uint32_t>(cell.count);
    switch (key.action) {
      case v1::ACTION_BLOCK:
        of_type->set_blocked(of_type->blocked() + count);
        counters.set_blocked(counters.blocked() + count);
        return;
      case v1::ACTION_CHALLENGE:
        of_type->set_challenged(of_type->challenged() + count);
        counters.set_challenged(counters.challenged() + count);
        return;
      default:
        of_type->set_monitored(of_type->monitored() + count);
        counters.set_monitored(counters.monitored() + count);
    }
  });
  return counters;
}

void AddNews(campaigns::ReadView& view, const Moment& moment, const Viewer& caller,
             console::v1::Overview& overview) {
  const absl::StatusOr<Filter> filter = MakeFilter(v1::Filter(), caller);
  if (!filter.ok()) return;
  std::vector<Found> found;
  for (size_t p = 0; p < moment.offsets.size(); ++p)
    FindLatest(view, *filter, static_cast<int32_t>(p), moment.offsets[p], found);
  std::sort(found.rbegin(), found.rend());
  if (found.size() > kNewsMax) found.resize(kNewsMax);
  for (const Found& one : found) {
    const auto record = view.Find(one.id);
    if (!record) continue;
    console::v1::Change& change = *overview.add_news();
    *change.mutable_changed_at() = core::ToProto(one.append_time);
    Describe(*record, caller, view, change);
  }
}

}  // namespace ringfence::publish
