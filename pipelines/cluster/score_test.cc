#include "pipelines/cluster/score.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include "pipelines/identifiers/policy.h"

namespace ringfence::cluster {
namespace {

using testing::ElementsAre;

constexpr core::Time kNow = 20'000 * core::kDay;

internal::v1::Occurrence OccurrenceOf(v1::IdentifierType type, v1::IdentifierRole role,
                                      core::Time observed_at) {
  internal::v1::Occurrence occurrence;
  occurrence.set_type(type);
  occurrence.set_value("value");
  occurrence.set_role(role);
  occurrence.set_observed_at(observed_at);
  occurrence.set_bearer_from(core::kTimeMax);
  return occurrence;
}

// `counts`: incidents of each organisation.
Statistics Reported(v1::IdentifierType type, v1::IdentifierRole role,
                    const std::vector<int>& counts, v1::Basis basis = v1::BASIS_SELF_REPORTED,
                    core::Time observed_at = kNow - core::kHour) {
  Statistics statistics;
  uint64_t report = 0;
  for (size_t organisation = 0; organisation < counts.size(); ++organisation) {
    for (int i = 0; i < counts[organisation]; ++i) {
      internal::v1::Evidence evidence;
      evidence.set_report_hi(++report);
      evidence.set_incident_hi(report);
      evidence.set_partner("partner-" + std::to_string(organisation));
      evidence.set_basis(basis);
      evidence.set_tlp(v1::TLP_AMBER);
      internal::v1::Occurrence occurrence = OccurrenceOf(type, role, observed_at);
      statistics.Change(evidence, occurrence, {}, PhaseAt(occurrence, kNow));
    }
  }
  return statistics;
}

Assessment AssessPhone(const std::vector<int>& counts) {
  return Assess(v1::IDENTIFIER_TYPE_PHONE,
                Reported(v1::IDENTIFIER_TYPE_PHONE, v1::IDENTIFIER_ROLE_CALLBACK, counts),
                ties::Infrastructure::kNo, kNow);
}

// Of organisations of the default weight.
uint32_t ScoreOf(const std::vector<uint32_t>& incidents) {
  std::vector<Word> words;
  for (const uint32_t n : incidents) words.push_back({.incidents = n});
  return Score(words);
}

// One more occurrence, now.
void See(Statistics& statistics, v1::IdentifierType type, v1::IdentifierRole role, v1::Basis basis,
         bool echo, uint64_t via_url) {
  internal::v1::Evidence evidence;
  evidence.set_report_hi(1'000 + via_url);
  evidence.set_incident_hi(1'000 + via_url);
  evidence.set_partner("another");
  evidence.set_basis(basis);
  evidence.set_tlp(v1::TLP_AMBER);
  internal::v1::Occurrence occurrence = OccurrenceOf(type, role, kNow - core::kHour);
  occurrence.set_echo(echo);
  occurrence.set_via_url_hi(via_url);
  statistics.Change(evidence, occurrence, {}, PhaseAt(occurrence, kNow));
}

TEST(Assess, WhatDoesNotCountKeepsNoPhoneNumberBlocked) {
  constexpr auto kPhone = v1::IDENTIFIER_TYPE_PHONE;
  constexpr auto kCallback = v1::IDENTIFIER_ROLE_CALLBACK;
  Statistics statistics =
      Reported(kPhone, kCallback, {2, 2, 2}, v1::BASIS_SELF_REPORTED, kNow - 31 * core::kDay);
  const auto action = [&] {
    return Assess(kPhone, statistics, ties::Infrastructure::kNo, kNow).action;
  };
  EXPECT_EQ(action(), v1::ACTION_CHALLENGE);
  See(statistics, kPhone, v1::IDENTIFIER_ROLE_CALLER_ID, v1::BASIS_SELF_REPORTED, false, 0);
  See(statistics, kPhone, kCallback, v1::BASIS_THIRD_PARTY_FEED, false, 0);
  See(statistics, kPhone, kCallback, v1::BASIS_SELF_REPORTED, /*echo=*/true, 0);
  EXPECT_EQ(statistics.last_seen(), kNow - core::kHour);
  EXPECT_EQ(action(), v1::ACTION_CHALLENGE);
  See(statistics, kPhone, kCallback, v1::BASIS_SELF_REPORTED, false, 0);
  EXPECT_EQ(action(), v1::ACTION_BLOCK);
}

TEST(Assess, WhatDoesNotCountLiftsNoCeilingOfAHost) {
  constexpr auto kDomain = v1::IDENTIFIER_TYPE_DOMAIN;
  constexpr auto kHost = v1::IDENTIFIER_ROLE_WEB_HOST;
  Statistics statistics;
  const auto name = [&](v1::Basis basis, uint64_t via_url) {
    for (int i = 0; i < 2; ++i) See(statistics, kDomain, kHost, basis, false, via_url);
  };
  for (uint64_t i = 1; i <= 6; ++i) {
    internal::v1::Evidence evidence;
    evidence.set_report_hi(i);
    evidence.set_incident_hi(i);
    evidence.set_partner("partner-" + std::to_string(i % 3));
    evidence.set_tlp(v1::TLP_AMBER);
    evidence.set_basis(v1::BASIS_SELF_REPORTED);
    internal::v1::Occurrence occurrence = OccurrenceOf(kDomain, kHost, kNow - core::kHour);
    occurrence.set_via_url_hi(1 + i % 2);
    statistics.Change(evidence, occurrence, {}, PhaseAt(occurrence, kNow));
  }
  const auto action = [&] {
    return Assess(kDomain, statistics, ties::Infrastructure::kNo, kNow).action;
  };
  EXPECT_EQ(action(), v1::ACTION_CHALLENGE);
  name(v1::BASIS_THIRD_PARTY_FEED, 0);
  name(v1::BASIS_THIRD_PARTY_FEED, 7);
  EXPECT_EQ(action(), v1::ACTION_CHALLENGE);
  name(v1::BASIS_SELF_REPORTED, 8);
  EXPECT_EQ(action(), v1::ACTION_BLOCK);
}

TEST(Score, FollowsTheFormula) {
  EXPECT_EQ(ScoreOf({}), 0u);
  EXPECT_EQ(ScoreOf({1}), 250u);
  EXPECT_EQ(ScoreOf({1, 1}), 438u);
  EXPECT_EQ(ScoreOf({2, 2}), 609u);
  EXPECT_EQ(ScoreOf({1, 1, 1}), 578u);
  EXPECT_EQ(ScoreOf({2, 1}), ScoreOf({1, 2}));
}

TEST(Score, OneOrganisationAloneStaysAtMostAtFiveHundred) { EXPECT_LE(ScoreOf({1'000'000}), 500u); }

TEST(Assess, OneOrganisationIsMonitoredHoweverOftenItReports) {
  EXPECT_EQ(AssessPhone({1000}).action, v1::ACTION_MONITOR);
  EXPECT_THAT(AssessPhone({1000}).rules, ElementsAre("quorum.not_reached"));
}

TEST(Assess, TwoOrganisationsChallenge) {
  Assessment assessment = AssessPhone({1, 1});
  EXPECT_EQ(assessment.action, v1::ACTION_CHALLENGE);
  EXPECT_THAT(assessment.rules, ElementsAre("quorum.two_organisations"));
  EXPECT_EQ(AssessPhone({100, 1}).action, v1::ACTION_CHALLENGE);
}

TEST(Assess, ThreeOrganisationsOrTwoWithTwoIncidentsEachBlock) {
  EXPECT_EQ(AssessPhone({1, 1, 1}).action, v1::ACTION_BLOCK);
  EXPECT_EQ(AssessPhone({2, 2}).action, v1::ACTION_BLOCK);
}

TEST(Assess, RolesThatCanBeSpoofedAreMonitored) {
  Assessment assessment =
      Assess(v1::IDENTIFIER_TYPE_PHONE,
             Reported(v1::IDENTIFIER_TYPE_PHONE, v1::IDENTIFIER_ROLE_CALLER_ID, {9, 9, 9}),
             ties::Infrastructure::kNo, kNow);
  EXPECT_EQ(assessment.action, v1::ACTION_MONITOR);
  EXPECT_EQ(assessment.score, 0u);
  EXPECT_THAT(assessment.rules, ElementsAre("role.caller_id_only"));
}

TEST(Assess, FeedsRaiseNothing) {
  Assessment assessment = Assess(v1::IDENTIFIER_TYPE_PHONE,
                                 Reported(v1::IDENTIFIER_TYPE_PHONE, v1::IDENTIFIER_ROLE_CALLBACK,
                                          {9, 9, 9}, v1::BASIS_THIRD_PARTY_FEED),
                                 ties::Infrastructure::kNo, kNow);
  EXPECT_EQ(assessment.action, v1::ACTION_MONITOR);
  EXPECT_THAT(assessment.rules, ElementsAre("basis.feed_only"));
}

TEST(Assess, AccountsWaitForTheirCustodian) {
  Assessment assessment =
      Assess(v1::IDENTIFIER_TYPE_IBAN,
             Reported(v1::IDENTIFIER_TYPE_IBAN, v1::IDENTIFIER_ROLE_BENEFICIARY, {2, 2, 2}),
             ties::Infrastructure::kNo, kNow);
  EXPECT_EQ(assessment.action, v1::ACTION_CHALLENGE);
  EXPECT_THAT(assessment.rules,
              ElementsAre("ceiling.custodian_unconfirmed", "quorum.three_organisations"));
}

TEST(Assess, ACustodiansWordLiftsItsCeilingAndNoOther) {
  Effects effects;
  effects.bits = Effects::kConfirmed;
  const Assessment account =
      Assess(v1::IDENTIFIER_TYPE_IBAN,
             Reported(v1::IDENTIFIER_TYPE_IBAN, v1::IDENTIFIER_ROLE_BENEFICIARY, {2, 2, 2}),
             ties::Infrastructure::kNo, kNow, Weights(), effects);
  EXPECT_EQ(account.action, v1::ACTION_BLOCK);
  EXPECT_THAT(account.rules, ElementsAre("custodian.confirmed", "quorum.three_organisations"));

  const Assessment alone =
      Assess(v1::IDENTIFIER_TYPE_IBAN,
             Reported(v1::IDENTIFIER_TYPE_IBAN, v1::IDENTIFIER_ROLE_BENEFICIARY, {9}),
             ties::Infrastructure::kNo, kNow, Weights(), effects);
  EXPECT_EQ(alone.action, v1::ACTION_MONITOR);
  EXPECT_THAT(alone.rules, ElementsAre("quorum.not_reached"));

  const Assessment address =
      Assess(v1::IDENTIFIER_TYPE_IP,
             Reported(v1::IDENTIFIER_TYPE_IP, v1::IDENTIFIER_ROLE_UNSPECIFIED, {2, 2, 2}),
             ties::Infrastructure::kNo, kNow, Weights(), effects);
  EXPECT_EQ(address.action, v1::ACTION_CHALLENGE);
}

TEST(Assess, WhatHasNoWeightCountsInNoQuorum) {
  const Statistics statistics =
      Reported(v1::IDENTIFIER_TYPE_PHONE, v1::IDENTIFIER_ROLE_CALLBACK, {2, 2, 2});
  internal::v1::Organisations list;
  list.set_place(1);
  list.set_listed(true);
  Weights weights;
  weights.Put(list);
  const Assessment none =
      Assess(v1::IDENTIFIER_TYPE_PHONE, statistics, ties::Infrastructure::kNo, kNow, weights);
  EXPECT_EQ(none.action, v1::ACTION_MONITOR);
  EXPECT_EQ(none.score, 0u);
  EXPECT_THAT(none.rules, ElementsAre("quorum.not_reached", "weight.none"));
}

TEST(Assess, AnAppealCapsAtMonitor) {
  Effects effects;
  effects.bits = Effects::kAppeal;
  const Assessment appealed =
      Assess(v1::IDENTIFIER_TYPE_PHONE,
             Reported(v1::IDENTIFIER_TYPE_PHONE, v1::IDENTIFIER_ROLE_CALLBACK, {2, 2, 2}),
             ties::Infrastructure::kNo, kNow, Weights(), effects);
  EXPECT_EQ(appealed.action, v1::ACTION_MONITOR);
  EXPECT_THAT(appealed.rules, testing::Contains("list.appeal"));
}

TEST(Rules, HaveNumbersThatLeadBack) {
  for (const char* rule : {"basis.feed_only", "weight.none"}) {
    EXPECT_EQ(RuleOfNumber(NumberOfRule(rule)), rule);
  }
  EXPECT_EQ(RuleOfNumber(1'000), "");
}

std::string Content(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::set<std::string> Words(const std::string& text, const std::string& around) {
  const std::regex word(around + "((basis|ceiling|hub|list|quorum|role|scope|weight)\\.[a-z_]+)" +
                        around);
  std::set<std::string> words;
  for (std::sregex_iterator it(text.begin(), text.end(), word), end; it != end; ++it) {
    words.insert((*it)[1]);
  }
  return words;
}

// The tests run in the project's root.
TEST(Rules, AreAllInTheDocumentAndNoOthers) {
  std::string sources;
  for (const char* path : {"pipelines/cluster/score.cc", "pipelines/cluster/listing.cc",
                           "pipelines/identifiers/policy.cc"}) {
    sources += Content(path);
  }
  const std::set<std::string> said = Words(sources, "\"");
  EXPECT_GE(said.size(), 15u);
  EXPECT_EQ(said, Words(Content("ops/rules.md"), "`"));
}

TEST(Assess, WhatLooksSharedIsAskedAboutWhatIsDeclaredSharedIsWatched) {
  auto as = [](ties::Infrastructure infrastructure) {
    return Assess(v1::IDENTIFIER_TYPE_PHONE,
                  Reported(v1::IDENTIFIER_TYPE_PHONE, v1::IDENTIFIER_ROLE_CALLBACK, {2, 2, 2}),
                  infrastructure, kNow);
  };
  EXPECT_EQ(as(ties::Infrastructure::kNo).action, v1::ACTION_BLOCK);
  EXPECT_FALSE(as(ties::Infrastructure::kNo).shared_infrastructure);
  const Assessment by_rule = as(ties::Infrastructure::kByRule);
  EXPECT_EQ(by_rule.action, v1::ACTION_CHALLENGE);
  EXPECT_TRUE(by_rule.shared_infrastructure);
  EXPECT_THAT(by_rule.rules, testing::Contains("hub.many_contacts"));
  const Assessment declared = as(ties::Infrastructure::kDeclared);
  EXPECT_EQ(declared.action, v1::ACTION_MONITOR);
  EXPECT_TRUE(declared.shared_infrastructure);
  EXPECT_THAT(declared.rules, testing::Contains("hub.shared_infrastructure"));
}

TEST(Assess, APhoneNumberLeavesBlockAfterThirtyDays) {
  const core::Time observed = kNow - identifiers::kPhoneBlockSpan;
  auto at = [&](core::Time seen) {
    return Assess(v1::IDENTIFIER_TYPE_PHONE,
                  Reported(v1::IDENTIFIER_TYPE_PHONE, v1::IDENTIFIER_ROLE_CALLBACK, {2, 2, 2},
                           v1::BASIS_SELF_REPORTED, seen),
                  ties::Infrastructure::kNo, kNow)
        .action;
  };
  EXPECT_EQ(at(observed + 1), v1::ACTION_BLOCK);
  EXPECT_EQ(at(observed), v1::ACTION_CHALLENGE);
}

}  // namespace
}  // namespace ringfence::cluster
