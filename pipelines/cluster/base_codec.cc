#include "pipelines/cluster/base_codec.h"

#include "pipelines/cluster/evidence.h"

namespace ringfence::cluster {
namespace {

using components::Neighbour;
using components::Node;
using components::NodeKey;
using internal::v1::StoredBase;
using internal::v1::StoredListing;
using internal::v1::StoredNeighbour;
using internal::v1::StoredNode;

void StoreNode(const LinkNode& link, StoredNode& stored) {
  const Node& node = link.node;
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
  stored.set_shown_hi(link.shown.id.hi);
  stored.set_shown_lo(link.shown.id.lo);
  stored.set_shown_day(link.shown.day);
  stored.set_has_spilled_neighbours(link.spilled);
  if (link.spilled) return;
  for (const auto& [key, neighbour] : node.neighbours)
    StoreNeighbour(key, neighbour, *stored.add_neighbours());
}

void LoadNode(const StoredNode& stored, LinkNode& link) {
  Node& node = link.node;
  node.labelled = stored.labelled();
  node.root = {{stored.root_hi(), stored.root_lo()}, stored.root_day()};
  node.distance = stored.distance();
  if (stored.has_via()) node.via = NodeKey{{stored.via_hi(), stored.via_lo()}, stored.via_day()};
  node.epoch = stored.epoch();
  if (stored.has_parent()) {
    node.parent = components::Parent{
        {{stored.parent_hi(), stored.parent_lo()}, stored.parent_day()}, stored.parent_epoch()};
  }
  if (stored.announcing()) {
    node.announce_from =
        NodeKey{{stored.announce_hi(), stored.announce_lo()}, stored.announce_day()};
  }
  link.shown = {{stored.shown_hi(), stored.shown_lo()}, stored.shown_day()};
  link.spilled = stored.has_spilled_neighbours();
  for (const StoredNeighbour& neighbour : stored.neighbours()) LoadNeighbour(neighbour, node);
}

void StoreListing(const Listing& listing, StoredListing& stored) {
  stored.set_type(listing.type);
  stored.set_value(listing.value);
  stored.set_action(listing.action);
  stored.set_epoch(listing.epoch);
  stored.set_fallen(listing.fallen);
  stored.set_listed_at(listing.listed_at);
  stored.set_action_since(listing.action_since);
  stored.set_revision(listing.revision);
  stored.set_peak_action(listing.peak_action);
  stored.set_least_tlp(listing.least_tlp);
  stored.set_sent(listing.sent);
}

void LoadListing(const StoredListing& stored, Base& base) {
  const core::Id id = core::IdentifierId(stored.type(), stored.value());
  Listing& listing = base.listings[id];
  listing.type = stored.type();
  listing.value = stored.value();
  listing.id = id;
  listing.action = stored.action();
  listing.epoch = stored.epoch();
  listing.fallen = stored.fallen();
  listing.listed_at = stored.listed_at();
  listing.action_since = stored.action_since();
  listing.revision = stored.revision();
  listing.peak_action = stored.peak_action();
  listing.least_tlp = stored.least_tlp();
  listing.sent = stored.sent();
}

}  // namespace

void StoreEvidence(const core::Id& report, const HeldEvidence& held,
                   internal::v1::StoredEvidence& stored) {
  stored.set_evidence(held.encoded);
  stored.set_report_hi(report.hi);
  stored.set_report_lo(report.lo);
  stored.set_place(held.place);
  stored.set_next(held.next);
}

HeldEvidence& LoadEvidence(internal::v1::StoredEvidence& stored, Base& base) {
  HeldEvidence& held = base.evidence[core::Id{stored.report_hi(), stored.report_lo()}];
  held.encoded = std::move(*stored.mutable_evidence());
  held.place = stored.place();
  held.next = stored.next();
  held.dirty = false;
  return held;
}

void StoreNeighbour(const NodeKey& key, const Neighbour& neighbour, StoredNeighbour& stored) {
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
}

void LoadNeighbour(const StoredNeighbour& stored, Node& node) {
  Neighbour& neighbour = node.neighbours[NodeKey{{stored.hi(), stored.lo()}, stored.day()}];
  neighbour.place = stored.place();
  neighbour.labelled = stored.labelled();
  neighbour.root = {{stored.root_hi(), stored.root_lo()}, stored.root_day()};
  neighbour.distance = stored.distance();
  neighbour.epoch = stored.epoch();
  neighbour.confirmed = stored.confirmed();
  neighbour.waiting = stored.waiting();
  neighbour.dirty = false;
  if (neighbour.waiting) ++node.waiting;
}

void StoreBase(const Base& base, StoredBase& stored) {
  stored.set_as_of(base.as_of);
  stored.set_due(base.due);
  for (const auto& [report, held] : base.evidence) {
    if (held.spilled) {
      stored.set_has_spilled_evidence(true);
      continue;
    }
    StoreEvidence(report, held, *stored.add_evidence());
  }
  for (const auto& [day, link] : base.nodes) StoreNode(link, *stored.add_nodes());
  for (const auto& [id, listing] : base.listings) StoreListing(listing, *stored.add_listings());
}

std::unique_ptr<Base> LoadBase(const core::Id& id, StoredBase& stored) {
  auto base = std::make_unique<Base>(id);
  base->as_of = stored.as_of();
  base->due = stored.due();
  base->indexed_due = stored.due();
  base->stored = true;
  for (internal::v1::StoredEvidence& evidence : *stored.mutable_evidence())
    LoadEvidence(evidence, *base);
  for (const StoredNode& node : stored.nodes()) {
    LoadNode(node, base->nodes.try_emplace(node.day(), NodeKey{id, node.day()}).first->second);
  }
  for (const StoredListing& listing : stored.listings()) LoadListing(listing, *base);
  return base;
}

}  // namespace ringfence::cluster
