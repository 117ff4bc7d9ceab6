#include "services/gateway/receiver.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>

#include "pipelines/core/id.h"
#include "services/gateway/log_testing.h"

namespace ringfence::gateway {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class ReceiverTest : public testing::Test {
 protected:
  Receiver Make(size_t partners_max = 10) {
    return Receiver({.intake = {.token_key = {.id = "k1"}},
                     .partitions = 3,
                     .partners_max = partners_max,
                     .clock = [] { return kNow; }},
                    log_, metrics_);
  }

  FaultyLog log_;
  runtime::Metrics metrics_;
};

TEST_F(ReceiverTest, AcceptedReportStandsInItsPartitionAsItWasSent) {
  Receiver receiver = Make();
  v1::Report report = GoodReport("r-1");
  // A field of a later release.
  report.GetReflection()->MutableUnknownFields(&report)->AddVarint(999, 7);
  const auto response = receiver.Receive("acme", RequestOf({report}));
  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_EQ(response->results_size(), 1);
  EXPECT_EQ(response->results(0).outcome(), v1::OUTCOME_ACCEPTED);
  EXPECT_EQ(response->results(0).report_id(), "r-1");
  EXPECT_EQ(*log_.Partitions("reports.acme"), 3);
  const auto partition = static_cast<int32_t>(core::PartitionOf(core::ReportKey("acme", "r-1"), 3));
  EXPECT_THAT(log_.Values("reports.acme", partition), ElementsAre(report.SerializeAsString()));
  EXPECT_THAT(*log_.Topics(runtime::kRejectsPrefix), IsEmpty());
}

TEST_F(ReceiverTest, OnlyAcceptedReportsReachTheReportsTopic) {
  Receiver receiver = Make();
  const auto response =
      receiver.Receive("acme", RequestOf({BadReport("b-1"), GoodReport("r-1"), BadReport("b-2")}));
  ASSERT_TRUE(response.ok()) << response.status();
  std::vector<v1::Outcome> outcomes;
  for (const v1::SubmitResult& result : response->results()) outcomes.push_back(result.outcome());
  EXPECT_THAT(outcomes,
              ElementsAre(v1::OUTCOME_REJECTED, v1::OUTCOME_ACCEPTED, v1::OUTCOME_REJECTED));
  size_t records = 0;
  for (int32_t partition = 0; partition < 3; ++partition)
    records += log_.Values("reports.acme", partition).size();
  EXPECT_EQ(records, 1u);
  EXPECT_EQ(log_.Values("rejects.acme").size(), 2u);
  EXPECT_EQ(log_.appends(), 1) << "one sync for the whole request";
}

TEST_F(ReceiverTest, RejectedReportIsAnsweredWithAllItsProblems) {
  Receiver receiver = Make();
  v1::Report report = BadReport("b-1");
  report.set_tlp(v1::TLP_RED);
  const auto response = receiver.Receive("acme", RequestOf({report}));
  ASSERT_TRUE(response.ok()) << response.status();
  std::vector<std::string> codes;
  for (const v1::Problem& problem : response->results(0).problems())
    codes.push_back(problem.code());
  EXPECT_THAT(codes, testing::UnorderedElementsAre("occurred_at.missing", "tlp.red"));
}

TEST_F(ReceiverTest, RejectionHoldsNothingOfTheReportButItsId) {
  Receiver receiver = Make();
  ASSERT_TRUE(receiver.Receive("acme", RequestOf({BadReport("b-1")})).ok());
  const std::vector<std::string> values = log_.Values("rejects.acme");
  ASSERT_EQ(values.size(), 1u);
  EXPECT_THAT(values[0], Not(HasSubstr("jane")));
  EXPECT_THAT(values[0], Not(HasSubstr("555")));
  v1::Rejection rejection;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(values[0], &rejection).ok());
  EXPECT_EQ(rejection.report_id(), "b-1");
  EXPECT_EQ(rejection.partner(), "acme");
  EXPECT_EQ(rejection.outcome(), v1::OUTCOME_REJECTED);
  EXPECT_EQ(rejection.partition(), -1);
  EXPECT_EQ(rejection.offset(), -1);
  EXPECT_EQ(rejection.problems(0).code(), "occurred_at.missing");
}

TEST_F(ReceiverTest, CountsWhatItRejects) {
  Receiver receiver = Make();
  ASSERT_TRUE(receiver.Receive("acme", RequestOf({BadReport("b-1"), GoodReport("r-1")})).ok());
  EXPECT_THAT(metrics_.Text(), HasSubstr("occurred_at.missing"));
  EXPECT_THAT(metrics_.Text(), HasSubstr("outcome=\"rejected\""));
  EXPECT_THAT(metrics_.Text(), Not(HasSubstr("outcome=\"accepted\"")));
}

TEST_F(ReceiverTest, CountsNothingThatTheLogDidNotTake) {
  Receiver receiver = Make();
  log_.FailAppends(absl::StatusCode::kResourceExhausted);
  const auto response = receiver.Receive("acme", RequestOf({BadReport("b-1"), GoodReport("r-1")}));
  EXPECT_EQ(response.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(metrics_.Text(), Not(HasSubstr("outcome=\"rejected\"")));
  log_.FailAppends(absl::StatusCode::kOk);
  EXPECT_TRUE(receiver.Receive("acme", RequestOf({BadReport("b-1"), GoodReport("r-1")})).ok());
}

TEST_F(ReceiverTest, RefusesMoreReportsThanOneCallMayHave) {
  Receiver receiver = Make();
  v1::SubmitReportsRequest request;
  for (int i = 0; i <= Receiver::kReportsMax; ++i) *request.add_reports() = GoodReport("r");
  EXPECT_EQ(receiver.Receive("acme", request).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(log_.appends(), 0);
  request.mutable_reports()->RemoveLast();
  EXPECT_TRUE(receiver.Receive("acme", request).ok());
  EXPECT_EQ(receiver.Receive("acme", {}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ReceiverTest, TopicThatIsThereKeepsItsPartitions) {
  ASSERT_TRUE(log_.CreateTopic("reports.acme", {.partitions = 1}).ok());
  Receiver receiver = Make();
  ASSERT_TRUE(receiver.Receive("acme", RequestOf({GoodReport("r-1")})).ok());
  EXPECT_EQ(log_.Values("reports.acme", 0).size(), 1u);
}

TEST_F(ReceiverTest, PartnersAreBounded) {
  Receiver receiver = Make(/*partners_max=*/1);
  ASSERT_TRUE(receiver.Receive("acme", RequestOf({GoodReport("r-1")})).ok());
  for (const v1::Report& report : {GoodReport("r-1"), BadReport("b-1")}) {
    EXPECT_EQ(receiver.Receive("other", RequestOf({report})).status().code(),
              absl::StatusCode::kResourceExhausted);
  }
  EXPECT_TRUE(receiver.Receive("acme", RequestOf({BadReport("b-1")})).ok());
  EXPECT_THAT(*log_.Topics(runtime::kRejectsPrefix), ElementsAre("rejects.acme"));
}

}  // namespace
}  // namespace ringfence::gateway
