#include "tests/oracle/oracle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringfence::oracle {
namespace {

using core::kDay;
using core::Time;
using internal::v1::NamedIdentifier;
using internal::v1::ReportRevision;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Time kNow = 20'000 * kDay;

ReportRevision Report(const std::string& partner, const std::string& id) {
  ReportRevision report;
  report.set_partner(partner);
  report.set_report_id(id);
  report.set_content_hash("h");
  report.set_arrival(kNow);
  report.set_country("GB");
  report.set_tlp(v1::TLP_AMBER);
  return report;
}

NamedIdentifier& Name(ReportRevision& report, v1::IdentifierType type, const std::string& value,
                      Time observed_at = kNow,
                      v1::IdentifierRole role = v1::IDENTIFIER_ROLE_CALLBACK) {
  NamedIdentifier& named = *report.add_identifiers();
  named.set_type(type);
  named.set_value(value);
  named.set_role(role);
  named.set_observed_at(observed_at);
  return named;
}

ReportRevision PhoneReport(const std::string& partner, const std::string& id,
                           Time observed_at = kNow) {
  ReportRevision report = Report(partner, id);
  Name(report, v1::IDENTIFIER_TYPE_PHONE, "+12125550123", observed_at);
  return report;
}

Published ExpectedOf(std::vector<ReportRevision> revisions, Time as_of = kNow) {
  return Expected({.revisions = std::move(revisions), .as_of = as_of});
}

TEST(CampaignId, AsInTheVectorsOfCanonicalForms) {
  NamingKey counting;
  for (uint8_t i = 0; i < 16; ++i) counting[i] = i;
  const core::Id phone = core::IdentifierId(v1::IDENTIFIER_TYPE_PHONE, "+12125550123");
  const core::Id domain = core::IdentifierId(v1::IDENTIFIER_TYPE_DOMAIN, "example.com");
  EXPECT_EQ(CampaignId(phone, {}), "mj5zc3dtor3ksr5kyyj4c2acdq");
  EXPECT_EQ(CampaignId(phone, counting), "2iycojnhy6id5udbwhw27ml4ye");
  EXPECT_EQ(CampaignId(domain, {}), "ahlfimdgqyrtzojjdxnrfdfeva");
}

TEST(Oracle, FingerprintAsInTheVectorOfCanonicalForms) {
  ReportRevision report = PhoneReport("acme", "1");
  Name(report, v1::IDENTIFIER_TYPE_DOMAIN, "example.com");
  const Published published = ExpectedOf({report});
  ASSERT_THAT(published.campaigns, SizeIs(1));
  EXPECT_EQ(published.campaigns[0].fingerprint(), "73acfc3445022ff359ac2dfece0cc902");
}

// Scores by hand: one organisation 1000 (1 - (1 - 0.5 * 0.75)) with two incidents; and so on.
TEST(Oracle, QuorumNeedsOrganisationsAndIncidents) {
  auto action_and_score = [](std::vector<ReportRevision> revisions) {
    const Published published = ExpectedOf(std::move(revisions));
    return std::pair(published.indicators[0].action(), published.indicators[0].score());
  };
  const ReportRevision a1 = PhoneReport("a", "1");
  const ReportRevision a2 = PhoneReport("a", "2");
  const ReportRevision b1 = PhoneReport("b", "1");
  const ReportRevision b2 = PhoneReport("b", "2");
  const ReportRevision c1 = PhoneReport("c", "1");
  EXPECT_EQ(action_and_score({a1, a2}), std::pair(v1::ACTION_MONITOR, 375u));
  EXPECT_EQ(action_and_score({a1, b1}), std::pair(v1::ACTION_CHALLENGE, 438u));
  EXPECT_EQ(action_and_score({a1, a2, b1}), std::pair(v1::ACTION_CHALLENGE, 531u));
  EXPECT_EQ(action_and_score({a1, b1, c1}), std::pair(v1::ACTION_BLOCK, 578u));
  EXPECT_EQ(action_and_score({a1, a2, b1, b2}), std::pair(v1::ACTION_BLOCK, 609u));
}

TEST(Oracle, PhoneFallsToChallengeAfterThirtyDaysAndLeavesAfterNinety) {
  const std::vector<ReportRevision> reports = {PhoneReport("a", "1"), PhoneReport("b", "1"),
                                               PhoneReport("c", "1")};
  auto action = [&](Time as_of) { return ExpectedOf(reports, as_of).indicators[0].action(); };
  EXPECT_EQ(action(kNow + 30 * kDay - 1), v1::ACTION_BLOCK);
  EXPECT_EQ(action(kNow + 30 * kDay), v1::ACTION_CHALLENGE);
  EXPECT_EQ(action(kNow + 90 * kDay - 1), v1::ACTION_CHALLENGE);
  EXPECT_THAT(ExpectedOf(reports, kNow + 90 * kDay).indicators, IsEmpty());
}

TEST(Oracle, RetractionTakesBackAllThatTheReportDid) {
  ReportRevision retraction = Report("a", "1");
  retraction.set_retracted(true);
  ReportRevision report = PhoneReport("a", "1");
  EXPECT_THAT(ExpectedOf({retraction, report}).indicators, IsEmpty());
  report.set_revision(1);
  EXPECT_THAT(ExpectedOf({report, retraction}).indicators, SizeIs(1));
}

TEST(Oracle, AddressSeenOnceWithEachJoinsNothing) {
  auto report = [](const std::string& id, const std::string& phone, Time observed_at) {
    ReportRevision both = Report("a", id);
    Name(both, v1::IDENTIFIER_TYPE_PHONE, phone, observed_at);
    Name(both, v1::IDENTIFIER_TYPE_IP, "198.51.100.7", observed_at);
    return both;
  };
  const ReportRevision one = report("1", "+12125550100", kNow);
  const ReportRevision other = report("2", "+12125550101", kNow);
  // It stands with its home alone.
  std::vector<v1::Campaign> campaigns = ExpectedOf({one, other}).campaigns;
  ASSERT_THAT(campaigns, SizeIs(1));
  EXPECT_EQ(campaigns[0].indicators(), 2u);
  // Twice on one day it joins, on two days it does not.
  const ReportRevision again = report("3", "+12125550100", kNow + 1);
  campaigns = ExpectedOf({one, other, again, report("4", "+12125550101", kNow + 1)}).campaigns;
  ASSERT_THAT(campaigns, SizeIs(1));
  EXPECT_EQ(campaigns[0].indicators(), 3u);
  campaigns = ExpectedOf({one, other, again, report("4", "+12125550101", kNow + kDay)}).campaigns;
  ASSERT_THAT(campaigns, SizeIs(1));
  EXPECT_EQ(campaigns[0].indicators(), 2u);
}

TEST(Oracle, UrlAndItsOwnHostAreNoCampaign) {
  ReportRevision report = Report("a", "1");
  NamedIdentifier& url = Name(report, v1::IDENTIFIER_TYPE_URL, "http://a.example.com/x");
  url.set_base_type(v1::IDENTIFIER_TYPE_DOMAIN);
  url.set_base_value("example.com");
  Name(report, v1::IDENTIFIER_TYPE_DOMAIN, "example.com");
  EXPECT_THAT(ExpectedOf({report}).campaigns, IsEmpty());
  Name(report, v1::IDENTIFIER_TYPE_WALLET, "w");
  const Published published = ExpectedOf({report});
  ASSERT_THAT(published.campaigns, SizeIs(1));
  EXPECT_EQ(published.campaigns[0].indicators(), 3u);
}

TEST(Oracle, ManyNodesOfOneReportHangTogetherThroughTheNextThreeEach) {
  ReportRevision report = Report("a", "1");
  for (int i = 0; i < 12; ++i) {
    Name(report, v1::IDENTIFIER_TYPE_WALLET, "w" + std::to_string(i));
  }
  ASSERT_THAT(ExpectedOf({report}).campaigns, SizeIs(1));
  EXPECT_EQ(ExpectedOf({report}).campaigns[0].indicators(), 12u);
}

// The example of the design: a number and an account that no report names together.
TEST(Oracle, JoinedReportsCountOneIncidentThroughTheBankAndCreditEachCompanyWithItsOwn) {
  ReportRevision call = PhoneReport("software", "call");
  ReportRevision payment = Report("bank", "payment");
  Name(payment, v1::IDENTIFIER_TYPE_IBAN, "GB82WEST12345698765432", kNow,
       v1::IDENTIFIER_ROLE_BENEFICIARY);
  internal::v1::PaymentFact& fact = *payment.add_payments();
  fact.set_amount("299.5");
  fact.set_currency("GBP");
  const ReportName root{"bank", "payment"};
  World world{.revisions = {call, payment}, .as_of = kNow};
  EXPECT_THAT(Expected(world).campaigns, IsEmpty());
  world.representatives = {{{"software", "call"}, root}};
  const Published published = Expected(world);
  ASSERT_THAT(published.campaigns, SizeIs(1));
  const v1::Campaign& campaign = published.campaigns[0];
  EXPECT_EQ(campaign.indicators(), 2u);
  EXPECT_EQ(campaign.incidents(), 1u);
  EXPECT_EQ(campaign.reports(), 2u);
  EXPECT_EQ(campaign.organisations(), 2u);
  ASSERT_THAT(campaign.losses(), SizeIs(1));
  EXPECT_EQ(campaign.losses(0).amount(), "299.5");
  for (const v1::Indicator& indicator : published.indicators) {
    EXPECT_EQ(indicator.explanation().incidents(), 1u);
    EXPECT_EQ(indicator.explanation().organisations(), 1u);
  }
}

TEST(Oracle, IncidentPassesToTheNextBearerWhenTheFirstExpires) {
  ReportRevision report = PhoneReport("a", "1", kNow + 200 * kDay);
  Name(report, v1::IDENTIFIER_TYPE_UPI, "some.one@okbank", kNow);
  Name(report, v1::IDENTIFIER_TYPE_SOCIAL_HANDLE, "telegram:anna", kNow + 200 * kDay);
  const Published published = ExpectedOf({report}, kNow + 200 * kDay);
  ASSERT_THAT(published.campaigns, SizeIs(1));
  EXPECT_EQ(published.campaigns[0].indicators(), 2u);
  EXPECT_EQ(published.campaigns[0].incidents(), 1u);
}

TEST(Difference, NamesWhatIsMissingAndTheFieldsThatDiffer) {
  const Published expected = ExpectedOf({PhoneReport("a", "1")});
  Published actual = expected;
  EXPECT_EQ(Difference(expected, actual), "");
  actual.indicators[0].set_score(7);
  EXPECT_THAT(Difference(expected, actual), testing::HasSubstr("score: 250 -> 7"));
  EXPECT_THAT(Difference(expected, {}), testing::HasSubstr("+12125550123: missing"));
  EXPECT_THAT(Difference({}, expected), testing::HasSubstr("+12125550123: not expected"));
}

}  // namespace
}  // namespace ringfence::oracle
