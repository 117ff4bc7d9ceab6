#include "pipelines/cluster/tie_codec.h"

#include <algorithm>

namespace ringfence::cluster {
namespace {

// Nodes in parallel arrays.
void AddNode(const components::NodeKey& key, auto& proto) {
  proto.add_nodes(key.id.hi);
  proto.add_nodes(key.id.lo);
  proto.add_node_days(key.day);
}

int NodesIn(const auto& proto) { return std::min(proto.nodes_size() / 2, proto.node_days_size()); }

components::NodeKey NodeOf(const auto& proto, int index) {
  return {{proto.nodes(2 * index), proto.nodes(2 * index + 1)}, proto.node_days(index)};
}

}  // namespace

void ToProto(const ties::Message& message, internal::v1::TieMessage& proto) {
  proto.set_place(message.place);
  proto.set_from_hi(message.from.id.hi);
  proto.set_from_lo(message.from.id.lo);
  proto.set_from_day(message.from.day);
  proto.set_to_hi(message.to.id.hi);
  proto.set_to_lo(message.to.id.lo);
  proto.set_to_day(message.to.day);
  if (message.facts != ties::NodeFacts()) ToProto(message.facts, *proto.mutable_facts());
  proto.set_vouched(message.vouched);
  proto.set_wants_sketch(message.wants_sketch);
  if (message.sketch) ToProto(*message.sketch, *proto.mutable_sketch());
  proto.set_hello(message.hello);
}

ties::Message FromProto(const internal::v1::TieMessage& proto) {
  ties::Message message;
  message.place = proto.place();
  message.from = {{proto.from_hi(), proto.from_lo()}, proto.from_day()};
  message.to = {{proto.to_hi(), proto.to_lo()}, proto.to_day()};
  if (proto.has_facts()) message.facts = FromProto(proto.facts());
  message.vouched = proto.vouched();
  message.wants_sketch = proto.wants_sketch();
  if (proto.has_sketch()) message.sketch = FromProto(proto.sketch());
  message.hello = proto.hello();
  return message;
}

void ToProto(const ties::NodeFacts& facts, internal::v1::TieFacts& proto) {
  proto.set_established(facts.established);
  proto.set_many_neighbours(facts.many_neighbours);
  proto.set_few_neighbours(facts.few_neighbours);
  proto.set_log2_incidents(facts.log2_incidents);
  proto.set_organisations(facts.organisations);
  proto.set_reach(facts.reach);
  proto.set_infrastructure(static_cast<uint32_t>(facts.infrastructure));
  proto.set_has_home(facts.home.has_value());
  if (facts.home) AddNode(*facts.home, proto);
  for (const ties::Anchor& anchor : facts.anchors) {
    AddNode(anchor.key, proto);
    proto.add_anchor_organisations(anchor.only_organisation);
  }
}

ties::NodeFacts FromProto(const internal::v1::TieFacts& proto) {
  ties::NodeFacts facts;
  facts.established = proto.established();
  facts.many_neighbours = proto.many_neighbours();
  facts.few_neighbours = proto.few_neighbours();
  facts.log2_incidents = static_cast<uint8_t>(proto.log2_incidents());
  facts.organisations = static_cast<uint8_t>(proto.organisations());
  facts.reach = static_cast<uint8_t>(proto.reach());
  facts.infrastructure = static_cast<ties::Infrastructure>(proto.infrastructure());
  const int nodes = NodesIn(proto);
  int next = 0;
  if (proto.has_home() && next < nodes) facts.home = NodeOf(proto, next++);
  for (int i = 0; i < proto.anchor_organisations_size() && next < nodes; ++i) {
    facts.anchors.push_back({NodeOf(proto, next++), proto.anchor_organisations(i)});
  }
  return facts;
}

void ToProto(const ties::Sketch& sketch, internal::v1::TieSketch& proto) {
  for (const components::NodeKey& key : sketch) AddNode(key, proto);
}

ties::Sketch FromProto(const internal::v1::TieSketch& proto) {
  ties::Sketch sketch;
  for (int i = 0; i < NodesIn(proto); ++i) sketch.push_back(NodeOf(proto, i));
  return sketch;
}

}  // namespace ringfence::cluster
