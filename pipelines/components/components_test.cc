#include "pipelines/components/components.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <numeric>
#include <set>
#include <utility>
#include <vector>

namespace ringfence::components {
namespace {

NodeKey Key(uint64_t number) { return {{number, number * 0x9e3779b97f4a7c15}, 0}; }

// Delivers in order; every message that a node causes goes to the end of the queue.
class Network : public Outbox {
 public:
  explicit Network(const Rules& rules = {}) : rules_(rules) {}

  Place NextPlace() override { return ++place_; }
  void Send(const Message& message) override { queue_.push_back(message); }
  void AnnounceLater(const NodeKey& node) override { later_.push_back(node); }

  void Connect(uint64_t a, uint64_t b) {
    for (auto [one, other] : {std::pair(a, b), std::pair(b, a)}) {
      Components(rules_, *this).Connect(NodeAt(one), Key(other));
    }
  }
  void Disconnect(uint64_t a, uint64_t b) {
    for (auto [one, other] : {std::pair(a, b), std::pair(b, a)}) {
      Components(rules_, *this).Disconnect(NodeAt(one), Key(other));
    }
  }
  void Settle() {
    while (!queue_.empty() || !later_.empty()) {
      if (!queue_.empty()) {
        Message message = queue_.front();
        queue_.pop_front();
        Components(rules_, *this).Receive(nodes_.at(message.to), message);
      } else {
        NodeKey node = later_.front();
        later_.pop_front();
        Components(rules_, *this).Announce(nodes_.at(node));
      }
      ++steps_;
    }
  }
  NodeKey LabelOf(uint64_t number) {
    const Node& node = nodes_.at(Key(number));
    EXPECT_TRUE(node.labelled);
    return node.root;
  }
  Node& NodeAt(uint64_t number) {
    return nodes_.try_emplace(Key(number), Key(number)).first->second;
  }
  // What the node answers to a message.
  std::deque<Message> Answers(const Message& message) {
    queue_.clear();
    Components(rules_, *this).Receive(nodes_.at(message.to), message);
    return std::exchange(queue_, {});
  }
  int64_t steps() const { return steps_; }
  bool AnnouncesAtMostOnce() const {
    return later_.size() == std::set<NodeKey>(later_.begin(), later_.end()).size();
  }

