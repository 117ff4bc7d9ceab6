#include "pipelines/ties/node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>

namespace ringfence::ties {
namespace {

NodeKey Key(uint64_t number) {
  return {{static_cast<uint64_t>(v1::IDENTIFIER_TYPE_PHONE) << 56 | number,
           number * 0x9e3779b97f4a7c15},
          0};
}

// Keeps what one node does.
class Recorder : public Outbox {
 public:
  Place NextPlace() override { return ++place_; }
  void Send(const Message& message) override { sent.push_back(message); }
  void SetActive(const NodeKey&, const NodeKey& neighbour, bool active) override {
    edges[neighbour] = active;
  }
  void AnnounceLater(const NodeKey&) override { ++later; }

  std::vector<Message> sent;
  std::map<NodeKey, bool> edges;
  int later = 0;

 private:
  Place place_ = 0;
};

const Tie kOnce{1, 1, 1, 5, 6};

std::vector<TieChange> TiesTo(uint64_t first, uint64_t count) {
  std::vector<TieChange> changes;
  for (uint64_t i = first; i < first + count; ++i) changes.push_back({Key(i), kOnce});
  return changes;
}

TEST(Node, GreetsANewNeighbourAndAnswersAHello) {
  const Rules rules;
  Recorder outbox;
  Node node(Key(0), rules);
  node.OnCounts({1, 1, 1}, false, TiesTo(1, 1), outbox);
  node.Settle(outbox);
  ASSERT_EQ(outbox.sent.size(), 1u);
  EXPECT_TRUE(outbox.sent[0].hello);
  EXPECT_FALSE(node.IsActive(Key(1))) << "nothing has been heard of it";
  node.OnNeighbour(
      {.from = Key(1), .to = Key(0), .place = 9, .facts = {}, .sketch = {}, .hello = true});
  node.Settle(outbox);
  ASSERT_EQ(outbox.sent.size(), 2u);
  EXPECT_FALSE(outbox.sent[1].hello);
  EXPECT_TRUE(node.IsActive(Key(1)));
}

TEST(Node, WhatIsOlderOrOfAStrangerChangesNothing) {
  const Rules rules;
  Recorder outbox;
  Node node(Key(0), rules);
  node.OnCounts({1, 1, 1}, false, TiesTo(1, 1), outbox);
  node.Settle(outbox);
  NodeFacts declared;
  declared.infrastructure = Infrastructure::kDeclared;
  node.OnNeighbour({.from = Key(1), .to = Key(0), .place = 9, .facts = declared, .sketch = {}});
  node.Settle(outbox);
  EXPECT_FALSE(node.IsActive(Key(1)));
  node.OnNeighbour({.from = Key(1), .to = Key(0), .place = 8, .facts = {}, .sketch = {}});
  node.Settle(outbox);
  EXPECT_FALSE(node.IsActive(Key(1)));
  node.OnNeighbour({.from = Key(2), .to = Key(0), .place = 9, .facts = {}, .sketch = {}});
  node.Settle(outbox);
  EXPECT_FALSE(node.IsActive(Key(2)));
  node.OnNeighbour({.from = Key(1), .to = Key(0), .place = 10, .facts = {}, .sketch = {}});
  node.Settle(outbox);
  EXPECT_TRUE(node.IsActive(Key(1)));
}

TEST(Node, AnEdgeThatGoesIsInactive) {
  const Rules rules;
  Recorder outbox;
  Node node(Key(0), rules);
  node.OnCounts({1, 1, 1}, false, TiesTo(1, 1), outbox);
  node.Settle(outbox);
  node.OnNeighbour({.from = Key(1), .to = Key(0), .place = 9, .facts = {}, .sketch = {}});
  node.Settle(outbox);
  ASSERT_TRUE(node.IsActive(Key(1)));
  node.OnCounts({}, false, std::vector<TieChange>{{Key(1), Tie()}}, outbox);
  node.Settle(outbox);
  EXPECT_FALSE(outbox.edges.at(Key(1)));
  EXPECT_TRUE(node.empty());
}

TEST(Node, AHubAsksASampleAndTellsInPieces) {
  Rules rules;
  rules.sample_max = 40;
  constexpr uint64_t kNeighbours = 1'000;
  Recorder outbox;
  Node node(Key(0), rules, /*announce_max=*/64);
  for (uint64_t i = 0; i < kNeighbours; i += 50) {
    node.OnCounts({static_cast<uint32_t>(i + 50), 2, static_cast<uint32_t>(i + 50)}, false,
                  TiesTo(1 + i, 50), outbox);
    node.Settle(outbox);
  }
  EXPECT_EQ(node.facts().infrastructure, Infrastructure::kByRule);
  while (outbox.later > 0) {
    --outbox.later;
    node.Announce(outbox);
  }
  std::map<NodeKey, Message> last;
  for (const Message& message : outbox.sent) last[message.to] = message;
  ASSERT_EQ(last.size(), kNeighbours);
  int asked = 0;
  for (const auto& [to, message] : last) {
    EXPECT_EQ(message.facts, node.facts());
    asked += message.wants_sketch ? 1 : 0;
  }
  EXPECT_EQ(asked, 40);
  outbox.sent.clear();
  // One more changes nothing that any of them was told; what a declaration does, all are told.
  node.OnCounts({1'001, 2, 1'001}, false, TiesTo(5'000, 1), outbox);
  node.Settle(outbox);
  EXPECT_LE(outbox.sent.size(), 3u);
  outbox.sent.clear();
  node.OnCounts({1'001, 2, 1'001}, true, {}, outbox);
  node.Settle(outbox);
  EXPECT_EQ(outbox.sent.size(), 0u);
  for (int calls = 0; outbox.sent.empty(); ++calls) {
    ASSERT_LT(calls, 10);
    ASSERT_EQ(std::exchange(outbox.later, 0), 1);
    node.Announce(outbox);
  }
  EXPECT_EQ(outbox.sent.size(), 64u);
  EXPECT_EQ(outbox.later, 1);
}

// A flood's reports are incidents of their own until they are joined.
TEST(Node, AHubThatChangesAndChangesBackTellsNobody) {
  const Rules rules;
  constexpr uint32_t kNeighbours = 1'000;
  Recorder outbox;
  Node node(Key(0), rules, /*announce_max=*/64);
  node.OnCounts({1, 1, kNeighbours}, false, TiesTo(1, kNeighbours), outbox);
  node.Settle(outbox);
  while (outbox.later > 0) {
    --outbox.later;
    node.Announce(outbox);
  }
  const NodeFacts facts = node.facts();
  outbox.sent.clear();
  uint64_t calls = 0;
  auto announce = [&] {
    if (outbox.later == 0) return;
    --outbox.later;
    ++calls;
    node.Announce(outbox);
  };
  for (int i = 0; i < 500; ++i) {
    node.OnCounts({200, 1, kNeighbours}, false, {}, outbox);
    node.Settle(outbox);
    ASSERT_NE(node.facts(), facts);
    announce();
    node.OnCounts({1, 1, kNeighbours}, false, {}, outbox);
    node.Settle(outbox);
    announce();
  }
  // Those that were told in between are told again.
  while (outbox.later > 0) announce();
  EXPECT_LT(outbox.sent.size(), 20 * calls);
  std::map<NodeKey, NodeFacts> told;
  for (const Message& message : outbox.sent) told[message.to] = message.facts;
  for (const auto& [to, last] : told) EXPECT_EQ(last, facts);

  outbox.sent.clear();
  calls = 0;
  node.OnCounts({200, 1, kNeighbours}, false, {}, outbox);
  node.Settle(outbox);
  announce();
  node.OnCounts({1, 1, kNeighbours}, false, {}, outbox);
  node.Settle(outbox);
  while (outbox.later > 0) announce();
  EXPECT_TRUE(outbox.sent.empty());
  // It does not even look at them all: that would be sixteen calls.
  EXPECT_LT(calls, 12u);
}

TEST(Node, AnswersNoHelloOfOneThatHearsItAnyway) {
  const Rules rules;
  Recorder outbox;
  Node node(Key(0), rules);
  node.OnCounts({1, 1, 1}, false, TiesTo(1, 1), outbox);
  node.Settle(outbox);
  ASSERT_EQ(outbox.sent.size(), 1u);
  Message hello{.from = Key(1), .to = Key(0), .place = 9, .facts = {}, .sketch = {}, .hello = true};
  hello.since = outbox.sent[0].place - 1;
  EXPECT_TRUE(node.OnNeighbour(hello));
  node.Settle(outbox);
  EXPECT_EQ(outbox.sent.size(), 1u);
  EXPECT_TRUE(node.IsActive(Key(1)));
  hello.place = 10;
  hello.since = outbox.sent[0].place;
  EXPECT_TRUE(node.OnNeighbour(hello)) << "the node's own may have been lost";
  node.Settle(outbox);
  EXPECT_EQ(outbox.sent.size(), 2u);
}

TEST(Node, AHubThatIsMadeAnewMidwayGoesOnAsItWould) {
  const Rules rules;
  constexpr uint32_t kAnnounceMax = 64;
  Recorder outbox;
  Tally tally(rules);
  std::vector<NodeKey> changed;
  for (uint64_t i = 1; i <= 500; ++i) tally.Add({{1, i}, {2, 1}, {Key(i)}}, changed);
  std::vector<TieChange> ties;
  for (const NodeKey& key : changed) ties.push_back({key, tally.TieTo(key)});
  Node node(Key(0), rules, kAnnounceMax);
  node.OnCounts(tally.counts(), false, ties, outbox);
  node.Settle(outbox);
  const auto announce = [](Node& one, Recorder& its) {
    --its.later;
    one.Announce(its);
  };
  while (outbox.later > 0) announce(node, outbox);
  // What it now says of itself it tells them a few at a time, in a pass that has begun here.
  node.OnCounts(tally.counts(), true, {}, outbox);
  node.Settle(outbox);
  outbox.sent.clear();
  while (outbox.later > 0 && outbox.sent.empty()) announce(node, outbox);
  ASSERT_EQ(outbox.sent.size(), kAnnounceMax);
  ASSERT_EQ(outbox.later, 1);

  Node anew(Key(0), rules, kAnnounceMax);
  for (const auto& [key, neighbour] : node.neighbours()) {
    Neighbour stored;
    stored.greeted = neighbour.greeted;
    stored.facts_told = neighbour.facts_told;
    stored.sketch_told = neighbour.sketch_told;
    stored.sampled_told = neighbour.sampled_told;
    anew.RestoreNeighbour(key, std::move(stored));
  }
  ASSERT_TRUE(anew.Restore(tally, true, node.state()));
  Recorder again;
  again.later = outbox.later;
  while (outbox.later > 0) {
    outbox.sent.clear();
    again.sent.clear();
    announce(node, outbox);
    announce(anew, again);
    ASSERT_EQ(again.later, outbox.later);
    ASSERT_EQ(again.sent.size(), outbox.sent.size());
    for (size_t i = 0; i < again.sent.size(); ++i) {
      EXPECT_EQ(again.sent[i].to, outbox.sent[i].to);
      EXPECT_EQ(again.sent[i].facts, outbox.sent[i].facts);
    }
  }
}

TEST(Node, ByOtherRulesItTellsWhatIsAnotherOfItAndNothingElse) {
  Rules rules;
  Recorder outbox;
  Tally tally(rules);
  std::vector<NodeKey> changed;
  for (uint64_t incident = 1; incident <= rules.established_incidents; ++incident) {
    tally.Add({{1, incident}, {2, incident % 2}, {Key(1), Key(2)}}, changed);
  }
  Node node(Key(0), rules);
  const std::vector<TieChange> ties = {{Key(1), tally.TieTo(Key(1))},
                                       {Key(2), tally.TieTo(Key(2))}};
  node.OnCounts(tally.counts(), false, ties, outbox);
  for (const NodeKey& key : {Key(1), Key(2)}) {
    node.OnNeighbour({.from = key, .to = Key(0), .place = 9, .facts = {}, .sketch = {}});
  }
  node.Settle(outbox);
  EXPECT_TRUE(node.facts().established);
  const auto reconsidered = [&] {
    EXPECT_TRUE(node.OnRules(tally, false));
    outbox.sent.clear();
    node.Reconsider();
    node.Settle(outbox);
    return outbox.sent.size();
  };
  EXPECT_EQ(reconsidered(), 0u) << "the same rules";
  rules.established_incidents = 1'000;
  EXPECT_EQ(reconsidered(), 2u);
  EXPECT_FALSE(node.facts().established);
  for (const Message& message : outbox.sent) EXPECT_EQ(message.facts, node.facts());
  EXPECT_EQ(reconsidered(), 0u) << "they have been told";
}

}  // namespace
}  // namespace ringfence::ties
