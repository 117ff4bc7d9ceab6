#include "pipelines/cluster/base_store.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipelines/cluster/evidence.h"
#include "pipelines/core/memory_state.h"

namespace ringfence::cluster {
namespace {

using core::Id;

// Counts how often each base's own entry is read, and that of its nodes; and what is written.
class CountingState : public core::MemoryState {
 public:
  std::optional<std::string> Get(std::string_view key) override {
    ++gets_[std::string(key)];
    return MemoryState::Get(key);
  }
  void Put(std::string_view key, std::string_view value) override {
    ++puts_[key.front()];
    MemoryState::Put(key, value);
  }
  // Into a table.
  int Puts(char table) const {
    auto it = puts_.find(table);
    return it == puts_.end() ? 0 : it->second;
  }
  int Reads(const Id& base, const char* table = "b") const {
    std::string key = table;
    base.AppendTo(key);
    auto it = gets_.find(key);
    return it == gets_.end() ? 0 : it->second;
  }

 private:
  std::map<std::string, int> gets_;
  std::map<char, int> puts_;
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

// Written as a whole, its cost would grow with the square of what names it.
TEST_F(BaseStores, OfManyListingsThoseThatChangedAreWritten) {
  Base& base = store_.Load(kHub);
  for (uint64_t i = 1; i <= 40; ++i) {
    ListingOf(base, Small(i), v1::IDENTIFIER_TYPE_DOMAIN, "host-" + std::to_string(i), nullptr);
  }
  store_.MarkDirty(base);
  store_.WriteBack();
  EXPECT_EQ(state_.Puts('p'), 40);
  Base& again = store_.Load(kHub);
  Listing& listing = again.listings.at(Small(7));
  listing.epoch = 3;
  listing.dirty = true;
  again.dirty_listings.push_back(listing.id);
  store_.MarkDirty(again);
  store_.WriteBack();
  EXPECT_EQ(state_.Puts('p'), 41);
  BaseStore last(state_, {}, nodes_);
  EXPECT_EQ(last.Load(kHub).listings.size(), 40u);
  EXPECT_EQ(last.Load(kHub).listings.at(Small(7)).epoch, 3u);
}

// It would end each batch, of which only what changed is written.
TEST_F(BaseStores, WhatIsLargeCountsForNoMoreThanAPartOfIt) {
  Put(kHub, 100'000);
  EXPECT_LE(store_.unstored_bytes(), size_t{64} << 10);
  for (uint64_t i = 0; i < 10; ++i) Put(Small(i), 1);
  EXPECT_GT(store_.unstored_bytes(), (size_t{64} << 10) + 10 * 32);
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

// A base that two reports of one incident name, one neighbour with it in the first.
class NodesOfBases : public testing::Test {
 protected:
  static constexpr components::NodeKey kNeighbour{{uint64_t{1} << 56, 77}, 0};

  NodesOfBases() {
    Base& base = store_.Load(kHub);
    for (uint64_t report = 1; report <= 2; ++report) {
      internal::v1::Evidence evidence;
      evidence.set_place(report);
      evidence.set_base_hi(kHub.hi);
      evidence.set_base_lo(kHub.lo);
      evidence.set_report_lo(report);
      evidence.set_incident_lo(5);
      evidence.set_partner("acme");
      internal::v1::NodeTies& ties = *evidence.add_ties();
      ties.set_until_day(20'000);
      if (report == 1) {
        ties.add_neighbours(kNeighbour.id.hi);
        ties.add_neighbours(kNeighbour.id.lo);
        ties.add_neighbour_days(0);
        ties.add_until_days(20'000);
      }
      EXPECT_TRUE(ApplyEvidence(base, evidence, core::kDay, state_));
    }
    LinkNode& link = base.nodes.at(0);
    const std::vector<ties::TieChange> changes = {{kNeighbour, link.tally.TieTo(kNeighbour)}};
    base.recounted.clear();
    link.is_recounted = false;
    link.recounted.clear();
    Nowhere nowhere;
    link.ties.OnCounts(link.tally.counts(), false, changes, nowhere);
    link.ties.Settle(nowhere);
    store_.MarkDirty(base);
    store_.WriteBack();
  }

  struct Nowhere : ties::Outbox {
    core::Place NextPlace() override { return ++place; }
    void Send(const ties::Message&) override {}
    void SetActive(const components::NodeKey&, const components::NodeKey&, bool) override {}
    void AnnounceLater(const components::NodeKey&) override {}
    core::Place place = 0;
  };

  CountingState state_;
  NodeOptions nodes_;
  BaseStore store_{state_, {}, nodes_};
};

TEST_F(NodesOfBases, AreReadWithAllTheirCounts) {
  Base& base = store_.Load(kHub);
  // Incidents 5 and 6 of one organisation, 7 of another.
  for (uint64_t report : {6, 7}) {
    internal::v1::Evidence evidence;
    evidence.set_place(report);
    evidence.set_base_hi(kHub.hi);
    evidence.set_base_lo(kHub.lo);
    evidence.set_report_lo(report);
    evidence.set_incident_lo(report);
    evidence.set_partner(report == 6 ? "acme" : "bank");
    evidence.add_ties()->set_until_day(20'000);
    EXPECT_TRUE(ApplyEvidence(base, evidence, core::kDay, state_));
  }
  LinkNode& link = base.nodes.at(0);
  const ties::Counts counts = link.tally.counts();
  EXPECT_EQ(counts.organisations, 2u);
  EXPECT_NE(counts.majority, 0u);
  base.recounted.clear();
  link.is_recounted = false;
  link.recounted.clear();
  Nowhere nowhere;
  link.ties.OnCounts(counts, false, {}, nowhere);
  link.ties.Settle(nowhere);
  store_.MarkDirty(base);
  store_.WriteBack();
  BaseStore again(state_, {}, nodes_);
  Base* read = again.FindNodes(kHub);
  ASSERT_NE(read, nullptr);
  EXPECT_FALSE(read->whole);
  EXPECT_EQ(read->nodes.at(0).ties.counts(), counts);
}

TEST_F(NodesOfBases, AreReadWithoutTheEvidenceAndThenTheRest) {
  BaseStore again(state_, {}, nodes_);
  Base* base = again.FindNodes(kHub);
  ASSERT_NE(base, nullptr);
  EXPECT_EQ(state_.Reads(kHub), 0 + 1) << "when it was made";
  EXPECT_FALSE(base->whole);
  const ties::Node& node = base->nodes.at(0).ties;
  EXPECT_EQ(node.counts(), (ties::Counts{1, 1, 1}));
  const ties::Tie before = node.neighbours().at(kNeighbour).tie;
  EXPECT_EQ(before.incidents, 1u);
  EXPECT_NE(before.only_incident, 0u);
  EXPECT_NE(before.only_organisation, 0u);

  EXPECT_EQ(again.Find(kHub), base);
  EXPECT_TRUE(base->whole);
  EXPECT_EQ(base->evidence.size(), 2u);
  EXPECT_EQ(base->nodes.at(0).tally.counts(), node.counts());
  EXPECT_EQ(base->nodes.at(0).tally.TieTo(kNeighbour), before);
  EXPECT_EQ(base->due, core::StartOfDay(20'000));
  EXPECT_TRUE(again.status().ok());
}

TEST_F(NodesOfBases, AreWrittenWithoutTheEvidence) {
  BaseStore again(state_, {}, nodes_);
  Base* base = again.FindNodes(kHub);
  base->nodes.at(0).declared = true;
  again.MarkNodesDirty(*base);
  again.WriteBack();
  BaseStore last(state_, {}, nodes_);
  const Base* whole = last.Find(kHub);
  EXPECT_TRUE(whole->nodes.at(0).declared);
  EXPECT_EQ(whole->evidence.size(), 2u);
}

// Counts and ties depend on the rule; those that are stored are of another.
TEST_F(NodesOfBases, OfAnotherRuleAreCountedAnew) {
  NodeOptions other = nodes_;
  other.rules_place = 9;
  other.ties.organisation_incidents_max = 0;
  BaseStore again(state_, {}, other);
  const Base* base = again.FindNodes(kHub);
  ASSERT_NE(base, nullptr);
  EXPECT_TRUE(base->whole);
  EXPECT_EQ(base->nodes.at(0).ties.neighbours().at(kNeighbour).tie.support, 0u);
  EXPECT_EQ(again.FindNodes(Small(3)), nullptr);
  EXPECT_TRUE(again.status().ok());
}

TEST_F(NodesOfBases, OfWhichOneIsMissingAreDamaged) {
  std::string key = "q";
  kHub.AppendTo(key);
  internal::v1::StoredNodes stored;
  ASSERT_TRUE(stored.ParseFromString(*state_.Get(key)));
  stored.mutable_nodes(0)->clear_packed_neighbours();
  state_.Put(key, stored.SerializeAsString());
  BaseStore again(state_, {}, nodes_);
  again.Find(kHub);
  EXPECT_EQ(again.status().code(), absl::StatusCode::kDataLoss);
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
