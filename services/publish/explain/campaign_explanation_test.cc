#include "services/publish/explain/campaign_explanation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace ringfence::publish {
namespace {

class CampaignExplanation : public testing::Test {
 protected:
  CampaignExplanation() {
    for (int i = 0; i < 4; ++i) {
      graph_.add_types(v1::IDENTIFIER_TYPE_PHONE);
      graph_.add_values("+" + std::to_string(i));
    }
    graph_.set_ties_known(true);
  }
  void Tie(uint32_t first, uint32_t second, uint32_t incidents, const std::string& reason,
           bool cut = false, uint32_t splits_off = 0) {
    console::v1::Ties& ties = *graph_.mutable_ties();
    ties.add_first(first);
    ties.add_second(second);
    ties.add_incidents(incidents);
    ties.add_organisations(1);
    ties.add_cut(cut);
    ties.add_infrastructure(false);
    ties.add_splits_off(splits_off);
    ties.add_reasons(reason);
  }
  v1::ExplainCampaignResponse Explained(uint32_t max_ties = 20) {
    v1::ExplainCampaignResponse response;
    Describe(graph_, max_ties, response);
    return response;
  }

  console::v1::CampaignGraph graph_;
};

TEST_F(CampaignExplanation, BeginsWithTheThinnestTieThatMostHangsOn) {
  Tie(0, 1, 9, "well_supported");
  Tie(0, 2, 1, "home", false, 1);
  Tie(2, 3, 1, "vouched_for", false, 2);
  const v1::ExplainCampaignResponse response = Explained();
  EXPECT_TRUE(response.state_known());
  EXPECT_EQ(response.members(), 4u);
  ASSERT_EQ(response.joining_size(), 3);
  EXPECT_EQ(response.joining(0).reason(), "vouched_for");
  EXPECT_EQ(response.joining(0).splits_off(), 2u);
  EXPECT_EQ(response.joining(0).ends(0).value(), "+2");
  EXPECT_EQ(response.joining(0).ends(1).value(), "+3");
  EXPECT_EQ(response.joining(2).incidents(), 9u);
}

TEST_F(CampaignExplanation, SaysWhatWasCutTheStrongestFirstAndCountsReasons) {
  Tie(0, 1, 2, "too_thin", true);
  Tie(0, 2, 5, "infrastructure", true);
  Tie(0, 3, 1, "too_thin", true);
  // Two members of one base have no tie.
  Tie(1, 2, 0, "");
  const v1::ExplainCampaignResponse response = Explained(2);
  EXPECT_EQ(response.joining_size(), 0);
  ASSERT_EQ(response.cut_size(), 2);
  EXPECT_EQ(response.cut(0).reason(), "infrastructure");
  EXPECT_EQ(response.cut_left_out(), 1u);
  ASSERT_EQ(response.reasons_size(), 2);
  EXPECT_EQ(response.reasons(1).reason(), "too_thin");
  EXPECT_EQ(response.reasons(1).ties(), 2u);
}

TEST_F(CampaignExplanation, NamesRelatedCampaigns) {
  console::v1::RelatedCampaign& related = *graph_.add_related();
  related.mutable_campaign()->set_campaign_id("other");
  related.set_ties(3);
  related.set_through_infrastructure(true);
  const v1::ExplainCampaignResponse response = Explained();
  ASSERT_EQ(response.related_size(), 1);
  EXPECT_EQ(response.related(0).campaign().campaign_id(), "other");
  EXPECT_TRUE(response.related(0).through_infrastructure());
}

}  // namespace
}  // namespace ringfence::publish
