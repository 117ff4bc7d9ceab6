#include "pipelines/ties/tally.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace ringfence::ties {
namespace {

NodeKey Key(uint64_t number) { return {{number, number}, 0}; }

// The same from all namings at once.
Tie NaiveTie(const std::vector<Naming>& namings, const NodeKey& neighbour, uint32_t cap) {
  std::set<core::Id> incidents;
  std::map<core::Id, std::set<core::Id>> by_organisation;
  for (const Naming& naming : namings) {
    const auto& with = naming.neighbours;
    if (std::find(with.begin(), with.end(), neighbour) == with.end()) continue;
    incidents.insert(naming.incident);
    by_organisation[naming.organisation].insert(naming.incident);
  }
  size_t support = 0;
  for (const auto& [organisation, of] : by_organisation)
    support += std::min<size_t>(of.size(), cap);
  Tie tie;
  tie.incidents = static_cast<uint32_t>(incidents.size());
  tie.organisations = static_cast<uint32_t>(by_organisation.size());
  tie.support = static_cast<uint32_t>(std::min(support, incidents.size()));
  if (incidents.size() == 1) tie.only_incident = incidents.begin()->lo;
  if (by_organisation.size() == 1) tie.only_organisation = by_organisation.begin()->first.lo;
  return tie;
}

uint64_t NaiveMajority(const std::vector<Naming>& namings) {
  std::set<core::Id> incidents;
  std::map<core::Id, std::set<core::Id>> by_organisation;
  for (const Naming& naming : namings) {
    incidents.insert(naming.incident);
    by_organisation[naming.organisation].insert(naming.incident);
  }
  std::vector<uint64_t> majorities;
  for (const auto& [organisation, of] : by_organisation) {
    if (2 * of.size() > incidents.size()) majorities.push_back(organisation.lo);
  }
  return by_organisation.size() > 1 && majorities.size() == 1 ? majorities[0] : 0;
}

TEST(Tally, CountsWhatAllNamingsAtOnceGive) {
  std::mt19937_64 random(1);
  for (int world = 0; world < 200; ++world) {
    Rules rules;
    rules.organisation_incidents_max = static_cast<uint32_t>(1 + random() % 3);
    Tally tally(rules);
    std::vector<Naming> namings;
    for (int turn = 0; turn < 120; ++turn) {
      std::vector<NodeKey> changed;
      std::map<NodeKey, Tie> before;
      for (uint64_t i = 0; i < 6; ++i) before[Key(i)] = tally.TieTo(Key(i));
      if (!namings.empty() && random() % 5 < (turn < 60 ? 1 : 3)) {
        const size_t index = random() % namings.size();
        tally.Remove(namings[index], changed);
        namings.erase(namings.begin() + static_cast<std::ptrdiff_t>(index));
      } else {
        Naming naming{{0, 1 + random() % 8}, {0, 1 + random() % 3}, {}};
        for (uint64_t i = 0; i < 6; ++i) {
          if (random() % 2 == 0) naming.neighbours.push_back(Key(i));
        }
        tally.Add(naming, changed);
        namings.push_back(naming);
      }
      std::set<core::Id> incidents;
      std::set<core::Id> organisations;
      std::set<NodeKey> neighbours;
      for (const Naming& naming : namings) {
        incidents.insert(naming.incident);
        organisations.insert(naming.organisation);
        neighbours.insert(naming.neighbours.begin(), naming.neighbours.end());
      }
      ASSERT_EQ(tally.counts().incidents, incidents.size());
      ASSERT_EQ(tally.counts().organisations, organisations.size());
      ASSERT_EQ(tally.counts().neighbours, neighbours.size());
      ASSERT_EQ(tally.counts().majority, NaiveMajority(namings));
      for (uint64_t i = 0; i < 6; ++i) {
        const Tie tie = tally.TieTo(Key(i));
        ASSERT_EQ(tie, NaiveTie(namings, Key(i), rules.organisation_incidents_max));
        ASSERT_EQ(std::count(changed.begin(), changed.end(), Key(i)),
                  tie != before[Key(i)] ? 1 : 0);
      }
    }
  }
}

TEST(Tally, OneOrganisationCountsForThreeIncidentsAtMost) {
  const Rules rules;
  Tally tally(rules);
  std::vector<NodeKey> changed;
  for (uint64_t i = 1; i <= 20; ++i) tally.Add({{0, i}, {0, 1}, {Key(1)}}, changed);
  EXPECT_EQ(tally.TieTo(Key(1)).incidents, 20u);
  EXPECT_EQ(tally.TieTo(Key(1)).support, 3u);
  tally.Add({{0, 99}, {0, 2}, {Key(1)}}, changed);
  EXPECT_EQ(tally.TieTo(Key(1)).support, 4u);
}

}  // namespace
}  // namespace ringfence::ties
