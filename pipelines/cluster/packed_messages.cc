#include "pipelines/cluster/packed_messages.h"

namespace ringfence::cluster {
namespace {

using components::NodeKey;
using core::Packer;
using core::Unpacker;

// The first byte of a label message.
enum LabelFlag : uint8_t {
  kLabelled = 1,
  kLabelHello = 2,
  // The sender is its own root.
  kRootIsSender = 4,
  kConfirms = 8,
  kDetachedFor = 16,
};

// The first byte of a message about ties.
enum TieFlag : uint8_t {
  kVouched = 1,
  kWantsSketch = 2,
  kTieHello = 4,
  kHasFacts = 8,
  kHasSketch = 16,
};

// The first byte of facts; the kind of infrastructure stands in the two bits above.
enum FactsFlag : uint8_t {
  kEstablished = 1,
  kManyNeighbours = 2,
  kFewNeighbours = 4,
  kHasHome = 8,
  // The home is the first anchor, as it mostly is.
  kHomeIsAnchor = 16,
  kHomeInDoubt = 128,
};
constexpr int kInfrastructureShift = 5;
constexpr uint8_t kInfrastructureMask = 3;

constexpr uint8_t If(bool condition, uint8_t flag) { return condition ? flag : uint8_t{0}; }

}  // namespace

void Pack(const NodeKey& key, Packer& out) {
  out.Hash(key.id.hi);
  out.Hash(key.id.lo);
  out.Signed(key.day);
}

NodeKey UnpackKey(Unpacker& in) {
  NodeKey key;
  key.id.hi = in.Hash();
  key.id.lo = in.Hash();
  key.day = in.Signed32();
  return key;
}

void Pack(const components::Message& message, std::string& to) {
  Packer out(to);
  const bool root_is_sender = message.root == message.from;
  out.Byte(static_cast<uint8_t>(If(message.labelled, kLabelled) | If(message.hello, kLabelHello) |
                                If(root_is_sender, kRootIsSender) |
                                If(message.confirmed != 0, kConfirms) |
                                If(message.detached_for != 0, kDetachedFor)));
  Pack(message.from, out);
  Pack(message.to, out);
  out.Number(message.place);
  if (message.hello) out.Number(message.since);
  if (message.confirmed != 0) out.Number(message.confirmed);
  if (message.detached_for != 0) out.Number(message.detached_for);
  if (!message.labelled) return out.Number(message.epoch);
  if (!root_is_sender) Pack(message.root, out);
  out.Number(message.distance);
}

bool Unpack(Unpacker& in, components::Message& message) {
  const uint8_t flags = in.Byte();
  message.labelled = (flags & kLabelled) != 0;
  message.hello = (flags & kLabelHello) != 0;
  message.from = UnpackKey(in);
  message.to = UnpackKey(in);
  message.place = in.Number();
  message.since = message.hello ? in.Number() : components::kPlaceMax;
  message.confirmed = (flags & kConfirms) != 0 ? in.Number() : 0;
  message.detached_for = (flags & kDetachedFor) != 0 ? in.Number() : 0;
  message.root = NodeKey();
  message.distance = 0;
  message.epoch = 0;
  if (message.labelled) {
    message.root = (flags & kRootIsSender) != 0 ? message.from : UnpackKey(in);
    message.distance = in.Number32();
  } else {
    message.epoch = in.Number();
  }
  return in.ok();
}

void Pack(const ties::Message& message, std::string& to) {
  Packer out(to);
  const bool has_facts = message.facts != ties::NodeFacts();
  out.Byte(static_cast<uint8_t>(If(message.vouched, kVouched) |
                                If(message.wants_sketch, kWantsSketch) |
                                If(message.hello, kTieHello) | If(has_facts, kHasFacts) |
                                If(message.sketch.has_value(), kHasSketch)));
  Pack(message.from, out);
  Pack(message.to, out);
  out.Number(message.place);
  if (message.hello) out.Number(message.since);
  if (has_facts) Pack(message.facts, out);
  if (message.sketch) Pack(*message.sketch, out);
}

bool Unpack(Unpacker& in, ties::Message& message) {
  const uint8_t flags = in.Byte();
  message.vouched = (flags & kVouched) != 0;
  message.wants_sketch = (flags & kWantsSketch) != 0;
  message.hello = (flags & kTieHello) != 0;
  message.from = UnpackKey(in);
  message.to = UnpackKey(in);
  message.place = in.Number();
  message.since = message.hello ? in.Number() : components::kPlaceMax;
  message.facts = (flags & kHasFacts) != 0 ? UnpackFacts(in) : ties::NodeFacts();
  message.sketch.reset();
  if ((flags & kHasSketch) != 0) message.sketch = UnpackSketch(in);
  return in.ok();
}

void Pack(const ties::NodeFacts& facts, Packer& out) {
  const bool home_is_anchor =
      facts.home && !facts.anchors.empty() && *facts.home == facts.anchors.front().key;
  out.Byte(static_cast<uint8_t>(
      If(facts.established, kEstablished) | If(facts.many_neighbours, kManyNeighbours) |
      If(facts.few_neighbours, kFewNeighbours) | If(facts.home.has_value(), kHasHome) |
      If(home_is_anchor, kHomeIsAnchor) | If(facts.home_in_doubt, kHomeInDoubt) |
      static_cast<uint8_t>(facts.infrastructure) << kInfrastructureShift));
  out.Byte(facts.log2_incidents);
  out.Byte(facts.organisations);
  out.Byte(facts.reach);
  out.Number(facts.anchors.size());
  for (const ties::Anchor& anchor : facts.anchors) {
    Pack(anchor.key, out);
    out.Hash(anchor.only_organisation);
  }
  if (facts.home && !home_is_anchor) Pack(*facts.home, out);
}

ties::NodeFacts UnpackFacts(Unpacker& in) {
  ties::NodeFacts facts;
  const uint8_t flags = in.Byte();
  facts.established = (flags & kEstablished) != 0;
  facts.many_neighbours = (flags & kManyNeighbours) != 0;
  facts.few_neighbours = (flags & kFewNeighbours) != 0;
  facts.home_in_doubt = (flags & kHomeInDoubt) != 0;
  facts.infrastructure =
      static_cast<ties::Infrastructure>((flags >> kInfrastructureShift) & kInfrastructureMask);
  if (facts.infrastructure > ties::Infrastructure::kDeclared) in.Fail();
  facts.log2_incidents = in.Byte();
  facts.organisations = in.Byte();
  facts.reach = in.Byte();
  for (uint64_t anchors = in.Number(); anchors > 0 && in.ok(); --anchors) {
    const NodeKey key = UnpackKey(in);
    facts.anchors.push_back({key, in.Hash()});
  }
  if ((flags & kHasHome) == 0) return facts;
  if ((flags & kHomeIsAnchor) == 0) {
    facts.home = UnpackKey(in);
  } else if (facts.anchors.empty()) {
    in.Fail();
  } else {
    facts.home = facts.anchors.front().key;
  }
  return facts;
}

void Pack(const ties::Sketch& sketch, Packer& out) {
  out.Number(sketch.size());
  for (const NodeKey& key : sketch) Pack(key, out);
}

ties::Sketch UnpackSketch(Unpacker& in) {
  ties::Sketch sketch;
  for (uint64_t keys = in.Number(); keys > 0 && in.ok(); --keys) sketch.push_back(UnpackKey(in));
  return sketch;
}

}  // namespace ringfence::cluster
