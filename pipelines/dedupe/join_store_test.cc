#include "pipelines/dedupe/join_store.h"

#include <gtest/gtest.h>

#include "pipelines/core/memory_state.h"

namespace ringfence::dedupe {
namespace {

using components::NodeKey;
using core::Id;

// The node of a flooded block stays in memory as long as the flood lasts.
TEST(JoinStore, WritesOfAFloodedBlockWhatChangedAndKeepsNoListOfIt) {
  core::MemoryState state;
  JoinStore store(state);
  const Id id{1, 2};
  const NodeKey neighbour{{3, 4}, 0};
  Block& block = store.LoadBlock(id);
  block.flooded = true;
  block.count = 1;
  block.node = std::make_unique<JoinNode>(NodeKey{id, 0});
  components::Node& node = block.node->node;
  node.neighbours[neighbour].distance = 7;
  node.neighbours[neighbour].dirty = true;
  node.changed.push_back(neighbour);
  block.dirty = true;
  store.WriteBack();
  Block& kept = store.LoadBlock(id);
  EXPECT_TRUE(kept.node->node.changed.empty());
  EXPECT_FALSE(kept.node->node.neighbours.at(neighbour).dirty);

  JoinStore again(state);
  const Block& read = again.LoadBlock(id);
  ASSERT_NE(read.node, nullptr);
  EXPECT_EQ(read.node->node.neighbours.at(neighbour).distance, 7u);
}

// What was sent again from a state of seven days ago may come half a day later.
TEST(JoinStore, RemovalsAreRememberedForEightWholeDays) {
  core::MemoryState state;
  JoinStore store(state);
  const core::Id report{7, 8};
  Block& block = store.LoadBlock({1, 2});
  const core::Time late_in_the_day = 20'001 * core::kDay - core::kHour;
  store.PutTombstone(block, report, 5, late_in_the_day);
  store.SweepTombstones(late_in_the_day + 8 * core::kDay, 100);
  EXPECT_EQ(store.TombstoneOf(block, report), 5u);
  store.SweepTombstones(late_in_the_day + 9 * core::kDay, 100);
  EXPECT_EQ(store.TombstoneOf(block, report), std::nullopt);
}

}  // namespace
}  // namespace ringfence::dedupe
