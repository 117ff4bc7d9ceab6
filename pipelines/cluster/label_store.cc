#include "pipelines/cluster/label_store.h"

#include <optional>
#include <string_view>
#include <utility>

#include "pipelines/cluster/label_codec.h"
#include "pipelines/cluster/node_keys.h"

namespace ringfence::cluster {
namespace {

using components::NodeKey;

constexpr char kNodeTable = 'c';
constexpr char kNeighbourTable = 'd';

// As BaseStore's: with what the allocator adds.
size_t EstimatedBytes(const LabelNode& label) {
  constexpr size_t kNeighbour = sizeof(NodeKey) + sizeof(components::Neighbour) + 8;
  return sizeof(LabelNode) + 100 + label.node.neighbours.size() * kNeighbour;
}

}  // namespace

LabelStore::LabelStore(core::State& state, const StoreOptions& options)
    : options_(options), state_(state), cache_(options.label_cache_bytes_max) {}

LabelNode& LabelStore::Load(const NodeKey& key) {
  if (LabelNode* found = Find(key)) return *found;
  auto label = std::make_unique<LabelNode>(key);
  const size_t bytes = EstimatedBytes(*label);
  return cache_.Keep(key, std::move(label), bytes);
}

LabelNode* LabelStore::Find(const NodeKey& key) {
  if (LabelNode* found = cache_.Find(key)) return found;
  std::unique_ptr<LabelNode> label = Read(key);
  if (label == nullptr) return nullptr;
  const size_t bytes = EstimatedBytes(*label);
  return &cache_.Keep(key, std::move(label), bytes);
}

std::unique_ptr<LabelNode> LabelStore::Read(const NodeKey& key) {
  const std::optional<std::string> bytes = state_.Get(NodeStateKey(kNodeTable, key));
  if (!bytes) return nullptr;
  auto label = std::make_unique<LabelNode>(key);
  label->stored = true;
  bool whole = LoadLabel(*bytes, *label);
  if (label->spilled) {
    const std::string prefix = NodeStateKey(kNeighbourTable, key);
    state_.Scan(prefix, AfterPrefix(prefix), [&](std::string_view, std::string_view value) {
      core::Unpacker in(value);
      whole = LoadLabelNeighbour(in, label->node) && whole;
      return true;
    });
  }
  if (whole) return label;
  status_.Update(absl::DataLossError("cluster: a stored label does not parse"));
  return nullptr;
}

void LabelStore::MarkDirty(LabelNode& label) {
  cache_.Queue(label.node.key, label, EstimatedBytes(label));
}

void LabelStore::WriteBack() {
  cache_.WriteBack([this](LabelNode& label) {
    Write(label);
    return label.empty() ? 0 : EstimatedBytes(label);
  });
}

void LabelStore::Write(LabelNode& label) {
  const std::string key = NodeStateKey(kNodeTable, label.node.key);
  WriteNeighbours(label);
  if (label.empty()) {
    if (label.stored) state_.Delete(key);
    return;
  }
  buffer_.clear();
  StoreLabel(label, buffer_);
  state_.Put(key, buffer_);
  label.stored = true;
}

void LabelStore::WriteNeighbours(LabelNode& label) {
  components::Node& node = label.node;
  const std::vector<NodeKey> erased = std::exchange(label.erased, {});
  const std::vector<NodeKey> changed = std::exchange(node.changed, {});
  for (const NodeKey& key : changed) {
    const auto neighbour = node.neighbours.find(key);
    if (neighbour != node.neighbours.end()) neighbour->second.dirty = false;
  }
  if (!label.spilled) {
    if (node.neighbours.size() <= options_.inline_neighbours_max) return;
    label.spilled = true;
    for (const auto& [key, neighbour] : node.neighbours) WriteNeighbour(label, key, neighbour);
    return;
  }
  for (const NodeKey& key : erased) {
    if (!node.neighbours.contains(key)) {
      state_.Delete(NeighbourStateKey(kNeighbourTable, node.key, key));
    }
  }
  for (const NodeKey& key : changed) {
    const auto neighbour = node.neighbours.find(key);
    if (neighbour != node.neighbours.end()) WriteNeighbour(label, key, neighbour->second);
  }
}

void LabelStore::WriteNeighbour(const LabelNode& label, const NodeKey& key,
                                const components::Neighbour& neighbour) {
  buffer_.clear();
  StoreLabelNeighbour(key, neighbour, nullptr, buffer_);
  state_.Put(NeighbourStateKey(kNeighbourTable, label.node.key, key), buffer_);
}

}  // namespace ringfence::cluster