 private:
  Rules rules_;
  Place place_ = 0;
  std::map<NodeKey, Node> nodes_;
  std::deque<Message> queue_;
  std::deque<NodeKey> later_;
  int64_t steps_ = 0;
};

TEST(Components, AChainGetsOneLabelAndItsRootIsAMember) {
  Network network;
  for (uint64_t i = 0; i < 50; ++i) network.Connect(i, i + 1);
  network.Settle();
  std::set<NodeKey> labels;
  for (uint64_t i = 0; i <= 50; ++i) labels.insert(network.LabelOf(i));
  ASSERT_EQ(labels.size(), 1u);
  EXPECT_LE(labels.begin()->id.hi, 50u);
}

TEST(Components, CuttingAChainGivesTwoLabelsAndMendingItOne) {
  Network network;
  for (uint64_t i = 0; i < 20; ++i) network.Connect(i, i + 1);
  network.Settle();
  network.Disconnect(10, 11);
  network.Settle();
  for (uint64_t i = 0; i < 10; ++i) EXPECT_EQ(network.LabelOf(i), network.LabelOf(10));
  for (uint64_t i = 12; i <= 20; ++i) EXPECT_EQ(network.LabelOf(i), network.LabelOf(11));
  EXPECT_NE(network.LabelOf(10), network.LabelOf(11));
  network.Connect(3, 17);
  network.Settle();
  EXPECT_EQ(network.LabelOf(0), network.LabelOf(20));
}

TEST(Components, ARingSurvivesACut) {
  Network network;
  for (uint64_t i = 0; i < 12; ++i) network.Connect(i, (i + 1) % 12);
  network.Settle();
  network.Disconnect(4, 5);
  network.Settle();
  for (uint64_t i = 1; i < 12; ++i) EXPECT_EQ(network.LabelOf(i), network.LabelOf(0));
}

TEST(Components, AHubTellsItsNeighboursInPieces) {
  Network network(Rules{.announce_max = 3});
  constexpr uint64_t kLeaves = 100;
  for (uint64_t i = 1; i <= kLeaves; ++i) network.Connect(0, i);
  network.Settle();
  EXPECT_TRUE(network.AnnouncesAtMostOnce());
  for (uint64_t i = 1; i <= kLeaves; ++i) EXPECT_EQ(network.LabelOf(i), network.LabelOf(0));
  for (uint64_t i = 1; i <= kLeaves; ++i) network.Disconnect(0, i);
  network.Settle();
  for (uint64_t i = 0; i <= kLeaves; ++i) EXPECT_EQ(network.LabelOf(i), Key(i));
}

TEST(Components, ALeafCostsThreeMessagesWhereItsNeighbourIsCutOff) {
  constexpr int64_t kLeaves = 20;
  std::vector<uint64_t> numbers(kLeaves + 2);
  std::iota(numbers.begin(), numbers.end(), 0);
  std::sort(numbers.begin(), numbers.end(),
            [](uint64_t a, uint64_t b) { return Dominates(Key(a), Key(b)); });
  const uint64_t root = numbers[0];
  const uint64_t hub = numbers[1];
  Network network;
  network.Connect(root, hub);
  for (size_t i = 2; i < numbers.size(); ++i) network.Connect(hub, numbers[i]);
  network.Settle();
  const int64_t before = network.steps();
  network.Disconnect(root, hub);
  network.Settle();
  EXPECT_EQ(network.steps() - before, 3 * kLeaves);
  for (size_t i = 1; i < numbers.size(); ++i) EXPECT_EQ(network.LabelOf(numbers[i]), Key(hub));
}

// As one that was forgotten and came back does, of which an earlier message came late.
TEST(Components, WhoSaysThatItHasLessThanWasBelievedIsTold) {
  uint64_t root = 0;
  for (uint64_t i = 1; i < 4; ++i) root = Dominates(Key(i), Key(root)) ? i : root;
  const uint64_t node = (root + 1) % 4;
  Network network;
  for (const uint64_t between : {(root + 2) % 4, (root + 3) % 4}) {
    network.Connect(between, root);
    network.Connect(node, between);
  }
  network.Settle();
  ASSERT_EQ(network.LabelOf(node), Key(root));
  const NodeKey via = *network.NodeAt(node).via;
  const std::deque<Message> answers = network.Answers(
      {.from = via, .to = Key(node), .place = network.NextPlace(), .labelled = true, .root = via});
  EXPECT_EQ(network.LabelOf(node), Key(root));
  EXPECT_NE(network.NodeAt(node).via, via);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers.front().to, via);
  EXPECT_EQ(answers.front().root, Key(root));
}

TEST(Components, SoIsWhoWasNotToldAfterAnAttachment) {
  uint64_t root = 0;
  for (uint64_t i = 1; i < 6; ++i) root = Dominates(Key(i), Key(root)) ? i : root;
  const uint64_t node = (root + 1) % 6;
  const std::pair<uint64_t, uint64_t> ways[] = {{(root + 2) % 6, (root + 3) % 6},
                                                {(root + 4) % 6, (root + 5) % 6}};
  Network network;
  for (const auto& [first, second] : ways) {
    network.Connect(root, first);
    network.Connect(first, second);
  }
  network.Connect(root, node);
  network.Settle();
  for (const auto& [first, second] : ways) network.Connect(node, second);
  network.Settle();
  // Both ways are longer than the one that goes: it has to ask before it takes one of them.
  network.Disconnect(root, node);
  network.Settle();
  ASSERT_EQ(network.LabelOf(node), Key(root));
  ASSERT_EQ(network.NodeAt(node).distance, 3u);
  const NodeKey via = *network.NodeAt(node).via;
  const std::deque<Message> answers = network.Answers(
      {.from = via, .to = Key(node), .place = network.NextPlace(), .labelled = true, .root = via});
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers.front().to, via);
  EXPECT_EQ(answers.front().root, Key(root));
}

TEST(Components, ANodeWithoutNeighboursIsItsOwnRoot) {
  Network network;
  network.Connect(1, 2);
  network.Settle();
  network.Disconnect(1, 2);
  network.Settle();
  EXPECT_EQ(network.LabelOf(1), Key(1));
  EXPECT_EQ(network.LabelOf(2), Key(2));
}

TEST(Components, DaysOfOneAddressAreDifferentNodes) {
  EXPECT_NE((NodeKey{Key(1).id, 5}), (NodeKey{Key(1).id, 6}));
  EXPECT_NE(Dominates({Key(1).id, 5}, {Key(1).id, 6}), Dominates({Key(1).id, 6}, {Key(1).id, 5}));
}

// Else identifiers could be made, offline, each of which dominates all before it.
TEST(Components, WhoDoesNotKnowTheSecretCannotTellWhichOfTwoDominates) {
  constexpr uint64_t kPairs = 1'000;
  int same = 0;
  for (uint64_t i = 0; i < kPairs; ++i) {
    const bool known = Dominates(Key(2 * i), Key(2 * i + 1), {.secret = 1});
    same += known == Dominates(Key(2 * i), Key(2 * i + 1), {.secret = 2}) ? 1 : 0;
  }
  EXPECT_GT(same, 400);
  EXPECT_LT(same, 600);
}

}  // namespace
}  // namespace ringfence::components
