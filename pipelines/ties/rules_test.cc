#include "pipelines/ties/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace ringfence::ties {
namespace {

NodeKey Key(uint64_t number, v1::IdentifierType type = v1::IDENTIFIER_TYPE_PHONE, int32_t day = 0) {
  return {{static_cast<uint64_t>(type) << 56 | number, number * 0x9e3779b97f4a7c15}, day};
}

NodeFacts Known() {
  NodeFacts facts;
  facts.established = true;
  facts.organisations = 2;
  facts.reach = 2;
  return facts;
}

Tie Told(uint32_t incidents, uint32_t organisations) {
  return {incidents, organisations, incidents, incidents == 1 ? 7u : 0u,
          organisations == 1 ? 1u : 0u};
}

Verdict Between(const NodeFacts& one, const NodeFacts& other, const Tie& tie) {
  const Verdict verdict = Judge({Key(1), one}, {Key(2), other}, tie, {});
  EXPECT_EQ(verdict, Judge({Key(2), other}, {Key(1), one}, tie, {}));
  return verdict;
}

TEST(Facts, FollowFromCountsInCoarseSteps) {
  const Rules rules;
  const NodeFacts few = FactsOf({3, 1, 23}, rules);
  EXPECT_FALSE(few.established);
  EXPECT_FALSE(few.many_neighbours);
  EXPECT_TRUE(few.few_neighbours);
  EXPECT_EQ(few.log2_incidents, 1);
  const NodeFacts many = FactsOf({4, 9, 101}, rules);
  EXPECT_TRUE(many.established);
  EXPECT_TRUE(many.many_neighbours);
  EXPECT_FALSE(many.few_neighbours);
  EXPECT_EQ(many.log2_incidents, 2);
  EXPECT_EQ(many.organisations, 2);
  EXPECT_EQ(FactsOf({}, rules), NodeFacts());
}

TEST(Clustering, IsHowOftenTwoSketchesListTheSame) {
  const Rules rules;
  Clustering clustering(Key(0), rules);
  EXPECT_TRUE(clustering.IsLow());
  clustering.Add({Key(1), Key(2)});
  EXPECT_TRUE(clustering.IsLow());  // one sketch says nothing
  clustering.Add({Key(2), Key(3)});
  // cnt = 1, 2, 1: (2 * 1) / ((2 - 1) * 4).
  EXPECT_DOUBLE_EQ(clustering.Value(), 0.5);
  EXPECT_FALSE(clustering.IsLow());
  clustering.Remove({Key(2), Key(3)});
  clustering.Add({Key(4)});
  EXPECT_DOUBLE_EQ(clustering.Value(), 0);
  EXPECT_TRUE(clustering.IsLow());
}

TEST(Clustering, LeavesTheReceiverOutAndTakesOneFewer) {
  Rules rules;
  rules.sketch_size = 3;
  Clustering with(Key(0), rules);
  with.Add({Key(0), Key(1), Key(2)});
  with.Add({Key(1), Key(2), Key(3)});  // takes 1 and 2
  EXPECT_DOUBLE_EQ(with.Value(), 1);
  // Only the receiver: lists nothing.
  with.Add({Key(0)});
  EXPECT_DOUBLE_EQ(with.Value(), 1);
}

TEST(Infrastructure, NeedsManyNeighboursThatDoNotKnowEachOther) {
  const Rules rules;
  const Clustering nobody(Key(0), rules);
  EXPECT_FALSE(IsInfrastructure({50, 3, 23}, nobody, rules));
  EXPECT_TRUE(IsInfrastructure({50, 3, 24}, nobody, rules));
  Clustering close(Key(0), rules);
  for (uint64_t i = 0; i < 24; ++i) close.Add({Key(100), Key(101)});
  EXPECT_FALSE(IsInfrastructure({50, 3, 24}, close, rules));
}

TEST(Home, OrganisationsThenIncidentsThenTheLessBusyOne) {
  const Rules rules;
  auto rank = [&](uint64_t number, const Tie& tie, uint8_t log2_incidents = 3) {
    NodeFacts facts = Known();
    facts.log2_incidents = log2_incidents;
    return RankAsHome(Key(number), tie, facts, rules);
  };
  EXPECT_LT(rank(2, Told(2, 2)), rank(1, Told(3, 1)));
  EXPECT_LT(rank(2, Told(3, 2)), rank(1, Told(2, 2)));
  EXPECT_FALSE(rank(2, Told(3, 9)) < rank(1, Told(3, 2)));  // from two on all the same
  EXPECT_LT(rank(2, Told(2, 2), 3), rank(1, Told(2, 2), 4));
  EXPECT_LT(rank(1, Told(2, 2)), rank(2, Told(2, 2)));
}

TEST(Home, EstablishedThenUnknownThenInfrastructure) {
  const Rules rules;
  NodeFacts shared = Known();
  shared.infrastructure = Infrastructure::kByRule;
  const HomeRank established = RankAsHome(Key(3), Told(1, 1), Known(), rules);
  const HomeRank unknown = RankAsHome(Key(2), Told(1, 1), NodeFacts(), rules);
  // However often.
  const HomeRank infrastructure = RankAsHome(Key(1), Told(9, 9), shared, rules);
  EXPECT_LT(established, unknown);
  EXPECT_LT(unknown, infrastructure);
}

TEST(Home, IsNoAddressNoDeclaredOneAndNoSharedHost) {
  NodeFacts shared;
  shared.infrastructure = Infrastructure::kByRule;
  NodeFacts declared;
  declared.infrastructure = Infrastructure::kDeclared;
  EXPECT_TRUE(CanBeHome(Key(1), NodeFacts()));
  EXPECT_TRUE(CanBeHome(Key(1), shared));
  EXPECT_FALSE(CanBeHome(Key(1), declared));
  EXPECT_TRUE(CanBeHome(Key(1, v1::IDENTIFIER_TYPE_DOMAIN), NodeFacts()));
  EXPECT_FALSE(CanBeHome(Key(1, v1::IDENTIFIER_TYPE_DOMAIN), shared));
  EXPECT_FALSE(CanBeHome(Key(1, v1::IDENTIFIER_TYPE_IP, 20'000), NodeFacts()));
}

// Ranks from 1 on, each named by this organisation alone; 0: by several.
std::vector<HomeRank> Established(const std::vector<uint64_t>& organisations) {
  std::vector<HomeRank> homes;
  for (uint64_t organisation : organisations) {
    HomeRank& rank = homes.emplace_back();
    rank.key = Key(homes.size());
    rank.only_organisation = organisation;
  }
  return homes;
}

std::vector<uint64_t> AnchorsOf(const std::vector<HomeRank>& homes, const Rules& rules = {}) {
  std::vector<uint64_t> numbers;
  for (const Anchor& anchor : AnchorsAmong(homes, rules)) {
    const auto of = std::find_if(homes.begin(), homes.end(),
                                 [&](const HomeRank& rank) { return rank.key == anchor.key; });
    EXPECT_EQ(of->only_organisation, anchor.only_organisation);
    numbers.push_back(static_cast<uint64_t>(of - homes.begin()) + 1);
  }
  return numbers;
}

TEST(Anchors, AreTheBestAndNotAllOfOneOrganisation) {
  using testing::ElementsAre;
  EXPECT_THAT(AnchorsOf({}), ElementsAre());
  EXPECT_THAT(AnchorsOf(Established({1, 1, 1, 1, 1})), ElementsAre(1, 2, 3));
  EXPECT_THAT(AnchorsOf(Established({1, 2, 1, 1, 3})), ElementsAre(1, 2, 3));
  EXPECT_THAT(AnchorsOf(Established({1, 1, 1, 1, 0, 2})), ElementsAre(1, 2, 5));
  EXPECT_THAT(AnchorsOf(Established({0, 1, 1, 1, 2})), ElementsAre(1, 2, 3));
  // Not such as nobody knows well yet.
  std::vector<HomeRank> homes = Established({1, 1, 1, 2});
  homes[3].home_class = 1;
  EXPECT_THAT(AnchorsOf(homes), ElementsAre(1, 2, 3));
  Rules rules;
  rules.anchor_candidates_max = 4;
  EXPECT_THAT(AnchorsOf(Established({1, 1, 1, 1, 2}), rules), ElementsAre(1, 2, 3));
  rules.anchors_max = 1;
  EXPECT_THAT(AnchorsOf(Established({1, 2}), rules), ElementsAre(1));
  rules.anchors_max = 0;
  EXPECT_THAT(AnchorsOf(Established({1, 2}), rules), ElementsAre());
}

TEST(Home, IsInDoubtWhereTheMajorityAloneSaysSoAndAnotherDoesNot) {
  Counts counts{5, 2, 9, 1};
  const Rules rules;
  auto in_doubt = [&](const std::vector<uint64_t>& organisations) {
    return IsHomeInDoubt(counts, AnchorsAmong(Established(organisations), rules));
  };
  EXPECT_TRUE(in_doubt({1, 1, 1, 1, 2}));
  EXPECT_TRUE(in_doubt({1, 0}));
  EXPECT_FALSE(in_doubt({1, 1, 1}));  // nobody says otherwise
  EXPECT_FALSE(in_doubt({2, 1}));     // the lesser one's word against the majority's
  EXPECT_FALSE(in_doubt({0, 1, 2}));
  EXPECT_FALSE(in_doubt({}));
  counts.majority = 0;
  EXPECT_FALSE(in_doubt({1, 2}));
}

TEST(Verdict, StrangersAreTiedAtOnce) {
  EXPECT_EQ(Between(NodeFacts(), NodeFacts(), Told(1, 1)), Verdict::kActive);
  NodeFacts anchored;
  anchored.anchors = {{Key(9), 0}};
  EXPECT_EQ(Between(anchored, NodeFacts(), Told(1, 1)), Verdict::kActive);
  // Each has a home among those that are known: one report does not bring these together.
  NodeFacts other = anchored;
  other.reach = 2;
  EXPECT_EQ(Between(anchored, other, Told(1, 1)), Verdict::kIfVouchedFor);
}

TEST(Verdict, TheKnownNeedTwoIncidentsOfTwoOrganisations) {
  EXPECT_EQ(Between(Known(), Known(), Told(2, 2)), Verdict::kActive);
  EXPECT_EQ(Between(Known(), Known(), Told(20, 1)), Verdict::kIfVouchedFor);
  EXPECT_EQ(Between(Known(), Known(), Told(1, 2)), Verdict::kIfVouchedFor);
  EXPECT_EQ(Between(Known(), NodeFacts(), Told(20, 1)), Verdict::kIfVouchedFor);
  // With one organisation about both, nobody else can be asked.
  NodeFacts of_one = Known();
  of_one.organisations = of_one.reach = 1;
  EXPECT_EQ(Between(of_one, of_one, Told(1, 1)), Verdict::kActive);
}

TEST(Verdict, HomesCountAndInfrastructureMergesNothing) {
  NodeFacts at_home = Known();
  at_home.home = Key(2);
  EXPECT_EQ(Between(at_home, Known(), Told(1, 1)), Verdict::kActive);
  NodeFacts in_doubt = at_home;
  in_doubt.home_in_doubt = true;
  EXPECT_EQ(Between(in_doubt, Known(), Told(3, 1)), Verdict::kIfVouchedFor);
  EXPECT_EQ(Between(in_doubt, Known(), Told(2, 2)), Verdict::kActive);
  NodeFacts shared = Known();
  shared.infrastructure = Infrastructure::kByRule;
  EXPECT_EQ(Between(Known(), shared, Told(9, 3)), Verdict::kInactive);
  EXPECT_EQ(Between(at_home, shared, Told(1, 1)), Verdict::kActive);
}

TEST(Verdict, AnAddressSeenOnceThatDayFollowsItsHomeAndLeadsNobody) {
  const NodeKey ip = Key(1, v1::IDENTIFIER_TYPE_IP, 20'000);
  NodeFacts follows;
  follows.home = Key(2);
  NodeFacts led;
  led.home = ip;
  auto judge = [&](const NodeFacts& one, const NodeFacts& other, uint32_t incidents) {
    return Judge({ip, one}, {Key(2), other}, Told(incidents, 1), {});
  };
  EXPECT_EQ(judge(follows, NodeFacts(), 1), Verdict::kActive);
  follows.home_in_doubt = true;
  EXPECT_EQ(judge(follows, NodeFacts(), 1), Verdict::kActive) << "it brings nothing else along";
  EXPECT_EQ(judge(NodeFacts(), led, 1), Verdict::kInactive);
  EXPECT_EQ(judge(NodeFacts(), NodeFacts(), 1), Verdict::kInactive);
  EXPECT_EQ(judge(NodeFacts(), NodeFacts(), 2), Verdict::kActive);
}

TEST(Vouching, NeedsAWayRoundThatIsNotTheSuspectsOwn) {
  const Tie suspected{5, 1, 3, 0, 77};
  const Tie others{3, 2, 3, 0, 0};
  const Tie own{3, 1, 3, 0, 77};
  const Lead itself{Key(5), 0};
  const Lead by_others{Key(5), 12};
  const Lead by_suspect{Key(5), 77};
  EXPECT_TRUE(Vouches(suspected, itself, others, by_others));
  EXPECT_FALSE(Vouches(suspected, itself, own, by_others));
  EXPECT_FALSE(Vouches(suspected, by_suspect, others, itself));
  EXPECT_FALSE(Vouches(suspected, itself, others, by_suspect));
  // Where two say so, they are nobody's suspects.
  EXPECT_TRUE(Vouches(others, by_suspect, own, itself));
}

TEST(Vouching, OneIncidentDoesNotVouchForItself) {
  const Tie tie{1, 1, 1, 1234, 77};
  EXPECT_FALSE(Vouches(tie, {Key(5), 0}, {1, 2, 1, 1234, 0}, {Key(5), 0}));
  EXPECT_TRUE(Vouches(tie, {Key(5), 0}, {1, 1, 1, 4321, 78}, {Key(5), 0}));
}

TEST(Hashes, AreIndependentAndTellDaysApart) {
  EXPECT_NE(SketchHash(Key(1)), SampleHash(Key(1)));
  EXPECT_NE(SketchHash(Key(1, v1::IDENTIFIER_TYPE_IP, 5)),
            SketchHash(Key(1, v1::IDENTIFIER_TYPE_IP, 6)));
}

}  // namespace
}  // namespace ringfence::ties
