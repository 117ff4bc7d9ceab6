#include "pipelines/cluster/labelling.h"

#include <algorithm>
#include <utility>

#include "pipelines/core/label_key.h"
#include "pipelines/core/recheck.h"
#include "pipelines/core/record_format.h"

namespace ringfence::cluster {
namespace {

using components::NodeKey;

void FillRecord(const LabelNode& label, internal::v1::IndicatorRecord& record) {
  record.set_format(core::kRecordFormat);
  record.set_place(label.unsent);
  internal::v1::NodeLabel& said = *record.mutable_label();
  said.Clear();
  if (label.shown == label.node.key) {
    said.set_own_since(label.changed_at);
    return;
  }
  said.set_root_hi(label.shown.id.hi);
  said.set_root_lo(label.shown.id.lo);
  said.set_root_day(label.shown.day);
}

}  // namespace

void Labelling::SetActive(const NodeKey& node, const NodeKey& neighbour, bool active) {
  LabelNode& label = store_.Load(node);
  Touch(label);
  if (active) {
    components_.Connect(label.node, neighbour);
    return;
  }
  if (label.spilled && label.node.neighbours.contains(neighbour)) label.erased.push_back(neighbour);
  components_.Disconnect(label.node, neighbour);
}

void Labelling::Receive(const components::Message& message) {
  LabelNode* label = store_.Find(message.to);
  if (label == nullptr) return;
  Touch(*label);
  components_.Receive(label->node, message);
}

void Labelling::Announce(const NodeKey& node) {
  LabelNode* label = store_.Find(node);
  if (label == nullptr) return;
  Touch(*label);
  components_.Announce(label->node);
}

void Labelling::Recheck(const internal::v1::Recheck& recheck, core::Place place, core::Time now) {
  const auto [base, day] = core::NodeOfLabelKey(recheck.identifier_id());
  const NodeKey key{base, day};
  const bool is_own = IsOwn(key);
  if (is_own && recheck.removed()) {
    if (!core::IsPurged(recheck)) purges_.BeginLate(recheck.identifier_id(), core::Id(), now);
    return;
  }
  const LabelNode* known = store_.Find(key);
  const bool is_latest =
      known != nullptr && std::max(known->unsent, known->sent) <= recheck.place();
  if (!is_own && !recheck.removed() && is_latest) return;
  LabelNode& label = store_.Load(key);
  SendLater(label, place, now);
  Touch(label);
}

bool Labelling::IsOwn(const NodeKey& node) {
  const LabelNode* known = store_.Find(node);
  return known == nullptr || known->shown == node;
}

void Labelling::FinishRecord(core::Place place, core::Time now) {
  for (LabelNode* label : touched_) {
    label->touched = false;
    if (label->node.labelled && label->node.root != label->shown) {
      label->shown = label->node.root;
      SendLater(*label, place, now);
    }
    store_.MarkDirty(*label);
  }
  touched_.clear();
}

void Labelling::EndBatch(core::Output& output) {
  std::sort(unsent_.begin(), unsent_.end(),
            [](const LabelNode* a, const LabelNode* b) { return a->node.key < b->node.key; });
  for (LabelNode* label : unsent_) {
    const NodeKey& key = label->node.key;
    FillRecord(*label, record_);
    record_.SerializeToString(&buffer_);
    const std::string record_key = core::LabelKeyOf(key.id, key.day);
    output.Indicator(record_key, buffer_);
    if (label->shown != key) purges_.Back(record_key);
    label->sent = std::exchange(label->unsent, 0);
  }
  unsent_.clear();
  store_.Evict();
}

void Labelling::Touch(LabelNode& label) {
  if (!std::exchange(label.touched, true)) touched_.push_back(&label);
}

void Labelling::SendLater(LabelNode& label, core::Place place, core::Time now) {
  if (std::exchange(label.unsent, place) == 0) unsent_.push_back(&label);
  label.changed_at = now;
  const NodeKey& key = label.node.key;
  if (label.shown == key) purges_.Begin(core::LabelKeyOf(key.id, key.day), core::Id(), now);
}

}  // namespace ringfence::cluster
