#include "services/publish/http/dated_objects.h"

#include <algorithm>
#include <utility>

namespace ringfence::publish {
namespace {

constexpr int64_t kMicrosASecond = 1'000'000;
constexpr auto kObjectsASlot = static_cast<int64_t>(stix::kObjectsOfRecordMax);
constexpr int64_t kSlots = kMicrosASecond / kObjectsASlot;
// 2026-01-01T00:00:00Z: before anything else.
constexpr int64_t kStaticMicros = 1'767'225'600 * kMicrosASecond;

int64_t SecondOf(core::Time time) {
  return time / core::kSecond - (time % core::kSecond < 0 ? 1 : 0);
}

}  // namespace

DatedObjects::DatedObjects(const Moment& moment, const campaigns::CampaignNames& names,
                           const stix::Objects& objects, const stix::Audience& audience)
    : moment_(moment),
      names_(names),
      view_(*moment.state, names),
      objects_(objects),
      audience_(audience) {}

std::optional<DatedObjects::Entry> DatedObjects::FirstAt(int32_t partition, int64_t offset) {
  std::optional<Entry> first;
  view_.Changes(partition, offset, [&](const core::Id& id, const campaigns::Row& row) {
    first = Entry{
        {SecondOf(row.append_time) * kMicrosASecond, partition, row.offset}, row.append_time, id};
    return false;
  });
  return first;
}

int64_t DatedObjects::OffsetAt(int32_t partition, core::Time time) {
  int64_t low = 0;
  int64_t high = moment_.offsets[static_cast<size_t>(partition)];
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    const std::optional<Entry> first = FirstAt(partition, middle);
    if (!first || first->append_time >= time) {
      high = middle;
    } else {
      low = first->place.offset + 1;
    }
  }
  return low;
}

std::vector<DatedObjects::Entry> DatedObjects::Second(int64_t second, std::vector<int64_t>& next) {
  const auto partitions = static_cast<int64_t>(next.size());
  std::vector<Entry> entries;
  for (int64_t p = 0; p < partitions; ++p) {
    int64_t& from = next[static_cast<size_t>(p)];
    view_.Changes(
        static_cast<int32_t>(p), from, [&](const core::Id& id, const campaigns::Row& row) {
          if (SecondOf(row.append_time) > second) return false;
          from = row.offset + 1;
          const bool is_for_them =
              (audience_.is_analysts || row.peak_action >= v1::ACTION_CHALLENGE) &&
              row.least_tlp != v1::TLP_UNSPECIFIED && row.least_tlp <= audience_.level;
          if (!is_for_them) return true;
          // By a keyed hash: nobody can choose hosts that fall together.
          const uint64_t apart = row.moved_among_others ? names_.Hide(id).lo : 0;
          const int64_t slot =
              (row.offset * partitions + p + static_cast<int64_t>(apart % uint64_t{kSlots})) %
              kSlots;
          entries.push_back({{second * kMicrosASecond + slot * kObjectsASlot,
                              static_cast<int32_t>(p), row.offset},
                             row.append_time,
                             id});
          return true;
        });
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

std::optional<stix::CampaignPlace> DatedObjects::CampaignOf(
    const core::Id& id, const internal::v1::IndicatorRecord& record) {
  if (!record.has_indicator() || !record.labelled()) return std::nullopt;
  const campaigns::Label label = campaigns::LabelOf(record);
  auto [found, inserted] = campaigns_.try_emplace(label);
  if (inserted) {
    if (const std::optional<v1::Campaign> campaign = view_.CampaignOf(label)) {
      found->second.place = {campaign->campaign_id(), campaign->tlp(),
                             core::FromProto(campaign->first_seen()), false};
      view_.MembersByAge(label, [&](const core::Id& member, const campaigns::Row& row) {
        if (row.listed.action < v1::ACTION_CHALLENGE) return true;
        found->second.bearer = member;
        return false;
      });
    }
  }
  std::optional<stix::CampaignPlace> place = found->second.place;
  if (place) place->bears = found->second.bearer == id;
  return place;
}

bool DatedObjects::Show(std::vector<Entry>::const_iterator from,
                        std::vector<Entry>::const_iterator until, const DatePlace& after,
                        const Visit& visit) {
  std::vector<std::pair<DatePlace, stix::Object>> shown;
  for (auto entry = from; entry != until; ++entry) {
    const std::optional<internal::v1::IndicatorRecord> record = view_.Find(entry->id);
    if (!record) continue;
    DatePlace place = entry->place;
    for (stix::Object& object : objects_.OfRecord(*record, entry->append_time,
                                                  CampaignOf(entry->id, *record), audience_)) {
      shown.emplace_back(place, std::move(object));
      ++place.micros;
    }
  }
  if (until - from > 1) {
    std::stable_sort(shown.begin(), shown.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
  }
  return std::all_of(shown.begin(), shown.end(), [&](const auto& object) {
    return object.first <= after || visit(object.first, object.second);
  });
}

void DatedObjects::After(const DatePlace& after, const Visit& visit) {
  DatePlace place{kStaticMicros, -1, -1};
  std::vector<stix::Object> of_all = objects_.Static(audience_);
  if (audience_.is_analysts) of_all.push_back(objects_.RevokedObservable(audience_));
  for (const stix::Object& object : of_all) {
    if (place > after && !visit(place, object)) return;
    ++place.micros;
  }
  // Seconds that are over in all partitions.
  const int64_t over = SecondOf(moment_.appended_until);
  const int64_t first_second = std::max<int64_t>(0, after.micros / kMicrosASecond);
  std::vector<int64_t> next;
  for (size_t p = 0; p < moment_.offsets.size(); ++p)
    next.push_back(OffsetAt(static_cast<int32_t>(p), first_second * core::kSecond));
  for (;;) {
    int64_t second = over;
    for (size_t p = 0; p < next.size(); ++p) {
      if (const std::optional<Entry> first = FirstAt(static_cast<int32_t>(p), next[p]))
        second = std::min(second, SecondOf(first->append_time));
    }
    if (second >= over) return;
    const std::vector<Entry> entries = Second(second, next);
    for (auto from = entries.begin(); from != entries.end();) {
      const auto until = std::find_if(from, entries.end(), [&](const Entry& entry) {
        return entry.place.micros != from->place.micros;
      });
      // All before has been given out.
      const bool is_behind = from->place.micros + kObjectsASlot >= after.micros;
      if (is_behind && !Show(from, until, after, visit)) return;
      from = until;
    }
  }
}

}  // namespace ringfence::publish
