#include "services/ringfence/policy_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringfence::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

void Add(const std::string& value, v1::Action action, const std::string& campaign,
         PublishedData& data) {
  v1::Indicator& indicator = data.indicators.emplace_back();
  indicator.set_type(v1::IDENTIFIER_TYPE_PHONE);
  indicator.set_value(value);
  indicator.set_action(action);
  indicator.set_campaign_id(campaign);
  for (const v1::Campaign& known : data.campaigns) {
    if (known.campaign_id() == campaign) return;
  }
  if (!campaign.empty()) data.campaigns.emplace_back().set_campaign_id(campaign);
}

TEST(PolicyDifference, SaysWhoseActionRisesAndFallsWhatAppearsAndVanishes) {
  PublishedData before;
  Add("+1", v1::ACTION_MONITOR, "", before);
  Add("+2", v1::ACTION_BLOCK, "", before);
  Add("+3", v1::ACTION_BLOCK, "", before);
  Add("+4", v1::ACTION_CHALLENGE, "", before);
  PublishedData after;
  Add("+1", v1::ACTION_CHALLENGE, "", after);
  Add("+2", v1::ACTION_MONITOR, "", after);
  Add("+4", v1::ACTION_CHALLENGE, "", after);
  Add("+5", v1::ACTION_MONITOR, "", after);
  const PolicyDifference difference = Difference(before, after);
  ASSERT_EQ(difference.rises.size(), 1u);
  EXPECT_EQ(difference.rises[0].value, "+1");
  ASSERT_EQ(difference.falls.size(), 1u);
  EXPECT_EQ(difference.falls[0].value, "+2");
  ASSERT_EQ(difference.vanishes.size(), 1u);
  EXPECT_EQ(difference.vanishes[0].value, "+3");
  ASSERT_EQ(difference.appears.size(), 1u);
  EXPECT_EQ(difference.appears[0].value, "+5");
  EXPECT_THAT(DifferenceText(difference, 20), HasSubstr("phone +2: BLOCK -> MONITOR\n"));
}

TEST(PolicyDifference, SaysWhichCampaignsSplitAndMerge) {
  PublishedData before;
  for (const char* value : {"+1", "+2", "+3"}) Add(value, v1::ACTION_MONITOR, "a", before);
  for (const char* value : {"+4", "+5"}) Add(value, v1::ACTION_MONITOR, "b", before);
  PublishedData after;
  Add("+1", v1::ACTION_MONITOR, "a", after);
  for (const char* value : {"+2", "+4", "+5"}) Add(value, v1::ACTION_MONITOR, "c", after);
  // In no campaign any more.
  Add("+3", v1::ACTION_MONITOR, "", after);
  const PolicyDifference difference = Difference(before, after);
  ASSERT_EQ(difference.splits.size(), 1u);
  EXPECT_EQ(difference.splits[0].campaign_id, "a");
  EXPECT_EQ(difference.splits[0].parts, 3u);
  ASSERT_EQ(difference.merges.size(), 1u);
  EXPECT_EQ(difference.merges[0].campaign_id, "c");
  EXPECT_EQ(difference.merges[0].parts, 2u);
  EXPECT_THAT(Difference(before, before).splits, IsEmpty());
}

TEST(PolicyDifference, IsComputedByTheStagesThemselves) {
  HeldData data;
  data.as_of = 20'000 * core::kDay;
  for (const char* partner : {"a", "b"}) {
    internal::v1::ReportRevision& report = data.reports.emplace_back();
    report.set_partner(partner);
    report.set_report_id("1");
    report.set_revision(1);
    report.set_arrival(data.as_of - core::kHour);
    report.set_tlp(v1::TLP_AMBER);
    internal::v1::NamedIdentifier& named = *report.add_identifiers();
    named.set_type(v1::IDENTIFIER_TYPE_PHONE);
    named.set_value("+1");
    named.set_role(v1::IDENTIFIER_ROLE_CALLBACK);
    named.set_observed_at(data.as_of - 40 * core::kDay);
  }
  internal::v1::Policy strict;
  strict.mutable_score()->set_challenge(500);
  internal::v1::Policy shorter;
  shorter.mutable_span_days()->set_phone(39);
  const auto before = PublishWith(data, PolicyOf(data));
  ASSERT_TRUE(before.ok()) << before.status();
  ASSERT_EQ(before->indicators.size(), 1u);
  EXPECT_EQ(before->indicators[0].action(), v1::ACTION_CHALLENGE);
  const auto with_strict = PublishWith(data, strict);
  ASSERT_TRUE(with_strict.ok());
  EXPECT_EQ(Difference(*before, *with_strict).falls.size(), 1u);
  const auto with_shorter = PublishWith(data, shorter);
  ASSERT_TRUE(with_shorter.ok());
  EXPECT_EQ(Difference(*before, *with_shorter).vanishes.size(), 1u);
}

TEST(PolicyDifference, ADirectoryThatNoServerWroteIsNamed) {
  const auto data = ReadHeldData("/nonexistent/data");
  EXPECT_EQ(data.status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace ringfence::cli
