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

// Kept between batches.
constexpr size_t kHeldCellsMax = 2'048;
// Most parsed records fit.
constexpr size_t kBlockBytes = 8 << 10;
constexpr size_t kIdBytes = 16;

std::optional<Listed> ListedOf(const Row& row) {
  return row.removed ? std::nullopt : std::optional(row.listed);
}

// The indicator's record that stands on the node; nothing where none does.
const IndicatorRecord* RecordOn(const Label& node, const Row& row, google::protobuf::Arena& arena) {
  if (row.removed) return nullptr;
  auto& record = *google::protobuf::Arena::CreateMessage<IndicatorRecord>(&arena);
  Demand(record.ParseFromArray(row.record.data(), static_cast<int>(row.record.size())));
  return record.labelled() && NodeOf(record) == node ? &record : nullptr;
}

}  // namespace

absl::StatusOr<Changes> ReadModel::Apply(int32_t partition, int64_t offset, std::string_view key,
                                         std::string_view value, core::Time append_time) {
  if (value.empty()) {
    Progress& progress = HeldProgress(partition);
    if (offset < progress.next_offset) return Changes();
    progress.next_offset = offset + 1;
    progress.append_time = std::max(progress.append_time, append_time);
    return ApplyPurge({partition, offset, progress.append_time}, key, progress);
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
  if (record.mark() != 0) {
    ApplyMark(partition, progress, record.mark());
    return Changes();
  }
  std::optional<Change> change;
  if (core::IsLabelKey(key)) {
    const auto [base, day] = core::NodeOfLabelKey(key);
    change = ApplyLabel(at, {base, day}, record);
  } else {
    change = ApplyIdentifier(at, record, value);
  }
  return change ? Changes{*change} : Changes();
}

std::optional<Change> ReadModel::ApplyIdentifier(const LogPlace& at, const IndicatorRecord& record,
                                                 std::string_view bytes) {
  const core::Id id = core::Id::FromBytes(record.identifier_id());
  const std::string key = RowKey(id);
  const std::optional<std::string> held = state_.Get(key);
  if (held && record.place() < DecodeRow(*held).place) return std::nullopt;
  Row row = MakeRow(record);
  row.partition = at.partition;
  row.offset = at.offset;
  row.append_time = at.append_time;
  row.record = bytes;
  Change change{.id = id, .before = {}, .after = ListedOf(row), .node = {}};
  if (held) {
    const Row before = DecodeRow(*held);
    if (before.record == bytes) {
      // Where it stands in the log is that of the last one, as for a reader that finds no other.
      DropChange(id, before, record);
      PutChange(id, row, record);
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

const std::optional<HeldLabel>& ReadModel::Held(const Label& node) {
  auto [held, inserted] = labels_.try_emplace(node);
  if (inserted) {
    if (const std::optional<std::string> stored = state_.Get(HeldLabelKey(node)))
      held->second = DecodeHeldLabel(*stored);
  }
  return held->second;
}

void ReadModel::Hold(const Label& node, const std::optional<HeldLabel>& held) {
  if (held) {
    state_.Put(HeldLabelKey(node), Encode(*held));
  } else {
    state_.Delete(HeldLabelKey(node));
  }
  labels_.insert_or_assign(node, held);
}

Label ReadModel::LabelAt(const Label& node) {
  const std::optional<HeldLabel>& held = Held(node);
  return held ? held->label.value_or(node) : node;
}

std::optional<Change> ReadModel::ApplyLabel(const LogPlace& at, const Label& node,
                                            const IndicatorRecord& record) {
  const std::optional<HeldLabel> before = Held(node);
  if (before) {
    if (record.place() < before->place) return std::nullopt;
    if (!before->label) state_.Delete(LabelEndKey(before->partition, before->own_since, node));
  }
  const internal::v1::NodeLabel& said = record.label();
  HeldLabel after{.place = record.place(),
                  .label = Label{{said.root_hi(), said.root_lo()}, said.root_day()},
                  .own_since = said.own_since(),
                  .partition = at.partition,
                  .offset = at.offset,
                  .append_time = at.append_time};
  if (after.label->root.IsZero()) {
    after.label.reset();
    state_.Put(LabelEndKey(at.partition, after.own_since, node), "");
  }
  std::optional<Change> change =
      MaySeveralStandOn(node.root) ? MoveAll(before, after, node) : MoveOne(before, after, node);
  Hold(node, after);
  return change;
}

// Also where the label is what it was: where what stands on the node stands in the log is that of
// the last record, as for a reader that finds no other.
std::optional<Change> ReadModel::MoveOne(const std::optional<HeldLabel>& before,
                                         const HeldLabel& after, const Label& node) {
  const core::Id& id = node.root;
  const std::optional<std::string> held = state_.Get(RowKey(id));
  if (!held) return std::nullopt;
  const Row row = DecodeRow(*held);
  char block[kBlockBytes];
  google::protobuf::Arena arena(block, sizeof block);
  const IndicatorRecord* const record = RecordOn(node, row, arena);
  if (record == nullptr) return std::nullopt;
  state_.Delete(before && IsMovedBy(*before, row) ? LabelChangeKey(*before, node)
                                                  : ChangeKey(row.partition, row.offset, id));
  state_.Put(IsMovedBy(after, row) ? LabelChangeKey(after, node)
                                   : ChangeKey(row.partition, row.offset, id),
             "");
  const Label from = before ? before->label.value_or(node) : node;
  const Label to = after.label.value_or(node);
  if (from == to) return std::nullopt;
  sums_.Remove(id, *record, from);
  sums_.Add(id, *record, to);
  return Change{.id = id, .before = row.listed, .after = row.listed, .node = {}};
}

std::optional<Change> ReadModel::MoveAll(const std::optional<HeldLabel>& before,
                                         const HeldLabel& after, const Label& node) {
  if (sums_.IsEmpty(node)) return std::nullopt;
  if (before) state_.Delete(LabelChangeKey(*before, node));
  state_.Put(LabelChangeKey(after, node), "");
  const Label from = before ? before->label.value_or(node) : node;
  const Label to = after.label.value_or(node);
  if (from == to) return std::nullopt;
  sums_.Move(node, from, to);
  return Change{.id = {}, .before = {}, .after = {}, .node = node};
}

bool ReadModel::IsEmpty(const Label& node) {
  if (MaySeveralStandOn(node.root)) return sums_.IsEmpty(node);
  const std::optional<std::string> held = state_.Get(RowKey(node.root));
  if (!held) return true;
  char block[kBlockBytes];
  google::protobuf::Arena arena(block, sizeof block);
  return RecordOn(node, DecodeRow(*held), arena) == nullptr;
}

void ReadModel::NoteEmpty(const Label& node) {
  const std::optional<HeldLabel> held = Held(node);
  if (!held) return;
  if (MaySeveralStandOn(node.root)) state_.Delete(LabelChangeKey(*held, node));
  if (!held->label && held->place == 0) Hold(node, std::nullopt);
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

void ReadModel::BeginAt(int32_t partition, int64_t offset, int64_t remembered_from) {
  Progress& progress = HeldProgress(partition);
  Demand(progress.next_offset == 0);
  progress.next_offset = offset;
  progress.remembered_from = std::max(offset, remembered_from);
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

std::vector<std::string> ReadModel::DueKeys(const std::string& prefix, const Progress& progress) {
  std::vector<std::string> due;
  const core::Time until = progress.mark - options_.removals_kept;
  state_.Scan(prefix, PrefixEnd(prefix), [&](std::string_view key, std::string_view) {
    if (due.size() >= options_.forget_max || EndOf(key) >= until) return false;
    due.emplace_back(key);
    return true;
  });
  return due;
}

void ReadModel::ForgetLabels(int32_t partition, const Progress& progress) {
  for (const std::string& key : DueKeys(LabelEndPrefix(partition), progress)) {
    const Label node = NodeOfEndKey(key);
    std::optional<HeldLabel> held = Held(node);
    Demand(held.has_value());
    // What stands there has its date from it.
    held->place = 0;
    Hold(node, IsEmpty(node) ? std::nullopt : held);
    state_.Delete(key);
  }
}

void ReadModel::ForgetRemovals(int32_t partition, Progress& progress) {
  for (const std::string& key : DueKeys(RemovalPrefix(partition), progress)) {
    const core::Id id = IdAtEnd(key);
    const std::optional<std::string> row = state_.Get(RowKey(id));
    Demand(row.has_value());
    ForgetRemoval(id, DecodeRow(*row), EndOf(key), progress);
  }
}

void ReadModel::ForgetRemoval(const core::Id& id, const Row& row, core::Time removed_at,
                              Progress& progress) {
  progress.remembered_from = std::max(progress.remembered_from, row.offset + 1);
  state_.Delete(ChangeKey(row.partition, row.offset, id));
  state_.Delete(RemovalKey(row.partition, removed_at, id));
  state_.Delete(RowKey(id));
}

void ReadModel::DropChange(const core::Id& id, const Row& row, const IndicatorRecord& record) {
  if (record.labelled() && !MaySeveralStandOn(NodeOf(record).root)) {
    const std::optional<HeldLabel>& held = Held(NodeOf(record));
    if (held && IsMovedBy(*held, row)) return state_.Delete(LabelChangeKey(*held, NodeOf(record)));
  }
  state_.Delete(ChangeKey(row.partition, row.offset, id));
}

void ReadModel::PutChange(const core::Id& id, const Row& row, const IndicatorRecord& record) {
  const bool may_be_moved_among_others =
      record.labelled() && MaySeveralStandOn(NodeOf(record).root);
  state_.Put(ChangeKey(row.partition, row.offset, id),
             may_be_moved_among_others ? Encode(NodeOf(record)) : "");
}

void ReadModel::TakeOut(const core::Id& id, const Row& row, const IndicatorRecord& record) {
  DropChange(id, row, record);
  if (row.removed) {
    state_.Delete(RemovalKey(row.partition, record.removed().removed_at(), id));
    return;
  }
  ChangeCell(record, false);
  if (!record.labelled()) return;
  const Label node = NodeOf(record);
  sums_.Remove(id, record, LabelAt(node));
  if (!MaySeveralStandOn(node.root) || sums_.IsEmpty(node)) NoteEmpty(node);
}

void ReadModel::PutIn(const core::Id& id, const Row& row, const IndicatorRecord& record) {
  PutChange(id, row, record);
  if (row.removed) {
    state_.Put(RemovalKey(row.partition, record.removed().removed_at(), id), "");
    return;
  }
  ChangeCell(record, true);
  if (record.labelled()) sums_.Add(id, record, LabelAt(NodeOf(record)));
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

void ReadModel::EndBatch() {
  for (int32_t partition : dirty_progress_)
    state_.Put(ProgressKey(partition), Encode(progress_.at(partition)));
  dirty_progress_.clear();

  sums_.EndBatch();

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
  if (labels_.size() > options_.labels_held_max) labels_.clear();
}

}  // namespace ringfence::campaigns
