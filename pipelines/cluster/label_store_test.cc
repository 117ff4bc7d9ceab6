#include "pipelines/cluster/label_store.h"

#include <gtest/gtest.h>

#include <string>

#include "pipelines/cluster/label_codec.h"
#include "pipelines/core/memory_state.h"

namespace ringfence::cluster {
namespace {

using components::NodeKey;

NodeKey Key(uint64_t number, int32_t day = 0) { return {{uint64_t{1} << 56, number}, day}; }

void ExpectSame(const components::Neighbour& read, const components::Neighbour& written) {
  EXPECT_EQ(read.place, written.place);
  EXPECT_EQ(read.greeted, written.greeted);
  EXPECT_EQ(read.epoch, written.epoch);
  EXPECT_EQ(read.confirmed, written.confirmed);
  EXPECT_EQ(read.root, written.root);
  EXPECT_EQ(read.distance, written.distance);
  EXPECT_EQ(read.labelled, written.labelled);
  EXPECT_EQ(read.waiting, written.waiting);
  EXPECT_EQ(read.withheld, written.withheld);
}

void ExpectSame(const LabelNode& read, const LabelNode& written) {
  EXPECT_EQ(read.node.labelled, written.node.labelled);
  EXPECT_EQ(read.node.root, written.node.root);
  EXPECT_EQ(read.node.distance, written.node.distance);
  EXPECT_EQ(read.node.via, written.node.via);
  EXPECT_EQ(read.node.epoch, written.node.epoch);
  EXPECT_EQ(read.node.parent, written.node.parent);
  EXPECT_EQ(read.node.announce_from, written.node.announce_from);
  EXPECT_EQ(read.node.waiting, written.node.waiting);
  EXPECT_EQ(read.shown, written.shown);
  EXPECT_EQ(read.sent, written.sent);
  ASSERT_EQ(read.node.neighbours.size(), written.node.neighbours.size());
  for (const auto& [key, neighbour] : written.node.neighbours) {
    ExpectSame(read.node.neighbours.at(key), neighbour);
  }
}

components::Neighbour SomeNeighbour(const NodeKey& root, bool flag) {
  components::Neighbour neighbour;
  neighbour.place = 5;
  neighbour.greeted = 6;
  neighbour.epoch = 7;
  neighbour.confirmed = 8;
  neighbour.root = root;
  neighbour.distance = 11;
  neighbour.labelled = flag;
  neighbour.withheld = flag;
  neighbour.waiting = !flag;
  return neighbour;
}

// With its neighbours' labels being its own, theirs, and another.
void Fill(LabelNode& label, bool flag) {
  components::Node& node = label.node;
  node.labelled = flag;
  node.root = flag ? Key(9, 4) : node.key;
  node.distance = 3;
  node.epoch = 12;
  if (flag) {
    node.via = Key(2);
  } else {
    node.parent = components::Parent{Key(3), 13};
    node.announce_from = Key(4);
  }
  label.shown = flag ? node.root : Key(8);
  label.sent = 14;
  for (const auto& [key, root] :
       {std::pair(Key(2), node.root), {Key(3), Key(3)}, {Key(4), Key(7)}}) {
    node.neighbours.insert_or_assign(key, SomeNeighbour(root, flag));
    if (!flag) ++node.waiting;
  }
}

TEST(LabelCodec, ANodeIsReadAsItWasStored) {
  for (const bool flag : {false, true}) {
    LabelNode label(Key(1, -2));
    Fill(label, flag);
    std::string stored;
    StoreLabel(label, stored);
    LabelNode read(label.node.key);
    ASSERT_TRUE(LoadLabel(stored, read));
    ExpectSame(read, label);
    for (size_t size = 0; size < stored.size(); ++size) {
      LabelNode part(label.node.key);
      if (!LoadLabel(stored.substr(0, size), part)) continue;
      EXPECT_LT(part.node.neighbours.size(), label.node.neighbours.size());
    }
  }
}

class LabelStores : public testing::Test {
 protected:
  core::MemoryState state_;
  StoreOptions options_{.inline_neighbours_max = 4};
  LabelStore store_{state_, options_};
  // Knows what is stored alone.
  LabelStore again_{state_, options_};
};

TEST_F(LabelStores, KeepANodeUntilNothingIsKnownOfIt) {
  LabelNode& label = store_.Load(Key(1));
  label.node.neighbours[Key(2)].place = 3;
  store_.MarkDirty(label);
  EXPECT_GT(store_.unstored_bytes(), 0u);
  store_.WriteBack();
  EXPECT_EQ(store_.unstored_bytes(), 0u);
  LabelNode& read = again_.Load(Key(1));
  EXPECT_EQ(read.node.neighbours.at(Key(2)).place, 3u);
  read.node.neighbours.erase(read.node.neighbours.find(Key(2)));
  again_.MarkDirty(read);
  again_.WriteBack();
  EXPECT_EQ(again_.Find(Key(1)), nullptr);
  EXPECT_EQ(state_.size(), 0u);
}

// More neighbours than stand in the node's own entry; some change, some go.
TEST_F(LabelStores, WriteOfManyNeighboursThoseThatChanged) {
  LabelNode& label = store_.Load(Key(1));
  for (uint64_t i = 10; i < 20; ++i) label.node.neighbours[Key(i)] = SomeNeighbour(Key(i), true);
  store_.MarkDirty(label);
  store_.WriteBack();
  EXPECT_EQ(state_.size(), 11u);

  LabelNode& read = again_.Load(Key(1));
  ASSERT_TRUE(read.spilled);
  ExpectSame(read, label);
  for (const uint64_t i : {12, 13}) {
    read.node.neighbours.erase(read.node.neighbours.find(Key(i)));
    read.erased.push_back(Key(i));
  }
  read.node.neighbours[Key(13)] = SomeNeighbour(Key(1), true);
  read.node.neighbours[Key(13)].dirty = true;
  read.node.changed.push_back(Key(13));
  again_.MarkDirty(read);
  again_.WriteBack();
  EXPECT_EQ(state_.size(), 10u);
  LabelStore last(state_, options_);
  const components::Node& node = last.Load(Key(1)).node;
  EXPECT_EQ(node.neighbours.size(), 9u);
  EXPECT_EQ(node.neighbours.at(Key(13)).root, Key(1));
}

TEST_F(LabelStores, SayWhatIsDamaged) {
  LabelNode& label = store_.Load(Key(1));
  label.node.neighbours[Key(2)].place = 3;
  store_.MarkDirty(label);
  store_.WriteBack();
  std::string key;
  state_.Scan("", "\xff", [&](std::string_view stored, std::string_view) {
    key = stored;
    return false;
  });
  state_.Put(key, "\x01");
  EXPECT_EQ(again_.Find(Key(1)), nullptr);
  EXPECT_EQ(again_.status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace ringfence::cluster
