#include "pipelines/dedupe/joining.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "pipelines/components/codec.h"
#include "pipelines/dedupe/evidence.h"
#include "pipelines/dedupe/facts.h"
#include "pipelines/dedupe/match.h"

namespace ringfence::dedupe {
namespace {

std::vector<BlockMember> MembersOf(const Block& block) {
  std::vector<BlockMember> members;
  for (const auto& [report, item] : block.entries) members.push_back({report, item.reach});
  return members;
}

}  // namespace

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
                 const components::Rules& rules, const Limits& limits, Touch touch)
    : store_(store),
      post_(post),
      verdicts_(verdicts),
      rules_(rules),
      limits_(limits),
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

void Joining::SendEntry(const Report& report, const BlockKey& block, Place place, uint32_t reach) {
  BlockEntry entry;
  entry.set_place(place);
  entry.set_block_hi(block.id.hi);
  entry.set_block_lo(block.id.lo);
  entry.set_report_hi(report.id.hi);
  entry.set_report_lo(report.id.lo);
  entry.set_removed(reach == 0);
  entry.set_floods_join(block.floods_join);
  if (reach != 0) entry.set_rank(report.facts->rank());
  entry.set_reach(reach);
  post_.Send(std::move(entry));
}

void Joining::Revise(Report& report, const std::vector<BlockKey>& before,
                     const ReportRevision& revision) {
  report.facts = dedupe::FactsOf(revision);
  const std::vector<BlockKey> now = BlocksOf(revision);
  const Place place = now.empty() && before.empty() ? 0 : NextPlace();
  report.stored.set_entry_place(now.empty() ? 0 : place);
  const uint32_t reach = ReachOf(now.size(), limits_.peers_max);
  for (const BlockKey& block : now) SendEntry(report, block, place, reach);
  Joins& joins = report.joins;
  std::vector<Id> left;
  for (const BlockKey& block : before) {
    if (std::binary_search(now.begin(), now.end(), block)) continue;
    SendEntry(report, block, place, 0);
    auto membership = joins.blocks.find(block.id);
    if (membership == joins.blocks.end()) continue;
    SetFlood(report, block.id, membership->second, false);
    const std::vector<Id>& others = membership->second.others;
    left.insert(left.end(), others.begin(), others.end());
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
  std::sort(left.begin(), left.end());
  left.erase(std::unique(left.begin(), left.end()), left.end());
  Reconcile(report, left, {});
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
    for (const BlockKey& block : before) SendEntry(report, block, place, 0);
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
  std::vector<BlockMember> members;
  for (int i = 0; i < message.reaches_size() && 2 * i + 1 < message.members_size(); ++i) {
    members.push_back({{message.members(2 * i), message.members(2 * i + 1)}, message.reaches(i)});
  }
  for (const BlockNews::To& to : message.to()) Hear(message, to, members);
}

void Joining::Hear(const BlockNews& message, const BlockNews::To& to,
                   const std::vector<BlockMember>& members) {
  Report& report = store_.LoadReport({to.report_hi(), to.report_lo()});
  if (!report.known || to.entry_place() == 0 || report.stored.entry_place() != to.entry_place()) {
    return;
  }
  const Id block{message.block_hi(), message.block_lo()};
  Joins::Membership& membership = report.joins.blocks[block];
  if (membership.place >= message.place()) return;
  membership.place = message.place();
  const std::vector<Id> before = std::exchange(membership.others, {});
  const auto self = std::find_if(members.begin(), members.end(),
                                 [&](const BlockMember& member) { return member.id == report.id; });
  if (self != members.end()) {
    membership.others = OthersOf(members, static_cast<size_t>(self - members.begin()));
  }
  SetFlood(report, block, membership, message.flooded());
  Reconcile(report, before, membership.others);
  DropIfAlone(report);
  Changed(report);
}

// Peers are those that any block names: where one block names others now, all those of all blocks
// need not be gone through. What reports share is often a template, all of it at once.
void Joining::Reconcile(Report& report, const std::vector<Id>& before, const std::vector<Id>& now) {
  Joins& joins = report.joins;
  const auto is_named = [&](const Id& id) {
    return std::any_of(joins.blocks.begin(), joins.blocks.end(), [&](const auto& block) {
      const std::vector<Id>& others = block.second.others;
      return std::binary_search(others.begin(), others.end(), id);
    });
  };
  std::vector<Id> changed;
  std::set_difference(before.begin(), before.end(), now.begin(), now.end(),
                      std::back_inserter(changed));
  for (const Id& id : changed) {
    auto peer = joins.peers.find(id);
    if (peer == joins.peers.end() || is_named(id)) continue;
    SetEdge(report, peer->second, std::nullopt);
    joins.peers.erase(peer);
  }
  changed.clear();
  std::set_difference(now.begin(), now.end(), before.begin(), before.end(),
                      std::back_inserter(changed));
  for (const Id& id : changed) {
    if (joins.peers.try_emplace(id).second) SendFacts(report, id, true);
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
    BlockItem item{message.place(), message.rank(), held && held->told, message.reach()};
    return Enter(block, report, held.value_or(BlockItem{}), held.has_value(), item);
  }
  store_.PutTombstone(block, report, message.place(), now_);
  if (held) Remove(block, report, *held);
}

void Joining::Enter(Block& block, const Id& report, const BlockItem& before, bool was_in,
                    BlockItem item) {
  const std::vector<BlockMember> members = MembersOf(block);
  store_.PutItem(block, report, item);
  if (!was_in) ++block.count;
  if (block.flooded) {
    if (!was_in && block.floods_join) ++floods_.reports;
    if (was_in && before.rank != item.rank) Tie(block, {report, before.rank}, false);
    Tie(block, {report, item.rank}, true);
    return Tell(block, {{report, item}});
  }
  if (block.count > limits_.block_max) return Flood(block);
  if (was_in && before.reach == item.reach) return Tell(block, {{report, item}});
  TellChanges(block, members, report);
}

void Joining::Remove(Block& block, const Id& report, const BlockItem& before) {
  const std::vector<BlockMember> members = MembersOf(block);
  store_.EraseItem(block, report);
  --block.count;
  if (!block.flooded) return TellChanges(block, members, std::nullopt);
  Tie(block, {report, before.rank}, false);
  if (block.count <= limits_.block_max) Subside(block);
}

void Joining::Flood(Block& block) {
  const Block::Entries entries = block.entries;
  if (block.floods_join) {
    ++floods_.begun;
    floods_.reports += entries.size();
  }
  store_.Spill(block);
  for (const auto& [report, item] : entries) Tie(block, {report, item.rank}, true);
  Tell(block, entries);
}

void Joining::Subside(Block& block) {
  store_.Unspill(block);
  for (const auto& [report, item] : block.entries) Tie(block, {report, item.rank}, false);
  block.node.reset();
  Tell(block, block.entries);
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

void Joining::TellChanges(Block& block, const std::vector<BlockMember>& before,
                          std::optional<Id> anyway) {
  const std::vector<BlockMember> now = MembersOf(block);
  Block::Entries changed;
  size_t earlier = 0;
  for (size_t i = 0; i < now.size(); ++i) {
    const Id& id = now[i].id;
    while (earlier < before.size() && before[earlier].id < id) ++earlier;
    const bool was_in = earlier < before.size() && before[earlier].id == id;
    const bool same = was_in && id != anyway && OthersOf(before, earlier) == OthersOf(now, i);
    if (!same) changed.insert({id, block.entries.at(id)});
  }
  Tell(block, changed);
}

// One message for each partition: with one for each report a block of templates would send, for
// every report that comes, as many ids as the square of what it holds.
void Joining::Tell(Block& block, const Block::Entries& entries) {
  const bool tells = block.flooded ? block.floods_join : block.entries.size() > 1;
  std::map<uint32_t, BlockNews> by_partition;
  std::vector<std::pair<Id, BlockItem>> first_told;
  for (const auto& [report, item] : entries) {
    // Nothing to say, nor to take back: what took something back may have been about an earlier
    // entry.
    if (!tells && !item.told) continue;
    BlockNews::To& to = *by_partition[post_.PartitionOf(report)].add_to();
    to.set_report_hi(report.hi);
    to.set_report_lo(report.lo);
    to.set_entry_place(item.place);
    if (!item.told) first_told.push_back({report, {item.place, item.rank, true, item.reach}});
  }
  if (by_partition.empty()) return;
  for (const auto& [report, item] : first_told) store_.PutItem(block, report, item);
  BlockNews about;
  about.set_place(NextPlace());
  about.set_block_hi(block.id.hi);
  about.set_block_lo(block.id.lo);
  about.set_flooded(block.flooded && block.floods_join);
  if (!block.flooded) {
    for (const auto& [member, item] : block.entries) {
      about.add_members(member.hi);
      about.add_members(member.lo);
      about.add_reaches(item.reach);
    }
  }
  for (auto& [partition, news] : by_partition) {
    news.MergeFrom(about);
    post_.Send(std::move(news), partition);
  }
}

}  // namespace ringfence::dedupe
