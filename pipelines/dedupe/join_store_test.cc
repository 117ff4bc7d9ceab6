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

// Else it is not stored in time.
TEST(JoinStore, WhatAReportSharesCountsAsMemoryUntilItIsStored) {
  core::MemoryState state;
  JoinStore store(state);
  Report& report = store.LoadReport({1, 2});
  report.known = true;
  report.dirty = true;
  const size_t alone = store.UnstoredBytes();
  for (uint64_t i = 0; i < 100; ++i) {
    report.joins.blocks[{3, i}].others.resize(10);
    report.joins.peers[{4, i}].facts = std::string(1'000, 'f');
  }
  store.Measure(report);
  EXPECT_GT(store.UnstoredBytes(), alone + 100 * (1'000 + 160));
  store.WriteBack();
  EXPECT_EQ(store.UnstoredBytes(), 0u);
  // What is read is counted as well.
  store.LoadReport({1, 2});
  EXPECT_GT(store.UnstoredBytes(), alone + 100 * (1'000 + 160));
  // What it lost is not.
  Report& read = store.LoadReport({1, 2});
  read.joins = Joins();
  store.Measure(read);
  EXPECT_EQ(store.UnstoredBytes(), alone);
}

TEST(JoinStore, EntriesOfBlocksCountAsMemoryUntilTheyAreStored) {
  core::MemoryState state;
  JoinStore store(state);
  Block& block = store.LoadBlock({1, 2});
  const size_t empty = store.UnstoredBytes();
  for (uint64_t i = 0; i < 60; ++i) {
    block.count = static_cast<uint32_t>(i) + 1;
    store.PutItem(block, {3, i}, {.place = 1, .rank = 0, .told = true, .reach = 7});
  }
  EXPECT_GT(store.UnstoredBytes(), empty + 60 * 30);
  store.WriteBack();
  EXPECT_EQ(store.UnstoredBytes(), 0u);
  EXPECT_EQ(store.FindItem(store.LoadBlock({1, 2}), {3, 5})->reach, 7u);
  EXPECT_GT(store.UnstoredBytes(), empty + 60 * 30);
}

// Counts what scans go through.
class CountingState : public core::MemoryState {
 public:
  void Scan(std::string_view from, std::string_view until, const Visitor& visit) override {
    MemoryState::Scan(from, until, [&](std::string_view key, std::string_view value) {
      ++visited;
      return visit(key, value);
    });
  }
  size_t visited = 0;
};

TEST(JoinStore, ForgetsRemovalsWithoutGoingThroughThoseOfLater) {
  CountingState state;
  JoinStore store(state);
  Block& block = store.LoadBlock({1, 2});
  const core::Time first_day = 20'000 * core::kDay;
  for (uint64_t i = 0; i < 2'000; ++i) {
    store.PutTombstone(block, {i, 3}, 5, first_day + (i % 2 == 0 ? 0 : 2 * core::kDay));
  }
  // One is put anew, one comes back.
  store.PutTombstone(block, {0, 3}, 6, first_day + 2 * core::kDay);
  store.EraseTombstone(block, {2, 3});
  const core::Time due = first_day + 9 * core::kDay;
  while (true) {
    state.visited = 0;
    const bool more = store.SweepTombstones(due, 10);
    EXPECT_LE(state.visited, 30u);
    if (!more) break;
  }
  EXPECT_EQ(store.TombstoneOf(block, {0, 3}), 6u);
  EXPECT_EQ(store.TombstoneOf(block, {1, 3}), 5u);
  EXPECT_EQ(store.TombstoneOf(block, {4, 3}), std::nullopt);
  while (store.SweepTombstones(due + 2 * core::kDay, 10)) {
  }
  EXPECT_FALSE(store.LoadBlock({1, 2}).has_tombstones);
  EXPECT_EQ(state.size(), 0u);
}

}  // namespace
}  // namespace ringfence::dedupe
