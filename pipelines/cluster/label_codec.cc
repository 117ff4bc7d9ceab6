#include "pipelines/cluster/label_codec.h"

#include <cstdint>

#include "pipelines/cluster/packed_messages.h"

namespace ringfence::cluster {
namespace {

using components::NodeKey;

// The first number of a node.
enum NodeFlag : uint32_t {
  kLabelled = 1,
  kHasVia = 1 << 1,
  kHasParent = 1 << 2,
  kAnnouncing = 1 << 3,
  kSpilled = 1 << 4,
  // It is a root.
  kRootIsNode = 1 << 5,
  // It shows the label that it has.
  kShownIsRoot = 1 << 6,
};

// The first number of a neighbour.
enum NeighbourFlag : uint32_t {
  kTheyAreLabelled = 1,
  kWaiting = 1 << 1,
  kWithheld = 1 << 2,
  kRootIsNeighbour = 1 << 3,
  // They have the label that the node has.
  kRootIsKnown = 1 << 4,
};

constexpr uint32_t If(bool condition, uint32_t flag) { return condition ? flag : 0; }

}  // namespace

void StoreLabel(const LabelNode& label, std::string& stored) {
  const components::Node& node = label.node;
  core::Packer out(stored);
  const uint32_t flags = If(node.labelled, kLabelled) | If(node.via.has_value(), kHasVia) |
                         If(node.parent.has_value(), kHasParent) |
                         If(node.announce_from.has_value(), kAnnouncing) |
                         If(label.spilled, kSpilled) | If(node.root == node.key, kRootIsNode) |
                         If(label.shown == node.root, kShownIsRoot);
  out.Number(flags);
  if ((flags & kRootIsNode) == 0) Pack(node.root, out);
  if ((flags & kShownIsRoot) == 0) Pack(label.shown, out);
  out.Number(label.sent);
  out.Number(node.distance);
  out.Number(node.epoch);
  if (node.via) Pack(*node.via, out);
  if (node.parent) {
    Pack(node.parent->key, out);
    out.Number(node.parent->epoch);
  }
  if (node.announce_from) Pack(*node.announce_from, out);
  if (label.spilled) return;
  for (const auto& [key, neighbour] : node.neighbours) {
    StoreLabelNeighbour(key, neighbour, &node.root, stored);
  }
}

bool LoadLabel(std::string_view stored, LabelNode& label) {
  components::Node& node = label.node;
  core::Unpacker in(stored);
  const uint32_t flags = in.Number32();
  node.labelled = (flags & kLabelled) != 0;
  label.spilled = (flags & kSpilled) != 0;
  node.root = (flags & kRootIsNode) != 0 ? node.key : UnpackKey(in);
  label.shown = (flags & kShownIsRoot) != 0 ? node.root : UnpackKey(in);
  label.sent = in.Number();
  node.distance = in.Number32();
  node.epoch = in.Number();
  if ((flags & kHasVia) != 0) node.via = UnpackKey(in);
  if ((flags & kHasParent) != 0) {
    const NodeKey parent = UnpackKey(in);
    node.parent = components::Parent{parent, in.Number()};
  }
  if ((flags & kAnnouncing) != 0) node.announce_from = UnpackKey(in);
  while (!in.empty()) {
    if (!LoadLabelNeighbour(in, node)) return false;
  }
  return in.ok();
}

void StoreLabelNeighbour(const NodeKey& key, const components::Neighbour& neighbour,
                         const NodeKey* known_root, std::string& stored) {
  core::Packer out(stored);
  const bool is_known = known_root != nullptr && *known_root == neighbour.root;
  const bool is_theirs = !is_known && neighbour.root == key;
  out.Number(If(neighbour.labelled, kTheyAreLabelled) | If(neighbour.waiting, kWaiting) |
             If(neighbour.withheld, kWithheld) | If(is_theirs, kRootIsNeighbour) |
             If(is_known, kRootIsKnown));
  Pack(key, out);
  out.Number(neighbour.place);
  out.Number(neighbour.greeted);
  if (!is_known && !is_theirs) Pack(neighbour.root, out);
  out.Number(neighbour.distance);
  out.Number(neighbour.epoch);
  out.Number(neighbour.confirmed);
}

bool LoadLabelNeighbour(core::Unpacker& in, components::Node& node) {
  const uint32_t flags = in.Number32();
  const NodeKey key = UnpackKey(in);
  components::Neighbour neighbour;
  neighbour.labelled = (flags & kTheyAreLabelled) != 0;
  neighbour.waiting = (flags & kWaiting) != 0;
  neighbour.withheld = (flags & kWithheld) != 0;
  neighbour.place = in.Number();
  neighbour.greeted = in.Number();
  if ((flags & kRootIsKnown) != 0) {
    neighbour.root = node.root;
  } else {
    neighbour.root = (flags & kRootIsNeighbour) != 0 ? key : UnpackKey(in);
  }
  neighbour.distance = in.Number32();
  neighbour.epoch = in.Number();
  neighbour.confirmed = in.Number();
  if (!in.ok()) return false;
  if (neighbour.waiting) ++node.waiting;
  node.neighbours.insert_or_assign(key, neighbour);
  return true;
}

}  // namespace ringfence::cluster
