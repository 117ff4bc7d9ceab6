#include "pipelines/cluster/statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iterator>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "pipelines/identifiers/policy.h"

namespace ringfence::cluster {
namespace {

constexpr core::Time kStart = 20'000 * core::kDay;

struct Sighting {
  internal::v1::Evidence evidence;
  internal::v1::Occurrence occurrence;
};

Sighting RandomSighting(std::mt19937& random) {
  auto pick = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  Sighting sighting;
  sighting.evidence.set_report_hi(static_cast<uint64_t>(pick(8)) + 1);
  sighting.evidence.set_incident_hi(static_cast<uint64_t>(pick(5)) + 1);
  sighting.evidence.set_partner("p" + std::to_string(pick(3)));
  sighting.evidence.set_basis(pick(4) == 0 ? v1::BASIS_FEED_HIT : v1::BASIS_SELF_REPORTED);
  sighting.evidence.set_country(pick(2) == 0 ? "" : "GB");
  sighting.evidence.set_tlp(pick(2) == 0 ? v1::TLP_CLEAR : v1::TLP_AMBER);
  sighting.evidence.set_scam_type(static_cast<v1::ScamType>(pick(3)));
  v1::AmountTotal& loss = *sighting.evidence.add_losses();
  loss.set_currency(pick(2) == 0 ? "EUR" : "USD");
  loss.set_amount(std::to_string(pick(1000)) + ".25");
  sighting.occurrence.set_type(v1::IDENTIFIER_TYPE_PHONE);
  sighting.occurrence.set_role(pick(3) == 0 ? v1::IDENTIFIER_ROLE_CALLER_ID
                                            : v1::IDENTIFIER_ROLE_CALLBACK);
  sighting.occurrence.set_observed_at(kStart + pick(500) * core::kDay);
  sighting.occurrence.set_bearer_from(pick(2) == 0 ? core::kTimeMax
                                                   : pick(2) * (kStart + core::kDay * 100));
  return sighting;
}

// Few keys and thousands of them, with a map beside it.
TEST(CountedKeys, AreThoseOfAMap) {
  std::mt19937 random(7);
  Counted<int> counted;
  std::map<int, uint32_t> model;
  const auto expect_the_same = [&] {
    ASSERT_EQ(counted.distinct(), model.size());
    ASSERT_EQ(counted.empty(), model.empty());
    if (!model.empty()) {
      ASSERT_EQ(counted.least(), model.begin()->first);
      ASSERT_EQ(counted.greatest(), std::prev(model.end())->first);
    }
    std::map<int, uint32_t> all;
    counted.ForEach([&](int key, uint32_t times) { all.emplace(key, times); });
    ASSERT_EQ(all, model);
    Counted<int> made_anew;
    for (const auto& [key, times] : model) {
      for (uint32_t i = 0; i < times; ++i) made_anew.Add(key);
    }
    ASSERT_EQ(counted, made_anew);
  };
  // Up and down, past where an array becomes a tree.
  for (const int aim : {3'000, 0, 1'500, 700, 1'200, 0}) {
    while (static_cast<int>(model.size()) != aim) {
      const bool up = static_cast<int>(model.size()) < aim ? random() % 4 > 0 : random() % 4 == 0;
      const int key = static_cast<int>(random() % 6'000);
      if (up) {
        counted.Add(key);
        ++model[key];
      } else if (!model.empty()) {
        auto at = model.lower_bound(key);
        if (at == model.end()) at = model.begin();
        counted.Remove(at->first);
        if (--at->second == 0) model.erase(at);
      }
      if (random() % 500 == 0) expect_the_same();
    }
    expect_the_same();
  }
  std::vector<int> first;
  for (int i = 0; i < 10; ++i) counted.Add(i);
  counted.ForEach([&](int key, uint32_t) { first.push_back(key); }, 3);
  EXPECT_EQ(first, (std::vector<int>{0, 1, 2}));
}

// What statistics are depends on the present phases alone, whatever the way that led there.
TEST(Statistics, AnyWayToTheSamePhasesGivesTheSame) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    std::vector<Sighting> sightings;
    Statistics moved;
    std::vector<core::Time> at;
    for (size_t i = 0; i < 30; ++i) {
      sightings.push_back(RandomSighting(random));
      at.push_back(kStart);
      moved.Change(sightings[i].evidence, sightings[i].occurrence, {},
                   PhaseAt(sightings[i].occurrence, at[i]));
    }
    for (int step = 0; step < 100; ++step) {
      const size_t i = random() % sightings.size();
      const core::Time to = kStart + static_cast<core::Time>(random() % 1000) * core::kDay;
      moved.Change(sightings[i].evidence, sightings[i].occurrence,
                   PhaseAt(sightings[i].occurrence, at[i]), PhaseAt(sightings[i].occurrence, to));
      at[i] = to;
    }
    Statistics direct;
    for (size_t i = 0; i < sightings.size(); ++i) {
      direct.Change(sightings[i].evidence, sightings[i].occurrence, {},
                    PhaseAt(sightings[i].occurrence, at[i]));
    }
    ASSERT_TRUE(moved == direct) << "seed " << seed;
    for (size_t i = 0; i < sightings.size(); ++i) {
      moved.Change(sightings[i].evidence, sightings[i].occurrence,
                   PhaseAt(sightings[i].occurrence, at[i]), {});
    }
    ASSERT_TRUE(moved == Statistics()) << "seed " << seed;
  }
}

// However reports come and go, a pair has in common the incidents that both tell of now.
TEST(Statistics, PairsHaveTheIncidentsThatBothReported) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    std::mt19937 random(seed);
    Statistics statistics;
    std::vector<std::pair<uint64_t, std::string>> present;
    for (int step = 0; step < 80; ++step) {
      internal::v1::Evidence evidence;
      const bool add = present.empty() || random() % 3 != 0;
      if (add) {
        present.emplace_back(random() % 6 + 1,
                             std::string(1, static_cast<char>('a' + random() % 4)));
      } else {
        std::swap(present[random() % present.size()], present.back());
      }
      evidence.set_incident_hi(present.back().first);
      evidence.set_partner(present.back().second);
      statistics.ChangeShare(evidence, add);
      if (!add) present.pop_back();
    }
    std::map<uint64_t, std::set<std::string>> reporters;
    for (const auto& [incident, partner] : present) reporters[incident].insert(partner);
    std::map<std::pair<std::string, std::string>, uint32_t> expected;
    for (const auto& [incident, partners] : reporters) {
      for (auto a = partners.begin(); a != partners.end(); ++a) {
        for (auto b = std::next(a); b != partners.end(); ++b) ++expected[{*a, *b}];
      }
    }
    const auto& pairs = statistics.borne().pairs;
    EXPECT_EQ(std::map(pairs.begin(), pairs.end()), expected) << "seed " << seed;
  }
}

