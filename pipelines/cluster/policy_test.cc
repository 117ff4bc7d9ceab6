#include <gtest/gtest.h>

#include "pipelines/cluster/clusters_testing.h"
#include "ringfence/v1/admin_service.pb.h"

namespace ringfence::cluster {
namespace {

TEST_F(Clusters, APolicyTakesEffectOnWhatIsListedAndSurvivesARestart) {
  Report("a", "1", {"+1", "+2"});
  Report("b", "1", {"+1", "+3"});
  EXPECT_EQ(Published("+1").indicator().action(), v1::ACTION_CHALLENGE);
  const core::Place before = Published("+2").indicator().revision();
  Envelope news;
  internal::v1::PolicyNews& policy = *news.add_policies();
  policy.set_place(2);
  policy.mutable_policy()->mutable_score()->set_challenge(500);
  Apply(news);
  EXPECT_EQ(Published("+1").indicator().action(), v1::ACTION_MONITOR);
  // Of what it changes nothing of, nothing is said.
  EXPECT_EQ(Published("+2").indicator().revision(), before);
  // An older one, late.
  Envelope older;
  older.add_policies()->set_place(1);
  Apply(older);
  Open(options_);
  Report("c", "1", {"+2", "+9"});
  EXPECT_EQ(Published("+2").indicator().action(), v1::ACTION_MONITOR);
  policy.set_place(3);
  policy.mutable_policy()->clear_score();
  Apply(news);
  EXPECT_EQ(Published("+1").indicator().action(), v1::ACTION_CHALLENGE);
  EXPECT_EQ(Published("+2").indicator().action(), v1::ACTION_CHALLENGE);
}

TEST_F(Clusters, APolicyWithAnotherRuleCutsAndJoinsTies) {
  // +1 is established; +2 and +3 are its neighbours, and each other's by one incident alone.
  for (const char* partner : {"a", "b"}) {
    for (const char* report : {"1", "2", "3"}) Report(partner, report, {"+1", "+2"});
    for (const char* report : {"4", "5", "6"}) Report(partner, report, {"+7", "+8"});
  }
  Report("a", "9", {"+2", "+8"});
  EXPECT_NE(Label("+2"), Label("+8"));
  Envelope news;
  internal::v1::PolicyNews& policy = *news.add_policies();
  policy.set_place(1);
  policy.mutable_policy()->mutable_ties()->set_established_incidents(1'000);
  Apply(news);
  EXPECT_EQ(Label("+2"), Label("+8"));
  policy.set_place(2);
  policy.mutable_policy()->clear_ties();
  Apply(news);
  EXPECT_NE(Label("+2"), Label("+8"));
}

TEST_F(Clusters, AnOverrideOfOneIdentifierBeginsNoReviewAndOneOfARangeDoes) {
  Report("a", "1", {"+1", "+2"});
  Envelope envelope;
  internal::v1::OverrideNews& news = *envelope.add_overrides();
  const core::Id id = core::IdentifierId(v1::IDENTIFIER_TYPE_PHONE, "+1");
  news.set_place(1);
  news.set_type(v1::IDENTIFIER_TYPE_PHONE);
  news.set_value("+1");
  news.set_base_hi(id.hi);
  news.set_base_lo(id.lo);
  news.set_effect(v1::Override::EFFECT_APPEAL);
  const int64_t before = offset_;
  Apply(envelope);
  EXPECT_EQ(offset_ - before, 1) << "records that it took";
  news.set_place(2);
  news.set_scope(v1::SCOPE_PREFIX);
  Apply(envelope);
  EXPECT_GT(offset_ - before, 2);
}

TEST_F(Clusters, AnEchoConfirmsNothing) {
  Report("a", "1", {"+1"});
  Envelope envelope;
  ReportRevision revision;
  revision.set_partner("b");
  revision.set_tlp(v1::TLP_AMBER);
  internal::v1::NamedIdentifier& named = *revision.add_identifiers();
  named.set_type(v1::IDENTIFIER_TYPE_PHONE);
  named.set_value("+1");
  named.set_role(v1::IDENTIFIER_ROLE_CALLBACK);
  named.set_observed_at(kSeen);
  named.set_echo(true);
  for (Evidence& evidence : dedupe::MakeEvidence(revision, core::ReportKey("b", "1"))) {
    evidence.set_place(++place_);
    *envelope.add_evidence() = evidence;
  }
  Apply(envelope);
  const v1::Indicator& indicator = Published("+1").indicator();
  EXPECT_EQ(indicator.action(), v1::ACTION_MONITOR);
  EXPECT_EQ(indicator.score(), 250u);
  EXPECT_EQ(indicator.explanation().organisations(), 1u);
  EXPECT_EQ(indicator.explanation().by_role(0).organisations(), 2u);
}

}  // namespace
}  // namespace ringfence::cluster
