#include "pipelines/cluster/base_store.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "pipelines/core/memory_state.h"

namespace ringfence::cluster {
namespace {

using core::Id;

// Counts how often each base's own entry is read.
class CountingState : public core::MemoryState {
 public:
  std::optional<std::string> Get(std::string_view key) override {
    ++gets_[std::string(key)];
    return MemoryState::Get(key);
  }
  int Reads(const Id& base) const {
    std::string key = "b";
    base.AppendTo(key);
    auto it = gets_.find(key);
    return it == gets_.end() ? 0 : it->second;
  }

 private:
  std::map<std::string, int> gets_;
};

constexpr Id kHub{uint64_t{1} << 56, 1};
Id Small(uint64_t number) { return {uint64_t{1} << 56, 1'000 + number}; }

class BaseStores : public testing::Test {
 protected:
  void Put(const Id& id, int pieces) {
    Base& base = store_.Load(id);
    for (int i = 0; i < pieces; ++i)
      base.evidence[{7, static_cast<uint64_t>(i)}].encoded = std::string(32, 'e');
    store_.MarkDirty(base);
  }

  CountingState state_;
  NodeOptions nodes_;
  BaseStore store_{state_, {.cache_bytes_max = 64 << 10}, nodes_};
};

TEST_F(BaseStores, DropWhatWasNotAskedForForLongest) {
  for (uint64_t i = 0; i < 500; ++i) {
    Put(Small(i), 1);
    store_.WriteBack();
  }
  const int last = state_.Reads(Small(499));
  const int first = state_.Reads(Small(0));
  store_.Load(Small(499));
  store_.Load(Small(0));
  EXPECT_EQ(state_.Reads(Small(499)), last);
  EXPECT_EQ(state_.Reads(Small(0)), first + 1);
}

// A new one is small when it is marked first.
TEST_F(BaseStores, WhatGrowsWhileItWaitsCountsAsItIs) {
  Put(Small(1), 1);
  const size_t first = store_.unstored_bytes();
  EXPECT_GT(first, 0u);
  Put(Small(1), 20);
  EXPECT_GT(store_.unstored_bytes(), first + 19 * 32);
  store_.WriteBack();
  EXPECT_EQ(store_.unstored_bytes(), 0u);
}

// Of one that everybody names the cache may hold less than there is of it. Read again for each
// batch, its cost would grow with the square of what names it.
TEST_F(BaseStores, WhatIsLargeAndInUseIsReadOnce) {
  Put(kHub, 400);
  store_.WriteBack();
  const int reads = state_.Reads(kHub);
  for (uint64_t i = 0; i < 500; ++i) {
    store_.Load(kHub);
    Put(Small(i), 1);
    store_.WriteBack();
    // The others have room beside it.
    const int before = state_.Reads(Small(i));
    store_.Load(Small(i));
    EXPECT_EQ(state_.Reads(Small(i)), before);
  }
  EXPECT_EQ(state_.Reads(kHub), reads);
  // Once nobody asks for it any more it goes like the others.
  for (uint64_t i = 500; i < 1'000; ++i) {
    Put(Small(i), 1);
    store_.WriteBack();
  }
  store_.Load(kHub);
  EXPECT_EQ(state_.Reads(kHub), reads + 1);
}

TEST(BaseStoreOptions, WithoutACacheNothingIsKept) {
  CountingState state;
  NodeOptions nodes;
  BaseStore store(state, {.cache_bytes_max = 0}, nodes);
  Base& base = store.Load(kHub);
  base.evidence[{7, 7}].encoded = "e";
  store.MarkDirty(base);
  store.WriteBack();
  const int reads = state.Reads(kHub);
  for (int i = 1; i < 4; ++i) {
    store.Load(kHub);
    store.Evict();
    EXPECT_EQ(state.Reads(kHub), reads + i);
  }
}

}  // namespace
}  // namespace ringfence::cluster
