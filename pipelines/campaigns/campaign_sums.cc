#include "pipelines/campaigns/campaign_sums.h"

#include <string>
#include <tuple>
#include <utility>

#include "pipelines/campaigns/demand.h"

namespace ringfence::campaigns {
namespace {

using internal::v1::IndicatorRecord;

// What is clean is as it is written.
template <typename Held>
void LetGoOfClean(absl::flat_hash_map<Label, Held>& held, size_t held_max) {
  if (held.size() <= held_max) return;
  absl::erase_if(held, [](const auto& entry) { return !entry.second.dirty; });
}

core::Time FirstSeen(const IndicatorRecord& record) {
  return core::FromProto(record.indicator().first_seen());
}
core::Time LastSeen(const IndicatorRecord& record) {
  return core::FromProto(record.indicator().last_seen());
}

Member MemberOf(const IndicatorRecord& record) {
  return {.score = record.indicator().score(), .tlp = record.indicator().tlp(), .node = {}};
}

}  // namespace

void CampaignSums::Add(const core::Id& id, const IndicatorRecord& record, const Label& label) {
  const Label node = NodeOf(record);
  AddTo(label, record);
  const core::Time first_seen = FirstSeen(record);
  const core::Time last_seen = LastSeen(record);
  if (!MaySeveralStandOn(node.root)) {
    AddBase(label, node.root);
    Place({label, first_seen, id, last_seen}, MemberOf(record));
    return;
  }
  HeldNode& held = NodeAt(node, label);
  if (held.sums.IsEmpty()) AddBase(label, node.root);
  // What stands there is at least as old, or as late, as any, also where it is gone itself.
  const bool is_oldest =
      held.sums.IsEmpty() ||
      std::tie(first_seen, id) <= std::tie(held.place.first_seen, held.place.oldest);
  if (is_oldest) {
    held.place.first_seen = first_seen;
    held.place.oldest = id;
    held.seek_oldest = false;
  }
  if (held.sums.IsEmpty() || last_seen >= held.sums.last_seen()) held.seek_latest = false;
  held.sums.Add(record);
  held.dirty = true;
  state_.Put(AgeKey(Table::kStanding, node, first_seen, id), Encode(MemberOf(record)));
  state_.Put(SightingKey(Table::kStandingSightings, node, last_seen, id), "");
}

void CampaignSums::Remove(const core::Id& id, const IndicatorRecord& record, const Label& label) {
  const Label node = NodeOf(record);
  RemoveFrom(label, record);
  const core::Time first_seen = FirstSeen(record);
  const core::Time last_seen = LastSeen(record);
  if (!MaySeveralStandOn(node.root)) {
    RemoveBase(label, node.root);
    Unplace({label, first_seen, id, last_seen});
    return;
  }
  HeldNode& held = NodeAt(node, label);
  held.sums.Remove(record);
  held.dirty = true;
  if (held.sums.IsEmpty()) RemoveBase(label, node.root);
  if (id == held.place.oldest) held.seek_oldest = true;
  if (last_seen == held.sums.last_seen()) held.seek_latest = true;
  state_.Delete(AgeKey(Table::kStanding, node, first_seen, id));
  state_.Delete(SightingKey(Table::kStandingSightings, node, last_seen, id));
}

void CampaignSums::Move(const Label& node, const Label& from, const Label& to) {
  HeldNode& held = NodeAt(node, from);
  SeekLatest(node, held);
  {
    HeldTotals& left = TotalsOf(from);
    left.totals.RemoveAll(held.sums.stored());
    if (held.sums.last_seen() == left.totals.last_seen()) left.rescan = true;
  }
  RemoveBase(from, node.root);
  {
    HeldTotals& joined = TotalsOf(to);
    if (held.sums.last_seen() >= joined.totals.last_seen()) joined.rescan = false;
    joined.totals.AddAll(held.sums.stored());
  }
  AddBase(to, node.root);
  held.place.label = to;
  held.dirty = true;
}

bool CampaignSums::IsEmpty(const Label& node) {
  const auto found = nodes_.find(node);
  return found != nodes_.end() ? found->second.sums.IsEmpty() : !state_.Get(SumsKey(node));
}

CampaignSums::HeldTotals& CampaignSums::TotalsOf(const Label& label) {
  auto [found, inserted] = totals_.try_emplace(label);
  HeldTotals& held = found->second;
  if (inserted) {
    if (const std::optional<std::string> stored = state_.Get(TotalsKey(label))) {
      internal::v1::StoredCampaign campaign;
      Demand(campaign.ParseFromString(*stored));
      held.totals = Totals(std::move(campaign));
      held.listed = PlacesOf(held.totals);
    }
  }
  held.dirty = true;
  return held;
}

CampaignSums::HeldNode& CampaignSums::NodeAt(const Label& node, const Label& label) {
  auto [found, inserted] = nodes_.try_emplace(node);
  HeldNode& held = found->second;
  held.place.label = label;
  if (!inserted) return held;
  if (const std::optional<std::string> stored = state_.Get(SumsKey(node))) {
    const NodeSums sums = DecodeNodeSums(*stored);
    internal::v1::StoredCampaign campaign;
    Demand(campaign.ParseFromArray(sums.sums.data(), static_cast<int>(sums.sums.size())));
    held.place.first_seen = sums.first_seen;
    held.place.oldest = sums.oldest;
    held.place.last_seen = campaign.last_seen();
    held.placed = held.place;
    held.sums = Totals(std::move(campaign));
  }
  return held;
}

void CampaignSums::AddTo(const Label& label, const IndicatorRecord& record) {
  HeldTotals& held = TotalsOf(label);
  // What stands there is at least that of any member, also where its own is gone.
  if (LastSeen(record) >= held.totals.last_seen()) held.rescan = false;
  held.totals.Add(record);
}

void CampaignSums::RemoveFrom(const Label& label, const IndicatorRecord& record) {
  HeldTotals& held = TotalsOf(label);
  held.totals.Remove(record);
  if (LastSeen(record) == held.totals.last_seen()) held.rescan = true;
}

void CampaignSums::AddBase(const Label& label, const core::Id& base) {
  if (ChangeBase(label, base, 1) == 0) TotalsOf(label).totals.AddBase();
}

void CampaignSums::RemoveBase(const Label& label, const core::Id& base) {
  if (ChangeBase(label, base, -1) == 1) TotalsOf(label).totals.RemoveBase();
}

uint64_t CampaignSums::ChangeBase(const Label& label, const core::Id& base, int by) {
  if (!MaySeveralStandOn(base)) return by > 0 ? 0 : 1;
  const std::string key = BaseKey(label, base);
  const std::optional<std::string> stored = state_.Get(key);
  const auto before = static_cast<int64_t>(stored ? DecodeCount(*stored) : 0);
  const int64_t after = before + by;
  Demand(after >= 0);
  if (after == 0) {
    state_.Delete(key);
  } else {
    state_.Put(key, EncodeCount(static_cast<uint64_t>(after)));
  }
  return static_cast<uint64_t>(before);
}

void CampaignSums::Place(const Placed& place, const Member& member) {
  state_.Put(AgeKey(Table::kMembers, place.label, place.first_seen, place.oldest), Encode(member));
  state_.Put(SightingKey(Table::kSightings, place.label, place.last_seen, place.oldest), "");
}

void CampaignSums::Unplace(const Placed& place) {
  state_.Delete(AgeKey(Table::kMembers, place.label, place.first_seen, place.oldest));
  state_.Delete(SightingKey(Table::kSightings, place.label, place.last_seen, place.oldest));
}

core::Time CampaignSums::LatestOf(Table table, const Label& of) {
  core::Time latest = core::kTimeMin;
  const std::string from = GroupPrefix(table, of);
  state_.Scan(from, PrefixEnd(from), [&](std::string_view key, std::string_view) {
    latest = LastSeenOf(key);
    return false;
  });
  return latest;
}

void CampaignSums::SeekLatest(const Label& node, HeldNode& held) {
  if (!held.seek_latest || held.sums.IsEmpty()) return;
  held.sums.set_last_seen(LatestOf(Table::kStandingSightings, node));
  held.seek_latest = false;
}

void CampaignSums::EndBatch() {
  LetGoOfClean(nodes_, held_max_);
  LetGoOfClean(totals_, held_max_);
  // One that stood on a node may stand on another now, as an IP does each day, and be the oldest of
  // both: first all leave.
  for (auto& [node, held] : nodes_) {
    if (held.dirty) LeavePlace(node, held);
  }
  for (auto& [node, held] : nodes_) {
    if (held.dirty) WriteNode(node, held);
  }
  if (nodes_.size() > held_max_) nodes_.clear();
  // Where a campaign was seen last follows from its nodes.
  for (auto& [label, held] : totals_) {
    if (held.dirty) WriteTotals(label, held);
  }
  if (totals_.size() > held_max_) totals_.clear();
  if (campaigns_) state_.Put(CountKey(), EncodeCount(*campaigns_));
}

void CampaignSums::LeavePlace(const Label& node, HeldNode& held) {
  SeekLatest(node, held);
  if (held.seek_oldest && !held.sums.IsEmpty()) {
    const std::string from = GroupPrefix(Table::kStanding, node);
    state_.Scan(from, PrefixEnd(from), [&](std::string_view key, std::string_view) {
      held.place.first_seen = FirstSeenOf(key);
      held.place.oldest = IdAtEnd(key);
      return false;
    });
    held.seek_oldest = false;
  }
  held.place.last_seen = held.sums.last_seen();
  if (!held.placed || (!held.sums.IsEmpty() && held.placed == held.place)) return;
  Unplace(*held.placed);
  held.placed.reset();
}

void CampaignSums::WriteNode(const Label& node, HeldNode& held) {
  if (held.sums.IsEmpty()) {
    state_.Delete(SumsKey(node));
    // What comes again begins anew.
    held = HeldNode();
    return;
  }
  if (!held.placed) Place(held.place, {.score = 0, .tlp = {}, .node = node});
  held.placed = held.place;
  held.dirty = false;
  const std::string sums = held.sums.stored().SerializeAsString();
  state_.Put(SumsKey(node), Encode(NodeSums{held.place.first_seen, held.place.oldest, sums}));
}

void CampaignSums::WriteTotals(const Label& label, HeldTotals& held) {
  if (held.rescan && !held.totals.IsEmpty())
    held.totals.set_last_seen(LatestOf(Table::kSightings, label));
  held.rescan = false;
  held.dirty = false;
  Relist(label, held);
  if (held.totals.IsEmpty()) {
    state_.Delete(TotalsKey(label));
    // A campaign that comes again begins anew.
    held.totals = Totals();
  } else {
    state_.Put(TotalsKey(label), held.totals.stored().SerializeAsString());
  }
}

std::optional<CampaignSums::ListPlaces> CampaignSums::PlacesOf(const Totals& totals) {
  if (!totals.IsCampaign()) return std::nullopt;
  ListPlaces places;
  for (size_t i = 0; i < places.ranks.size(); ++i) places.ranks[i] = totals.Rank(kOrders[i]);
  places.entry = {totals.last_seen(), totals.Tlp()};
  return places;
}

void CampaignSums::Relist(const Label& label, HeldTotals& held) {
  const std::optional<ListPlaces> places = PlacesOf(held.totals);
  if (places == held.listed) return;
  for (size_t i = 0; i < std::size(kOrders); ++i) {
    if (held.listed) state_.Delete(ListKey(kOrders[i], held.listed->ranks[i], label));
    if (places) state_.Put(ListKey(kOrders[i], places->ranks[i], label), Encode(places->entry));
  }
  if (held.listed.has_value() != places.has_value()) {
    if (!campaigns_) {
      const std::optional<std::string> stored = state_.Get(CountKey());
      campaigns_ = stored ? DecodeCount(*stored) : 0;
    }
    places ? ++*campaigns_ : --*campaigns_;
  }
  held.listed = places;
}

}  // namespace ringfence::campaigns
