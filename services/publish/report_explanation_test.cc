#include "services/publish/report_explanation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringfence::publish {
namespace {

constexpr core::Id kReport{1, 2};
constexpr core::Id kOther{0x123456789abcdef0, 4};

dedupe::ReportExplanation Explained() {
  dedupe::ReportExplanation explanation;
  explanation.facts.set_partner("harbour-bank");
  explanation.incident = kOther;
  dedupe::ReportExplanation::Other near;
  near.report = {7, 7};
  near.facts.set_partner("harbour-bank");
  near.comparison = {{{dedupe::Field::kTime, -14'000}}, 8'000, 24'000, false};
  explanation.others.push_back(near);
  dedupe::ReportExplanation::Other joined;
  joined.report = kOther;
  joined.facts.set_partner("another-company");
  joined.facts.add_tokens()->set_value(0xfeedfacecafebeef);
  joined.comparison = {{{dedupe::Field::kVictimPhone, 22'000}, {dedupe::Field::kTime, 4'000}},
                       26'000,
                       18'000,
                       false};
  explanation.others.push_back(joined);
  return explanation;
}

TEST(ExplainReport, SaysWhatJoinsByWhichFields) {
  const v1::ExplainReportResponse response = Describe(kReport, Explained());
  EXPECT_FALSE(response.representative());
  ASSERT_EQ(response.others_size(), 2);
  const v1::ComparedReport& joined = response.others(0);
  EXPECT_TRUE(joined.matches());
  EXPECT_TRUE(joined.representative());
  EXPECT_FALSE(joined.same_organisation());
  EXPECT_EQ(joined.weight(), 26);
  ASSERT_EQ(joined.fields_size(), 2);
  EXPECT_EQ(joined.fields(0).field(), "victim_phone");
  EXPECT_EQ(joined.fields(0).weight(), 22);
  EXPECT_FALSE(response.others(1).matches());
  EXPECT_TRUE(response.others(1).same_organisation());
}

TEST(ExplainReport, ShowsOthersUnderAliasesMadeAnew) {
  const v1::ExplainReportResponse one = Describe(kReport, Explained());
  const v1::ExplainReportResponse other = Describe(kReport, Explained());
  EXPECT_NE(one.incident(), other.incident());
  EXPECT_NE(one.others(0).report(), other.others(0).report());
  EXPECT_NE(one.others(0).organisation(), other.others(0).organisation());
  for (const char* secret : {"another-company", "feedface", "123456789abcdef0"}) {
    EXPECT_THAT(one.DebugString(), testing::Not(testing::HasSubstr(secret)));
  }
}

TEST(ExplainReport, OfARetractedReportSaysNothingMore) {
  dedupe::ReportExplanation explanation;
  explanation.retracted = true;
  explanation.revision = 3;
  const v1::ExplainReportResponse response = Describe(kReport, explanation);
  EXPECT_EQ(response.revision(), 3u);
  EXPECT_EQ(response.incident(), "");
}

}  // namespace
}  // namespace ringfence::publish
