#include "services/publish/explain/indicator_explanation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>

#include "pipelines/campaigns/read_model.h"
#include "pipelines/campaigns/record_testing.h"
#include "pipelines/core/memory_state.h"

namespace ringfence::publish {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr Viewer kAnalyst{v1::TLP_AMBER_STRICT, true};

class IndicatorExplanation : public testing::Test {
 protected:
  IndicatorExplanation() {
    explanation_.live = true;
    explanation_.standing.score = 531;
    explanation_.standing.action = v1::ACTION_CHALLENGE;
    explanation_.standing.missing_for_block = {{"score", 575, 531}};
    explanation_.assessment.action = v1::ACTION_CHALLENGE;
    explanation_.assessment.rules = {"quorum.two_organisations"};
    explanation_.organisations = {{"harbour-bank", {0.25, 1}, 2}, {"other-company", {0.5, 0}, 1}};
    explanation_.nodes.emplace_back();
  }
  void List(const std::string& value, v1::Tlp tlp = v1::TLP_GREEN) {
    campaigns::ReadModel model(state_, {});
    const auto record = campaigns::Upsert({.value = value, .tlp = tlp});
    ASSERT_TRUE(campaigns::ApplyWritten(model, 0, offset_, record).ok());
    model.EndBatch();
  }
  static core::Id Phone(const std::string& value) {
    return core::IdentifierId(v1::IDENTIFIER_TYPE_PHONE, value);
  }
  void Tie(const std::string& to, uint32_t incidents, ties::Reason reason, size_t node = 0) {
    explanation_.nodes[node].ties.push_back({.from = Phone("+0"),
                                             .to = Phone(to),
                                             .incidents = incidents,
                                             .organisations = 1,
                                             .active = ties::IsActive(reason),
                                             .infrastructure = false,
                                             .reason = reason});
  }
  v1::ExplainIndicatorResponse Explained(uint32_t max_ties = 20) {
    campaigns::ReadView view(state_, names_);
    v1::ExplainIndicatorResponse response;
    const auto listed_on = [this](const core::Id& base) {
      const auto listed = listed_on_.find(base);
      return listed == listed_on_.end() ? std::nullopt : std::optional(listed->second);
    };
    Describe(explanation_, max_ties, kAnalyst, listed_on, view, response);
    return response;
  }

  cluster::ListingExplanation explanation_;
  std::map<core::Id, core::Id> listed_on_;
  core::MemoryState state_;
  const campaigns::CampaignNames names_{campaigns::NamingKey{}};
  int64_t offset_ = 0;
};

TEST_F(IndicatorExplanation, SaysWhatIsMissingForMore) {
  const v1::ExplainIndicatorResponse response = Explained();
  EXPECT_TRUE(response.state_known());
  EXPECT_EQ(response.action_by_quorum(), v1::ACTION_CHALLENGE);
  ASSERT_EQ(response.missing_size(), 1);
  EXPECT_EQ(response.missing(0).action(), v1::ACTION_BLOCK);
  EXPECT_EQ(response.missing(0).need(), "score");
  EXPECT_EQ(response.missing(0).has(), 531u);
}

TEST_F(IndicatorExplanation, ShowsOrganisationsUnderAliasesMadeAnew) {
  const v1::ExplainIndicatorResponse one = Explained();
  const v1::ExplainIndicatorResponse other = Explained();
  ASSERT_EQ(one.organisations_size(), 2);
  EXPECT_NE(one.organisations(0).organisation(), one.organisations(1).organisation());
  for (const auto& word : one.organisations()) {
    for (const auto& again : other.organisations()) {
      EXPECT_NE(word.organisation(), again.organisation());
    }
  }
  EXPECT_THAT(one.DebugString(), Not(HasSubstr("harbour")));
}

TEST_F(IndicatorExplanation, TiesThatJoinComeFirstTheThinnestAtTheirHead) {
  for (const char* value : {"+1", "+2", "+3"}) List(value);
  Tie("+1", 7, ties::Reason::kHome);
  Tie("+2", 1, ties::Reason::kVouchedFor);
  Tie("+3", 9, ties::Reason::kInfrastructure);
  const v1::ExplainIndicatorResponse response = Explained(2);
  ASSERT_EQ(response.ties_size(), 2);
  EXPECT_EQ(response.ties(0).ends(0).value(), "+2");
  EXPECT_EQ(response.ties(0).reason(), "vouched_for");
  EXPECT_EQ(response.ties(1).ends(0).value(), "+1");
  EXPECT_EQ(response.ties_left_out(), 1u);
  EXPECT_EQ(response.links(0).ties_joining(), 2u);
  EXPECT_EQ(response.links(0).ties_cut(), 1u);
}

TEST_F(IndicatorExplanation, WhatStandsOnABaseStandsForIt) {
  for (const char* value : {"+1", "+4"}) List(value);
  Tie("+1", 2, ties::Reason::kHome);
  Tie("+3", 3, ties::Reason::kHome);
  listed_on_ = {{Phone("+1"), Phone("+4")}, {Phone("+3"), Phone("+4")}};
  const v1::ExplainIndicatorResponse response = Explained();
  ASSERT_EQ(response.ties_size(), 2);
  EXPECT_EQ(response.ties(0).ends(0).value(), "+1");
  EXPECT_EQ(response.ties(1).ends(0).value(), "+4");
}

TEST_F(IndicatorExplanation, EndsThatOperatorsMayNotSeeAreEmpty) {
  List("+1", v1::TLP_RED);
  Tie("+1", 1, ties::Reason::kHome);
  Tie("+2", 1, ties::Reason::kHome);
  const v1::ExplainIndicatorResponse response = Explained();
  for (const v1::ExplainedTie& tie : response.ties()) {
    EXPECT_EQ(tie.ends(0).value(), "");
    EXPECT_EQ(tie.ends(0).type(), v1::IDENTIFIER_TYPE_UNSPECIFIED);
  }
}

TEST_F(IndicatorExplanation, OfAnIpsDaysANeighbourIsShownOnceAsItJoins) {
  explanation_.nodes.emplace_back();
  explanation_.nodes[0].day = 20'000;
  explanation_.nodes[1].day = 20'001;
  Tie("+1", 1, ties::Reason::kIpSeenOnce, 0);
  Tie("+1", 2, ties::Reason::kWellSupported, 1);
  const v1::ExplainIndicatorResponse response = Explained();
  ASSERT_EQ(response.ties_size(), 1);
  EXPECT_TRUE(response.ties(0).joins());
  EXPECT_EQ(response.links(1).day(), "2024-10-05");
}

}  // namespace
}  // namespace ringfence::publish
