// What a record without value does to the read model.
#include <google/protobuf/arena.h>

#include <algorithm>
#include <string>

#include "pipelines/campaigns/demand.h"
#include "pipelines/campaigns/read_model.h"
#include "pipelines/campaigns/records.h"
#include "pipelines/core/label_key.h"
#include "pipelines/core/record_format.h"
#include "pipelines/core/referral_key.h"

namespace ringfence::campaigns {
namespace {

using internal::v1::IndicatorRecord;

constexpr size_t kIdBytes = 16;

// As it would have been, had it been read: nobody knows why the indicator left.
IndicatorRecord RemovalOf(const IndicatorRecord& listed, core::Time removed_at) {
  const v1::Indicator& indicator = listed.indicator();
  IndicatorRecord record;
  record.set_format(core::kRecordFormat);
  record.set_place(listed.place());
  record.set_identifier_id(listed.identifier_id());
  record.set_base_id(listed.base_id());
  record.set_peak_action(listed.peak_action());
  record.set_least_tlp(listed.least_tlp());
  record.set_epoch(listed.epoch());
  internal::v1::Removed& removed = *record.mutable_removed();
  removed.set_indicator_id(indicator.indicator_id());
  removed.set_type(indicator.type());
  removed.set_value(indicator.value());
  removed.set_reason("expired");
  removed.set_revision(indicator.revision() + 1);
  removed.set_removed_at(removed_at);
  return record;
}

}  // namespace

Changes ReadModel::ApplyPurge(const LogPlace& at, std::string_view key, Progress& progress) {
  std::optional<Change> change;
  if (core::IsReferralKey(key)) {
    state_.Delete(ReferralKey(key));
  } else if (core::IsLabelKey(key)) {
    const auto [base, day] = core::NodeOfLabelKey(key);
    change = PurgeLabel(at, {base, day}, progress);
  } else if (key.size() == kIdBytes) {
    change = PurgeIdentifier(at, core::Id::FromBytes(key), progress);
  }
  return change ? Changes{*change} : Changes();
}

bool ReadModel::IsOldEnough(core::Time since, const LogPlace& at) const {
  return since <= at.append_time - options_.keep_removals / 2;
}

std::optional<Change> ReadModel::PurgeIdentifier(const LogPlace& at, const core::Id& id,
                                                 Progress& progress) {
  const std::optional<std::string> held = state_.Get(RowKey(id));
  if (!held) return std::nullopt;
  const Row before = DecodeRow(*held);
  google::protobuf::Arena arena;
  auto& record = *google::protobuf::Arena::CreateMessage<IndicatorRecord>(&arena);
  Demand(record.ParseFromArray(before.record.data(), static_cast<int>(before.record.size())));
  if (before.removed) {
    const core::Time removed_at = record.removed().removed_at();
    if (IsOldEnough(removed_at, at)) ForgetRemoval(id, before, removed_at, progress);
    return std::nullopt;
  }
  if (!IsOldEnough(core::FromProto(record.indicator().listed_at()), at)) return std::nullopt;
  const IndicatorRecord removal = RemovalOf(record, at.append_time);
  Row row = MakeRow(removal);
  row.partition = at.partition;
  row.offset = at.offset;
  row.append_time = at.append_time;
  const std::string bytes = removal.SerializeAsString();
  row.record = bytes;
  TakeOut(id, before, record);
  PutIn(id, row, removal);
  state_.Put(RowKey(id), Encode(row));
  return Change{.id = id, .before = before.listed, .after = {}, .node = {}};
}

std::optional<Change> ReadModel::PurgeLabel(const LogPlace& at, const Label& node,
                                            Progress& progress) {
  const std::optional<HeldLabel> before = Held(node);
  if (!before) return std::nullopt;
  if (before->label) {
    // Since when it has its label is not known. Of what a late writer took out it is written again.
    IndicatorRecord ended;
    ended.set_place(before->place);
    ended.mutable_label()->set_own_since(at.append_time);
    return ApplyLabel(at, node, ended);
  }
  if (!IsOldEnough(before->own_since, at)) return std::nullopt;
  // What stands on the node stands in the log where its own record does, as for a reader that finds
  // no other: somebody who was away since before would not be told of the label.
  progress.remembered_from = std::max(progress.remembered_from, before->offset + 1);
  state_.Delete(LabelEndKey(before->partition, before->own_since, node));
  if (MaySeveralStandOn(node.root)) {
    state_.Delete(LabelChangeKey(*before, node));
  } else {
    StandAlone(*before, node);
  }
  Hold(node, std::nullopt);
  return std::nullopt;
}

void ReadModel::StandAlone(const HeldLabel& label, const Label& node) {
  const std::optional<std::string> held = state_.Get(RowKey(node.root));
  if (!held) return;
  const Row row = DecodeRow(*held);
  if (row.removed || !IsMovedBy(label, row)) return;
  google::protobuf::Arena arena;
  auto& record = *google::protobuf::Arena::CreateMessage<IndicatorRecord>(&arena);
  Demand(record.ParseFromArray(row.record.data(), static_cast<int>(row.record.size())));
  if (!record.labelled() || NodeOf(record) != node) return;
  DropChange(node.root, row, record);
  PutChange(node.root, row, record);
}

}  // namespace ringfence::campaigns
