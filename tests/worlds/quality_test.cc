#include "tests/worlds/quality.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <random>
#include <set>

namespace ringfence::worlds {
namespace {

NodeKey Key(uint64_t number) { return {{number, number}, 0}; }

// Two campaigns of two, and a wallet that both use.
World Small() {
  World world;
  world.reports = {{1, 0, {Key(1), Key(2), Key(9)}}, {2, 0, {Key(3), Key(4), Key(9)}}};
  world.used_by = {{Key(1), {0}}, {Key(2), {0}}, {Key(3), {1}}, {Key(4), {1}}, {Key(9), {0, 1}}};
  return world;
}

TEST(Quality, OfTheTruthIsPerfectAndOfOneHeapIsNot) {
  const World world = Small();
  const Graph graph = GraphOf(world.reports, {});
  const Quality heap = Judge(world, graph, Plain(graph));
  EXPECT_DOUBLE_EQ(heap.bcubed_recall, 1);
  EXPECT_DOUBLE_EQ(heap.bcubed_precision, 0.5);
  EXPECT_DOUBLE_EQ(heap.pair_precision, 2.0 / 6);
  std::vector<bool> shared;
  for (const NodeKey& node : graph.nodes) shared.push_back(node == Key(9));
  const Quality truth = Judge(world, graph, WithoutNodes(graph, shared));
  EXPECT_DOUBLE_EQ(truth.BcubedF1(), 1);
  EXPECT_DOUBLE_EQ(truth.PairF1(), 1);
}

TEST(Worlds, FollowFromTheirSeed) {
  Options options = Thin(7);
  options.reports = 500;
  const World one = Make(options);
  const World same = Make(options);
  ASSERT_EQ(one.reports.size(), same.reports.size());
  for (size_t i = 0; i < one.reports.size(); ++i) {
    EXPECT_EQ(one.reports[i].nodes, same.reports[i].nodes);
  }
  options.seed = 8;
  EXPECT_NE(one.reports[0].nodes, Make(options).reports[0].nodes);
}

// The rule on small worlds of the kinds that it is judged by (campaign_quality, with figures in
// ops/adr): with bounds that it keeps with room to spare, and that leaving a part of it out breaks.
Options SmallPlenty(uint64_t seed) {
  Options options = Plenty(seed);
  options.campaigns = 120;
  options.reports = 7'000;
  options.shared = {{4, 5}, {4, 20}, {4, 100}};
  return options;
}

std::vector<bool> SharedOf(const World& world, const Graph& graph) {
  std::vector<bool> shared;
  for (const NodeKey& node : graph.nodes) shared.push_back(world.used_by.at(node).size() != 1);
  return shared;
}

TEST(TheRule, FindsCampaignsWhereDataIsPlenty) {
  for (uint64_t seed : {12, 13}) {
    const World world = Make(SmallPlenty(seed));
    const Graph graph = GraphOf(world.reports, {});
    const Quality quality = Judge(world, graph, ByTheRule(graph, {}).components);
    EXPECT_GT(quality.BcubedF1(), 0.95) << seed;
    EXPECT_LT(quality.welded, 0.25) << seed;
    EXPECT_LT(quality.shattered, 0.05) << seed;
    const Quality plain = Judge(world, graph, WithoutNodes(graph, SharedOf(world, graph)));
    EXPECT_GT(quality.BcubedF1(), plain.BcubedF1() - 0.03) << seed;
    // What infrastructure is worth here.
    const Without infrastructure{.infrastructure = true};
    EXPECT_LT(Judge(world, graph, ByTheRule(graph, {}, infrastructure).components).BcubedF1(), 0.5)
        << seed;
  }
}

TEST(TheRule, LetsNoOrganisationAloneJoinTwoCampaigns) {
  for (uint64_t seed : {12, 13}) {
    const World world = Make(SmallPlenty(seed));
    const Graph graph = GraphOf(world.reports, {});
    for (const auto& [attack, joined] :
         Judge(world, graph, ByTheRule(graph, {}).components).joined) {
      EXPECT_FALSE(joined) << NameOf(attack) << " " << seed;
    }
    // The attacks are worth something: without the parts that are meant for them they succeed.
    EXPECT_TRUE(Judge(world, graph, ByTheRule(graph, {}, {.reach = true}).components)
                    .joined.at(Attack::kShortChains));
    ties::Rules one_will_do;
    one_will_do.tie_organisations = 1;
    EXPECT_TRUE(Judge(world, graph, ByTheRule(graph, one_will_do).components)
                    .joined.at(Attack::kOwnIdentifier));
  }
}

// Call centres of which each takes two new identifiers a report into a pool of 20, without end, and
// one identifier that every tenth report names beside them.
World PoolsAndOneHub(uint64_t seed) {
  constexpr uint64_t kCentres = 60;
  constexpr uint64_t kHub = 1;
  World world;
  std::mt19937_64 random(seed);
  std::array<std::deque<uint64_t>, kCentres> pools;
  uint64_t last = kHub;
  for (uint64_t incident = 1; incident <= 6'000; ++incident) {
    const auto centre = static_cast<uint32_t>(random() % kCentres);
    std::deque<uint64_t>& pool = pools[centre];
    std::set<uint64_t> named;
    for (int i = 0; i < 2; ++i) {
      if (!pool.empty()) named.insert(pool[random() % pool.size()]);
      pool.push_back(++last);
      if (pool.size() > 20) pool.pop_front();
      named.insert(last);
    }
    if (incident % 10 == 0) named.insert(kHub);
    Report& report = world.reports.emplace_back();
    report.incident = incident;
    report.organisation = static_cast<uint32_t>(random() % 4);
    for (uint64_t number : named) {
      report.nodes.push_back(Key(number));
      world.used_by[Key(number)].insert(centre);
    }
  }
  return world;
}

TEST(TheRule, JoinsNothingThroughAHub) {
  const World world = PoolsAndOneHub(1);
  const Graph graph = GraphOf(world.reports, {});
  const Quality quality = Judge(world, graph, ByTheRule(graph, {}).components);
  const Quality without = Judge(world, graph, WithoutNodes(graph, SharedOf(world, graph)));
  EXPECT_GT(quality.bcubed_precision, 0.999);
  EXPECT_EQ(quality.welded, 0);
  EXPECT_GT(quality.bcubed_recall, without.bcubed_recall - 0.03);
}

TEST(TheRule, KeepsDenseCampaignsAndStarsWhole) {
  Options options = DenseAndStars(13);
  options.campaigns = 80;
  options.reports = 2'500;
  const World world = Make(options);
  const Graph graph = GraphOf(world.reports, {});
  const Quality quality = Judge(world, graph, ByTheRule(graph, {}).components);
  EXPECT_EQ(quality.special, 6);
  EXPECT_EQ(quality.special_broken, 0);
  EXPECT_GT(quality.BcubedF1(), 0.9);
  EXPECT_GT(Judge(world, graph, ByTheRule(graph, {}, {.vouching = true}).components).special_broken,
            0);
}

}  // namespace
}  // namespace ringfence::worlds