TEST(Phase, ChangesOnlyAtNextChange) {
  for (unsigned seed = 0; seed < 500; ++seed) {
    std::mt19937 random(seed);
    const Sighting sighting = RandomSighting(random);
    core::Time time = kStart;
    for (int step = 0; step < 10; ++step) {
      const core::Time next = NextChange(sighting.occurrence, time);
      if (next == core::kTimeMax) break;
      EXPECT_EQ(PhaseAt(sighting.occurrence, time), PhaseAt(sighting.occurrence, next - 1));
      time = next;
    }
    EXPECT_EQ(PhaseAt(sighting.occurrence, time), Phase{});
  }
}

TEST(Phase, ListingEndsWithTheSpanAndLinkingWithADay) {
  Sighting sighting;
  sighting.occurrence.set_type(v1::IDENTIFIER_TYPE_PHONE);
  sighting.occurrence.set_role(v1::IDENTIFIER_ROLE_CALLBACK);
  sighting.occurrence.set_bearer_from(core::kTimeMax);
  const core::Time seen = kStart + core::kHour;
  sighting.occurrence.set_observed_at(seen);
  EXPECT_TRUE(PhaseAt(sighting.occurrence, seen + 90 * core::kDay - 1).live);
  EXPECT_FALSE(PhaseAt(sighting.occurrence, seen + 90 * core::kDay).live);
  EXPECT_TRUE(PhaseAt(sighting.occurrence, seen + 400 * core::kDay).links);
  EXPECT_FALSE(PhaseAt(sighting.occurrence, kStart + 401 * core::kDay).links);
}

// Else it would be forgotten before a decision that is taken back lets it count again.
TEST(NextChange, OfWhatIsDisregardedOrBarredIsThatOfWhatCounts) {
  internal::v1::Occurrence occurrence;
  occurrence.set_type(v1::IDENTIFIER_TYPE_WALLET);
  occurrence.set_role(v1::IDENTIFIER_ROLE_BENEFICIARY);
  occurrence.set_observed_at(20'000 * core::kDay);
  const core::Time now = 20'380 * core::kDay;
  const core::Time next = NextChange(occurrence, now);
  EXPECT_EQ(next, 20'400 * core::kDay);
  occurrence.mutable_mark()->set_bars(internal::v1::BARS_LINKING);
  EXPECT_EQ(NextChange(occurrence, now), next);
  EXPECT_FALSE(PhaseAt(occurrence, now).links);
  occurrence.mutable_mark()->set_disregard_before(now);
  EXPECT_EQ(NextChange(occurrence, now), next);
  EXPECT_EQ(PhaseAt(occurrence, 20'001 * core::kDay), Phase());
}

}  // namespace
}  // namespace ringfence::cluster
