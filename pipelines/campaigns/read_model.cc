#include "pipelines/campaigns/read_model.h"

#include <google/protobuf/arena.h>

#include <algorithm>
#include <string>
#include <vector>

#include "pipelines/campaigns/demand.h"
#include "pipelines/campaigns/records.h"
#include "pipelines/core/label_key.h"
#include "pipelines/core/referral_key.h"

namespace ringfence::campaigns {
namespace {

using internal::v1::IndicatorRecord;

// Campaigns and cells that are kept parsed between batches.
constexpr size_t kHeldCampaignsMax = 4'096;
constexpr size_t kHeldCellsMax = 2'048;
// Most parsed records fit.
constexpr size_t kBlockBytes = 8 << 10;
constexpr size_t kIdBytes = 16;

std::optional<Listed> ListedOf(const Row& row) {
  return row.removed ? std::nullopt : std::optional(row.listed);
}

// Only hosts, their URLs and IPs have a base in common; of any other type the base is the
// identifier itself, and need not be counted.
bool MaySeveralStandOn(const core::Id& base) {
  switch (core::TypeOf(base)) {
    case v1::IDENTIFIER_TYPE_DOMAIN:
    case v1::IDENTIFIER_TYPE_IP:
    case v1::IDENTIFIER_TYPE_URL:
      return true;
    default:
      return false;
  }
}

core::Time FirstSeen(const IndicatorRecord& record) {
  return core::FromProto(record.indicator().first_seen());
}

}  // namespace

absl::StatusOr<Changes> ReadModel::Apply(int32_t partition, int64_t offset, std::string_view key,
                                         std::string_view value, core::Time append_time) {
  // The log's own way to remove a key; ours carry why.
  if (value.empty()) {
    Progress& progress = HeldProgress(partition);
    if (core::IsReferralKey(key) && offset >= progress.next_offset) state_.Delete(ReferralKey(key));
    progress.next_offset = std::max(progress.next_offset, offset + 1);
    return Changes();
  }
  if (core::IsReferralKey(key)) return ApplyReferral(partition, offset, key, value);
  char block[kBlockBytes];
  google::protobuf::Arena arena(block, sizeof block);
  auto& record = *google::protobuf::Arena::CreateMessage<IndicatorRecord>(&arena);
  if (!record.ParseFromArray(value.data(), static_cast<int>(value.size())))
    return absl::DataLossError("a record of indicators cannot be parsed");
  if (absl::Status status = CheckRecord(key, record); !status.ok()) return status;
  Progress& progress = HeldProgress(partition);
  if (offset < progress.next_offset) return Changes();
  progress.next_offset = offset + 1;
  progress.append_time = std::max(progress.append_time, append_time);
  const LogPlace at{partition, offset, progress.append_time};
  if (core::IsLabelKey(key)) {
    const auto [base, day] = core::NodeOfLabelKey(key);
    return ApplyLabel(at, {base, day}, record);
  }
  if (record.mark() != 0) {
    ApplyMark(partition, progress, record.mark());
    return Changes();
  }
  Changes changes;
  if (std::optional<Change> change = ApplyIdentifier(at, record, value)) changes.push_back(*change);
  return changes;
}

std::optional<Change> ReadModel::ApplyIdentifier(const LogPlace& at, IndicatorRecord& record,
                                                 std::string_view bytes) {
  const core::Id id = core::Id::FromBytes(record.identifier_id());
  const std::string key = RowKey(id);
  const std::optional<std::string> held = state_.Get(key);
  if (held && record.place() < DecodeRow(*held).place) return std::nullopt;
  std::string labelled;
  if (record.labelled()) {
    SetLabel(LabelAt(NodeOf(record)), record);
    labelled = record.SerializeAsString();
    bytes = labelled;
  }
  Row row = MakeRow(record);
  row.partition = at.partition;
  row.offset = at.offset;
  row.append_time = at.append_time;
  row.record = bytes;
  Change change{.id = id, .before = {}, .after = ListedOf(row)};
  if (held) {
    const Row before = DecodeRow(*held);
    if (before.record == bytes) {
      // Where it stands in the log is that of the last one, as for a reader that finds no other.
      state_.Delete(ChangeKey(before.partition, before.offset, id));
      state_.Put(ChangeKey(row.partition, row.offset, id), "");
      state_.Put(key, Encode(row));
      return std::nullopt;
    }
    char block[kBlockBytes];
    google::protobuf::Arena arena(block, sizeof block);
    auto& before_record = *google::protobuf::Arena::CreateMessage<IndicatorRecord>(&arena);
    Demand(
        before_record.ParseFromArray(before.record.data(), static_cast<int>(before.record.size())));
    change.before = ListedOf(before);
    TakeOut(id, before, before_record);
  }
  PutIn(id, row, record);
  state_.Put(key, Encode(row));
  return change;
}

Label ReadModel::LabelAt(const Label& node) {
  const std::optional<std::string> held = state_.Get(HeldLabelKey(node));
  return held ? DecodeHeldLabel(*held).label.value_or(node) : node;
}

Changes ReadModel::ApplyLabel(const LogPlace& at, const Label& node,
                              const IndicatorRecord& record) {
  const std::string key = HeldLabelKey(node);
  HeldLabel before;
  if (const std::optional<std::string> held = state_.Get(key)) {
    before = DecodeHeldLabel(*held);
    if (record.place() < before.place) return {};
    if (!before.label) state_.Delete(LabelEndKey(before.partition, before.own_since, node));
  }
  const internal::v1::NodeLabel& said = record.label();
  HeldLabel after{.place = record.place(),
                  .label = Label{{said.root_hi(), said.root_lo()}, said.root_day()},
                  .partition = at.partition,
                  .own_since = said.own_since()};
  if (after.label->root.IsZero()) {
    after.label.reset();
    state_.Put(LabelEndKey(at.partition, after.own_since, node), "");
  }
  state_.Put(key, Encode(after));
  // Also where the label is what it was: where what stands on the node stands in the log is that of
  // the last record, as for a reader that finds no other.
  const Label label = after.label.value_or(node);
  std::vector<core::Id> standing;
  if (MaySeveralStandOn(node.root)) {
    const std::string from = StandingPrefix(node);
    state_.Scan(from, PrefixEnd(from), [&](std::string_view standing_key, std::string_view) {
      standing.push_back(IdAtEnd(standing_key));
      return true;
    });
  } else {
    standing.push_back(node.root);
  }
  Changes changes;
  for (const core::Id& id : standing) {
    if (std::optional<Change> change = Relabel(at, id, node, label)) changes.push_back(*change);
  }
  return changes;
}

std::optional<Change> ReadModel::Relabel(const LogPlace& at, const core::Id& id, const Label& node,
                                         const Label& label) {
  const std::string key = RowKey(id);
  const std::optional<std::string> held = state_.Get(key);
  if (!held) return std::nullopt;
  Row row = DecodeRow(*held);
  if (row.removed) return std::nullopt;
  char block[kBlockBytes];
  google::protobuf::Arena arena(block, sizeof block);
  auto& record = *google::protobuf::Arena::CreateMessage<IndicatorRecord>(&arena);
  Demand(record.ParseFromArray(row.record.data(), static_cast<int>(row.record.size())));
  if (!record.labelled() || NodeOf(record) != node) return std::nullopt;
  const bool is_another = label != LabelOf(record);
  if (is_another) {
    Leave(id, record);
    SetLabel(label, record);
    Join(id, record);
  }
  state_.Delete(ChangeKey(row.partition, row.offset, id));
  row.partition = at.partition;
  row.offset = at.offset;
  row.append_time = at.append_time;
  row.ordinal = MaySeveralStandOn(node.root) ? static_cast<uint32_t>(id.lo) : 0;
  const std::string bytes = record.SerializeAsString();
  row.record = bytes;
  state_.Put(ChangeKey(row.partition, row.offset, id), "");
  state_.Put(key, Encode(row));
  if (!is_another) return std::nullopt;
  return Change{.id = id, .before = row.listed, .after = row.listed};
}

absl::StatusOr<Changes> ReadModel::ApplyReferral(int32_t partition, int64_t offset,
                                                 std::string_view key, std::string_view value) {
  IndicatorRecord record;
  if (!record.ParseFromArray(value.data(), static_cast<int>(value.size())) ||
      !record.has_referral() || record.referral().hold_id().size() != kIdBytes) {
    return absl::DataLossError("a record of what is frozen for a referral cannot be read");
  }
  if (absl::Status status = CheckFormat(record); !status.ok()) return status;
  Progress& progress = HeldProgress(partition);
  if (offset < progress.next_offset) return Changes();
  progress.next_offset = offset + 1;
  state_.Put(ReferralKey(key), record.referral().SerializeAsString());
  return Changes();
}

void ReadModel::ReadTo(int32_t partition, int64_t offset) {
  Progress& progress = HeldProgress(partition);
  progress.next_offset = std::max(progress.next_offset, offset);
}

void ReadModel::BeginAt(int32_t partition, int64_t offset) {
  Progress& progress = HeldProgress(partition);
  Demand(progress.next_offset == 0);
  progress.next_offset = offset;
  progress.remembered_from = offset;
}

Progress ReadModel::ProgressOf(int32_t partition) {
  auto found = progress_.find(partition);
  if (found != progress_.end()) return found->second;
  const std::optional<std::string> stored = state_.Get(ProgressKey(partition));
  return stored ? DecodeProgress(*stored) : Progress();
}

Progress& ReadModel::HeldProgress(int32_t partition) {
  dirty_progress_.insert(partition);
  auto found = progress_.find(partition);
  if (found != progress_.end()) return found->second;
  return progress_.emplace(partition, ProgressOf(partition)).first->second;
}

void ReadModel::ApplyMark(int32_t partition, Progress& progress, core::Time mark) {
  progress.mark = std::max(progress.mark, mark);
  ForgetRemovals(partition, progress);
  ForgetLabels(partition, progress);
}

void ReadModel::ForgetLabels(int32_t partition, const Progress& progress) {
  std::vector<std::string> due;
  const std::string from = LabelEndPrefix(partition);
  const core::Time until = progress.mark - options_.removals_kept;
  state_.Scan(from, PrefixEnd(from), [&](std::string_view key, std::string_view) {
    if (due.size() >= options_.forget_max || EndOf(key) >= until) return false;
    due.emplace_back(key);
    return true;
  });
  for (const std::string& key : due) {
    state_.Delete(HeldLabelKey(NodeOfEndKey(key)));
    state_.Delete(key);
  }
}

void ReadModel::ForgetRemovals(int32_t partition, Progress& progress) {
  std::vector<std::string> due;
  const std::string from = RemovalPrefix(partition);
  const core::Time until = progress.mark - options_.removals_kept;
  state_.Scan(from, PrefixEnd(from), [&](std::string_view key, std::string_view) {
    if (due.size() >= options_.forget_max || EndOf(key) >= until) return false;
    due.emplace_back(key);
    return true;
  });
  for (const std::string& key : due) {
    const std::string row_key = RowKey(IdAtEnd(key));
    const std::optional<std::string> row = state_.Get(row_key);
    Demand(row.has_value());
    const int64_t offset = DecodeRow(*row).offset;
    progress.remembered_from = std::max(progress.remembered_from, offset + 1);
    state_.Delete(ChangeKey(partition, offset, IdAtEnd(key)));
    state_.Delete(row_key);
    state_.Delete(key);
  }
}

void ReadModel::TakeOut(const core::Id& id, const Row& row, const IndicatorRecord& record) {
  state_.Delete(ChangeKey(row.partition, row.offset, id));
  if (row.removed) {
    state_.Delete(RemovalKey(row.partition, record.removed().removed_at(), id));
    return;
  }
  ChangeCell(record, false);
  if (!record.labelled()) return;
  Leave(id, record);
  if (MaySeveralStandOn(NodeOf(record).root)) state_.Delete(StandingKey(NodeOf(record), id));
}

void ReadModel::PutIn(const core::Id& id, const Row& row, const IndicatorRecord& record) {
  state_.Put(ChangeKey(row.partition, row.offset, id), "");
  if (row.removed) {
    state_.Put(RemovalKey(row.partition, record.removed().removed_at(), id), "");
    return;
  }
  ChangeCell(record, true);
  if (!record.labelled()) return;
  Join(id, record);
  if (MaySeveralStandOn(NodeOf(record).root)) state_.Put(StandingKey(NodeOf(record), id), "");
}

ReadModel::HeldCell& ReadModel::CellOf(const IndicatorRecord& record) {
  const v1::Indicator& indicator = record.indicator();
  const CellKey key{indicator.type(), indicator.action(), indicator.tlp(), indicator.score()};
  auto [held, inserted] = cells_.try_emplace(key);
  if (inserted) {
    if (const std::optional<std::string> stored = state_.Get(CellKeyBytes(key)))
      held->second.cell = DecodeCell(*stored);
  }
  held->second.dirty = true;
  return held->second;
}

void ReadModel::ChangeCell(const IndicatorRecord& record, bool add) {
  const v1::Indicator& indicator = record.indicator();
  Cell& cell = CellOf(record).cell;
  const std::string member =
      core::SetSum::DigestMember(indicator.indicator_id(), indicator.revision());
  if (add) {
    ++cell.count;
    cell.sum.Add(member);
  } else {
    Demand(cell.count > 0);
    --cell.count;
    cell.sum.Remove(member);
  }
}

ReadModel::HeldTotals& ReadModel::TotalsOf(const Label& label) {
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

uint32_t ReadModel::ChangeBase(const Label& label, const core::Id& base, int by) {
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
  return static_cast<uint32_t>(before);
}

void ReadModel::Join(const core::Id& id, const IndicatorRecord& record) {
  const v1::Indicator& indicator = record.indicator();
  const Label label = LabelOf(record);
  HeldTotals& held = TotalsOf(label);
  const core::Time last_seen = core::FromProto(indicator.last_seen());
  // What stands there is at least that of any member, also where its own is gone.
  if (last_seen >= held.totals.last_seen()) held.rescan = false;
  held.totals.Add(record);
  if (ChangeBase(label, core::Id::FromBytes(record.base_id()), 1) == 0) held.totals.AddBase();
  const Member member{.last_seen = last_seen, .score = indicator.score(), .tlp = indicator.tlp()};
  state_.Put(MemberKey(label, FirstSeen(record), id), Encode(member));
}

void ReadModel::Leave(const core::Id& id, const IndicatorRecord& record) {
  const Label label = LabelOf(record);
  HeldTotals& held = TotalsOf(label);
  held.totals.Remove(record);
  if (ChangeBase(label, core::Id::FromBytes(record.base_id()), -1) == 1) held.totals.RemoveBase();
  if (core::FromProto(record.indicator().last_seen()) == held.totals.last_seen())
    held.rescan = true;
  state_.Delete(MemberKey(label, FirstSeen(record), id));
}

void ReadModel::EndBatch() {
  for (int32_t partition : dirty_progress_)
    state_.Put(ProgressKey(partition), Encode(progress_.at(partition)));
  dirty_progress_.clear();

  for (auto& [label, held] : totals_) {
    if (held.dirty) WriteTotals(label, held);
  }
  if (totals_.size() > kHeldCampaignsMax) totals_.clear();
  if (campaigns_) state_.Put(CountKey(), EncodeCount(*campaigns_));

  for (auto& [key, held] : cells_) {
    if (!held.dirty) continue;
    const std::string bytes = CellKeyBytes(key);
    if (held.cell.count == 0) {
      state_.Delete(bytes);
    } else {
      state_.Put(bytes, Encode(held.cell));
    }
    held.dirty = false;
  }
  if (cells_.size() > kHeldCellsMax) cells_.clear();
}

void ReadModel::WriteTotals(const Label& label, HeldTotals& held) {
  if (held.rescan && !held.totals.IsEmpty()) held.totals.set_last_seen(LatestOf(label));
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

std::optional<ReadModel::ListPlaces> ReadModel::PlacesOf(const Totals& totals) {
  if (!totals.IsCampaign()) return std::nullopt;
  ListPlaces places;
  for (size_t i = 0; i < places.ranks.size(); ++i) places.ranks[i] = totals.Rank(kOrders[i]);
  places.entry = {totals.last_seen(), totals.Tlp()};
  return places;
}

void ReadModel::Relist(const Label& label, HeldTotals& held) {
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

core::Time ReadModel::LatestOf(const Label& label) {
  core::Time latest = core::kTimeMin;
  const std::string from = MemberPrefix(label);
  state_.Scan(from, PrefixEnd(from), [&](std::string_view, std::string_view value) {
    latest = std::max(latest, DecodeMember(value).last_seen);
    return true;
  });
  return latest;
}

}  // namespace ringfence::campaigns
