#include "pipelines/dedupe/joining.h"

#include <algorithm>
#include <utility>

#include "pipelines/components/codec.h"
#include "pipelines/dedupe/evidence.h"
#include "pipelines/dedupe/facts.h"
#include "pipelines/dedupe/match.h"

namespace ringfence::dedupe {

using components::NodeKey;
using core::Id;
using core::Place;
using internal::v1::BlockEntry;
using internal::v1::BlockNews;
using internal::v1::MatchFacts;
using internal::v1::NodeMessage;
using internal::v1::PeerFacts;
using internal::v1::ReportRevision;

Joining::Joining(JoinStore& store, Post& post, const Verdicts& verdicts,
                 const components::Rules& rules, size_t block_max, Touch touch)
    : store_(store),
      post_(post),
      verdicts_(verdicts),
      rules_(rules),
      block_max_(block_max),
      touch_(std::move(touch)),
      components_(rules_, *this) {}

// -- nodes

void Joining::Send(const components::Message& message) {
  NodeMessage proto;
  components::ToProto(message, proto);
  if (message.labelled) proto.set_bearers(moving_->bearers());
  post_.Send(std::move(proto));
}

template <typename Move>
void Joining::Run(JoinNode& join, const Move& move) {
  const bool labelled = join.node.labelled;
  const NodeKey root = join.node.root;
  const uint32_t distance = join.node.distance;
  const std::string bearers = join.bearers();
  moving_ = &join;
  move();
  // A change of the label has been told to all, with what the node knows now.
  const bool label_stands =
      labelled && join.node.labelled && join.node.root == root && join.node.distance == distance;
  if (label_stands && join.bearers() != bearers) components_.Tell(join.node);
  moving_ = nullptr;
}

void Joining::Connect(JoinNode& join, const NodeKey& other) {
  Run(join, [&] { components_.Connect(join.node, other); });
}

void Joining::Disconnect(JoinNode& join, const NodeKey& other) {
  Run(join, [&] {
    components_.Disconnect(join.node, other);
    join.heard.erase(other);
  });
}

void Joining::Receive(JoinNode& join, const NodeMessage& proto) {
  const components::Message message = components::FromProto(proto);
  Run(join, [&] {
    auto sender = join.node.neighbours.find(message.from);
    if (sender != join.node.neighbours.end() && message.place >= sender->second.place) {
      if (proto.bearers().empty()) {
        join.heard.erase(message.from);
      } else {
        join.heard[message.from] = proto.bearers();
      }
    }
    components_.Receive(join.node, message);
  });
}

void Joining::Apply(const NodeMessage& message) {
  const Id to{message.to_hi(), message.to_lo()};
  if (message.to_day() == kRankBlock) {
    Block& block = store_.LoadBlock(to);
    if (!block.node) return;
    Receive(*block.node, message);
    block.dirty = true;
    return;
  }
  Report& report = store_.LoadReport(to);
  JoinNode* join = report.joins.node.get();
  if (join == nullptr || join->node.key.day != message.to_day()) return;
  Receive(*join, message);
  Changed(report);
}

void Joining::Announce(const NodeKey& key) {
  if (key.day == kRankBlock) {
    Block& block = store_.LoadBlock(key.id);
    if (!block.node) return;
    Run(*block.node, [&] { components_.Announce(block.node->node); });
    block.dirty = true;
    return;
  }
  Report& report = store_.LoadReport(key.id);
  JoinNode* join = report.joins.node.get();
  if (join == nullptr || join->node.key.day != key.day) return;
  Run(*join, [&] { components_.Announce(join->node); });
  Changed(report);
}

// -- a report

void Joining::Changed(Report& report) {
  report.dirty = true;
  touch_(report);
}

const MatchFacts& Joining::FactsOf(Report& report) {
  if (!report.facts) report.facts = dedupe::FactsOf(store_.RevisionOf(report));
  return *report.facts;
}

JoinNode& Joining::NodeOf(Report& report) {
  if (!report.joins.node) {
    report.joins.node = std::make_unique<JoinNode>(NodeKey{report.id, FactsOf(report).rank()});
    report.joins.node->own = OwnBearers(report);
  }
  return *report.joins.node;
}

std::string Joining::OwnBearers(const Report& report) {
  return BearersOf(verdicts_.Decide(store_.RevisionOf(report), report.stored)).SerializeAsString();
}

void Joining::Redecide(Report& report) {
  Joins& joins = report.joins;
  if (!joins.node) return;
  Run(*joins.node, [&] { joins.node->own = OwnBearers(report); });
  report.dirty = true;
}

void Joining::SendFacts(Report& report, const Id& to, bool hello) {
  PeerFacts facts;
  facts.set_place(NextPlace());
  facts.set_from_hi(report.id.hi);
  facts.set_from_lo(report.id.lo);
  facts.set_to_hi(to.hi);
  facts.set_to_lo(to.lo);
  facts.set_hello(hello);
  facts.set_facts(FactsOf(report).SerializeAsString());
  post_.Send(std::move(facts));
}

void Joining::SendEntry(const Report& report, const BlockKey& block, Place place, bool removed) {
  BlockEntry entry;
  entry.set_place(place);
  entry.set_block_hi(block.id.hi);
  entry.set_block_lo(block.id.lo);
  entry.set_report_hi(report.id.hi);
  entry.set_report_lo(report.id.lo);
  entry.set_removed(removed);
  entry.set_floods_join(block.floods_join);
  if (!removed) entry.set_rank(report.facts->rank());
  post_.Send(std::move(entry));
}

void Joining::Revise(Report& report, const std::vector<BlockKey>& before,
                     const ReportRevision& revision) {
  report.facts = dedupe::FactsOf(revision);
  const std::vector<BlockKey> now = BlocksOf(revision);
  const Place place = now.empty() && before.empty() ? 0 : NextPlace();
  report.stored.set_entry_place(now.empty() ? 0 : place);
  for (const BlockKey& block : now) SendEntry(report, block, place, false);
  Joins& joins = report.joins;
  for (const BlockKey& block : before) {
    if (std::binary_search(now.begin(), now.end(), block)) continue;
    SendEntry(report, block, place, true);
    auto membership = joins.blocks.find(block.id);
    if (membership == joins.blocks.end()) continue;
    SetFlood(report, block.id, membership->second, false);
    joins.blocks.erase(membership);
  }
  if (joins.node && joins.node->node.key.day != report.facts->rank()) {
    // It is another node now: the edges of the old one are gone at this end.
    for (auto& [id, peer] : joins.peers) SetEdge(report, peer, std::nullopt);
    for (auto& [id, membership] : joins.blocks) {
      if (membership.flooded) Disconnect(*joins.node, {id, kRankBlock});
    }
    joins.node.reset();
    for (auto& [id, membership] : joins.blocks) {
      if (membership.flooded) Connect(NodeOf(report), {id, kRankBlock});
    }
  }
  if (joins.node) {
    Run(*joins.node, [&] { joins.node->own = OwnBearers(report); });
  }
  Reconcile(report);
  for (auto& [id, peer] : joins.peers) {
    SendFacts(report, id, /*hello=*/false);
    if (peer.place != 0) Match(report, id, peer);
  }
  DropIfAlone(report);
  Changed(report);
}

void Joining::Leave(Report& report, const std::vector<BlockKey>& before) {
  if (!before.empty()) {
    const Place place = NextPlace();
    for (const BlockKey& block : before) SendEntry(report, block, place, true);
  }
  report.stored.set_entry_place(0);
  report.facts.reset();
  Joins& joins = report.joins;
  for (auto& [id, membership] : joins.blocks) SetFlood(report, id, membership, false);
  for (auto& [id, peer] : joins.peers) SetEdge(report, peer, std::nullopt);
  joins.blocks.clear();
  joins.peers.clear();
  joins.node.reset();
  report.dirty = true;
}

void Joining::Apply(const BlockNews& message) {
  Report& report = store_.LoadReport({message.report_hi(), message.report_lo()});
  if (!report.known || message.entry_place() == 0 ||
      report.stored.entry_place() != message.entry_place()) {
    return;
  }
  const Id block{message.block_hi(), message.block_lo()};
  Joins::Membership& membership = report.joins.blocks[block];
  if (membership.place >= message.place()) return;
  membership.place = message.place();
  membership.others.clear();
  for (int i = 0; i + 1 < message.others_size(); i += 2) {
    membership.others.push_back({message.others(i), message.others(i + 1)});
  }
  SetFlood(report, block, membership, message.flooded());
  Reconcile(report);
  DropIfAlone(report);
  Changed(report);
}

// Peers are those that any block names.
void Joining::Reconcile(Report& report) {
  Joins& joins = report.joins;
  std::vector<Id> named;
  for (const auto& [id, membership] : joins.blocks) {
    named.insert(named.end(), membership.others.begin(), membership.others.end());
  }
  std::sort(named.begin(), named.end());
  named.erase(std::unique(named.begin(), named.end()), named.end());
  for (auto it = joins.peers.begin(); it != joins.peers.end();) {
    if (std::binary_search(named.begin(), named.end(), it->first)) {
      ++it;
      continue;
    }
    SetEdge(report, it->second, std::nullopt);
    it = joins.peers.erase(it);
  }
  for (const Id& id : named) {
    if (id != report.id && joins.peers.try_emplace(id).second) SendFacts(report, id, true);
  }
}

void Joining::Apply(const PeerFacts& message) {
  Report& report = store_.LoadReport({message.to_hi(), message.to_lo()});
  const Id from{message.from_hi(), message.from_lo()};
  auto peer = report.joins.peers.find(from);
  // Of one that this report does not know of yet it asks when it does.
  if (peer == report.joins.peers.end()) return;
  // Even if the rest is out of date: the sender waits for an answer.
  if (message.hello()) SendFacts(report, from, false);
  if (peer->second.place >= message.place()) return;
  peer->second.place = message.place();
  peer->second.facts = message.facts();
  Match(report, from, peer->second);
  DropIfAlone(report);
  Changed(report);
}

void Joining::Match(Report& report, const Id& other, Joins::Peer& peer) {
  MatchFacts facts;
  if (!facts.ParseFromString(peer.facts)) return store_.Damaged("peer's facts");
  std::optional<NodeKey> edge;
  if (Compare(FactsOf(report), facts).matches()) edge = NodeKey{other, facts.rank()};
  SetEdge(report, peer, edge);
}

void Joining::SetEdge(Report& report, Joins::Peer& peer, std::optional<NodeKey> edge) {
  if (peer.edge == edge) return;
  if (peer.edge) Disconnect(NodeOf(report), *peer.edge);
  peer.edge = edge;
  if (edge) Connect(NodeOf(report), *edge);
}

void Joining::SetFlood(Report& report, const Id& block, Joins::Membership& membership,
                       bool flooded) {
  if (membership.flooded == flooded) return;
  membership.flooded = flooded;
  const NodeKey key{block, kRankBlock};
  flooded ? Connect(NodeOf(report), key) : Disconnect(NodeOf(report), key);
}

// Nothing of a node has to outlive its edges.
void Joining::DropIfAlone(Report& report) {
  std::unique_ptr<JoinNode>& join = report.joins.node;
  if (join && join->node.neighbours.empty()) join.reset();
}

// -- a block

void Joining::Apply(const BlockEntry& message) {
  Block& block = store_.LoadBlock({message.block_hi(), message.block_lo()});
  const Id report{message.report_hi(), message.report_lo()};
  const std::optional<BlockItem> held = store_.FindItem(block, report);
  if (held && held->place >= message.place()) return;
  if (!held && store_.TombstoneOf(block, report).value_or(0) >= message.place()) return;
  block.floods_join = message.floods_join();
  if (!message.removed()) {
    store_.EraseTombstone(block, report);
    BlockItem item{message.place(), message.rank(), held && held->told};
    return Enter(block, report, held.value_or(BlockItem{}), held.has_value(), item);
  }
  store_.PutTombstone(block, report, message.place(), now_);
  if (held) Remove(block, report, *held);
}

void Joining::Enter(Block& block, const Id& report, const BlockItem& before, bool was_in,
                    BlockItem item) {
  store_.PutItem(block, report, item);
  if (!was_in) ++block.count;
  if (block.flooded) {
    if (!was_in && block.floods_join) ++floods_.reports;
    if (was_in && before.rank != item.rank) Tie(block, {report, before.rank}, false);
    Tie(block, {report, item.rank}, true);
    return SendNews(block, report, item);
  }
  if (block.count > block_max_) return Flood(block);
  if (was_in) return SendNews(block, report, item);
  TellEntries(block);
}

void Joining::Remove(Block& block, const Id& report, const BlockItem& before) {
  store_.EraseItem(block, report);
  --block.count;
  if (!block.flooded) return TellEntries(block);
  Tie(block, {report, before.rank}, false);
  if (block.count <= block_max_) Subside(block);
}

void Joining::Flood(Block& block) {
  const auto entries = block.entries;
  if (block.floods_join) {
    ++floods_.begun;
    floods_.reports += entries.size();
  }
  store_.Spill(block);
  for (const auto& [report, item] : entries) {
    Tie(block, {report, item.rank}, true);
    SendNews(block, report, item);
  }
}

void Joining::Subside(Block& block) {
  store_.Unspill(block);
  for (const auto& [report, item] : block.entries) Tie(block, {report, item.rank}, false);
  block.node.reset();
  TellEntries(block);
}

void Joining::Tie(Block& block, const NodeKey& report, bool tied) {
  if (!block.floods_join) return;
  if (!block.node) {
    if (!tied) return;
    block.node = std::make_unique<JoinNode>(NodeKey{block.id, kRankBlock});
  }
  block.dirty = true;
  if (tied) return Connect(*block.node, report);
  Disconnect(*block.node, report);
  store_.EraseNeighbour(block, report);
}

void Joining::TellEntries(Block& block) {
  const auto entries = block.entries;
  for (const auto& [report, item] : entries) SendNews(block, report, item);
}

void Joining::SendNews(Block& block, const Id& report, BlockItem item) {
  const bool tells = block.flooded ? block.floods_join : block.entries.size() > 1;
  // Nothing to say, nor to take back: what took something back may have been about an earlier
  // entry.
  if (!tells && !item.told) return;
  BlockNews news;
  news.set_place(NextPlace());
  news.set_block_hi(block.id.hi);
  news.set_block_lo(block.id.lo);
  news.set_report_hi(report.hi);
  news.set_report_lo(report.lo);
  news.set_entry_place(item.place);
  news.set_flooded(block.flooded && block.floods_join);
  if (!block.flooded) {
    for (const auto& [other, unused] : block.entries) {
      if (other == report) continue;
      news.add_others(other.hi);
      news.add_others(other.lo);
    }
  }
  post_.Send(std::move(news));
  if (item.told) return;
  item.told = true;
  store_.PutItem(block, report, item);
}

}  // namespace ringfence::dedupe
