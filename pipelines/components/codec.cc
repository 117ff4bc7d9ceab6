#include "pipelines/components/codec.h"

namespace ringfence::components {

using internal::v1::NodeMessage;
using internal::v1::StoredNeighbour;
using internal::v1::StoredNode;

void ToProto(const Message& message, NodeMessage& proto) {
  proto.set_place(message.place);
  proto.set_from_hi(message.from.id.hi);
  proto.set_from_lo(message.from.id.lo);
  proto.set_from_day(message.from.day);
  proto.set_to_hi(message.to.id.hi);
  proto.set_to_lo(message.to.id.lo);
  proto.set_to_day(message.to.day);
  proto.set_detached(!message.labelled);
  proto.set_root_hi(message.root.id.hi);
  proto.set_root_lo(message.root.id.lo);
  proto.set_root_day(message.root.day);
  proto.set_distance(message.distance);
  proto.set_epoch(message.epoch);
  proto.set_confirmed(message.confirmed);
  proto.set_detached_for(message.detached_for);
  proto.set_hello(message.hello);
}

Message FromProto(const NodeMessage& proto) {
  Message message;
  message.place = proto.place();
  message.from = {{proto.from_hi(), proto.from_lo()}, proto.from_day()};
  message.to = {{proto.to_hi(), proto.to_lo()}, proto.to_day()};
  message.labelled = !proto.detached();
  message.root = {{proto.root_hi(), proto.root_lo()}, proto.root_day()};
  message.distance = proto.distance();
  message.epoch = proto.epoch();
  message.confirmed = proto.confirmed();
  message.detached_for = proto.detached_for();
  message.hello = proto.hello();
  return message;
}

void Store(const Node& node, StoredNode& stored) {
  stored.set_day(node.key.day);
  stored.set_labelled(node.labelled);
  stored.set_root_hi(node.root.id.hi);
  stored.set_root_lo(node.root.id.lo);
  stored.set_root_day(node.root.day);
  stored.set_distance(node.distance);
  if (node.via) {
    stored.set_has_via(true);
    stored.set_via_hi(node.via->id.hi);
    stored.set_via_lo(node.via->id.lo);
    stored.set_via_day(node.via->day);
  }
  stored.set_epoch(node.epoch);
  if (node.parent) {
    stored.set_has_parent(true);
    stored.set_parent_hi(node.parent->key.id.hi);
    stored.set_parent_lo(node.parent->key.id.lo);
    stored.set_parent_day(node.parent->key.day);
    stored.set_parent_epoch(node.parent->epoch);
  }
  if (node.announce_from) {
    stored.set_announcing(true);
    stored.set_announce_hi(node.announce_from->id.hi);
    stored.set_announce_lo(node.announce_from->id.lo);
    stored.set_announce_day(node.announce_from->day);
  }
}

void Load(const StoredNode& stored, Node& node) {
  node.labelled = stored.labelled();
  node.root = {{stored.root_hi(), stored.root_lo()}, stored.root_day()};
  node.distance = stored.distance();
  if (stored.has_via()) node.via = NodeKey{{stored.via_hi(), stored.via_lo()}, stored.via_day()};
  node.epoch = stored.epoch();
  if (stored.has_parent()) {
    node.parent = Parent{{{stored.parent_hi(), stored.parent_lo()}, stored.parent_day()},
                         stored.parent_epoch()};
  }
  if (stored.announcing()) {
    node.announce_from =
        NodeKey{{stored.announce_hi(), stored.announce_lo()}, stored.announce_day()};
  }
}

void Store(const NodeKey& key, const Neighbour& neighbour, StoredNeighbour& stored) {
  stored.set_hi(key.id.hi);
  stored.set_lo(key.id.lo);
  stored.set_day(key.day);
  stored.set_place(neighbour.place);
  stored.set_labelled(neighbour.labelled);
  stored.set_root_hi(neighbour.root.id.hi);
  stored.set_root_lo(neighbour.root.id.lo);
  stored.set_root_day(neighbour.root.day);
  stored.set_distance(neighbour.distance);
  stored.set_epoch(neighbour.epoch);
  stored.set_confirmed(neighbour.confirmed);
  stored.set_waiting(neighbour.waiting);
  stored.set_withheld(neighbour.withheld);
}

NodeKey KeyOf(const StoredNeighbour& stored) { return {{stored.hi(), stored.lo()}, stored.day()}; }

void Load(const StoredNeighbour& stored, Node& node) {
  Neighbour& neighbour = node.neighbours[KeyOf(stored)];
  neighbour.place = stored.place();
  neighbour.labelled = stored.labelled();
  neighbour.root = {{stored.root_hi(), stored.root_lo()}, stored.root_day()};
  neighbour.distance = stored.distance();
  neighbour.epoch = stored.epoch();
  neighbour.confirmed = stored.confirmed();
  neighbour.waiting = stored.waiting();
  neighbour.withheld = stored.withheld();
  if (neighbour.waiting) ++node.waiting;
}

}  // namespace ringfence::components
