#include "services/gateway/edge.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "services/gateway/log_testing.h"
#include "services/gateway/report_service.h"
#include "services/runtime/identity/gate.h"

namespace ringfence::gateway {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string Json(const v1::Report& report) {
  std::string json;
  EXPECT_TRUE(google::protobuf::util::MessageToJsonString(report, &json).ok());
  return json;
}

class EdgeTest : public testing::Test {
 protected:
  EdgeTest() {
    Receivers::Options options;
    options.receiver.intake.token_key.id = "k1";
    options.receiver.clock = [] { return kNow; };
    receivers_ = std::make_unique<Receivers>(options, log_, metrics_);
    edge_ = std::make_unique<Edge>(*receivers_, *gate_);
    auto identity = std::make_shared<internal::v1::Identity>();
    identity->mutable_quotas()->set_reports_per_second(100);
    caller_.name = "spiffe://t/p";
    caller_.partner = "acme";
    caller_.identity = std::move(identity);
  }
  runtime::HttpResponse Post(std::string body, const std::string& type = "application/json") {
    runtime::HttpRequest request;
    request.method = "POST";
    request.path = "/v1/reports";
    request.headers.emplace("content-type", type);
    request.body = std::move(body);
    return *edge_->Answer(request, caller_);
  }

  FaultyLog log_;
  runtime::Metrics metrics_;
  const std::unique_ptr<runtime::Gate> gate_ = runtime::Gate::OnThisMachine(metrics_);
  std::unique_ptr<Receivers> receivers_;
  std::unique_ptr<Edge> edge_;
  runtime::Caller caller_;
};

TEST_F(EdgeTest, AnswersEachReportOfADocumentAndAppendsItAsSent) {
  const std::string good = Json(GoodReport("r-1"));
  const auto response =
      Post("{\"reports\": [" + good + ", " + Json(BadReport("b-1")) + ", {\"x\": 1}]}",
           "Application/JSON; charset=utf-8");
  EXPECT_EQ(response.status, 200);
  v1::SubmitReportsResponse answer;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(response.body, &answer).ok());
  ASSERT_EQ(answer.results_size(), 3);
  EXPECT_EQ(answer.results(0).report_id(), "r-1");
  EXPECT_EQ(answer.results(0).outcome(), v1::OUTCOME_ACCEPTED);
  EXPECT_EQ(answer.results(1).outcome(), v1::OUTCOME_REJECTED);
  EXPECT_EQ(answer.results(2).outcome(), v1::OUTCOME_REJECTED);
  EXPECT_THAT(log_.Values("reports.acme"), ElementsAre(good));
  EXPECT_EQ(log_.Values("rejects.acme").size(), 2U);
}

TEST_F(EdgeTest, AnswersLinesAndWhatIsNoReportAmongThem) {
  const auto response =
      Post(Json(GoodReport("r-1")) + "\r\n\n  \nno json\n" + Json(GoodReport("r-2")),
           "application/x-ndjson");
  EXPECT_EQ(response.status, 200);
  v1::SubmitReportsResponse answer;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(response.body, &answer).ok());
  ASSERT_EQ(answer.results_size(), 3);
  EXPECT_EQ(answer.results(1).outcome(), v1::OUTCOME_REJECTED);
  EXPECT_EQ(answer.results(2).outcome(), v1::OUTCOME_ACCEPTED);
  EXPECT_EQ(response.body.find("no json"), std::string::npos);
  EXPECT_EQ(log_.Values("reports.acme").size(), 2U);
}

TEST_F(EdgeTest, WhatIsNoListOfObjectsIsRefusedWhole) {
  for (const char* body :
       {"", "null", "[]", "{}", "{\"reports\": {}}", "{\"reports\": []}", "{\"reports\": [1]}",
        "{\"reports\": [{}], \"more\": 1}", "{\"reports\": [{}]} {}", "{\"reports\": [{}]",
        "{\"reports\": [{}], \"reports\": [{}]}", "{\"reports\": [{]}", "\xff"}) {
    EXPECT_EQ(Post(body).status, 400) << body;
  }
  EXPECT_EQ(Post("", "application/x-ndjson").status, 400);
  std::string many;
  for (int i = 0; i <= Receiver::kReportsMax; ++i) many += "{}\n";
  EXPECT_EQ(Post(many, "application/x-ndjson").status, 400);
  EXPECT_EQ(Post("{}", "text/plain").status, 415);
  EXPECT_EQ(Post("{}", "").status, 415);
  EXPECT_EQ(log_.appends(), 0);
}

TEST_F(EdgeTest, PastTheQuotaItSaysWhenToTryAgain) {
  std::string many;
  for (int i = 0; i < 300; ++i) many += "{}\n";
  EXPECT_EQ(Post(many, "application/x-ndjson").status, 200);
  const auto refused = Post(many, "application/x-ndjson");
  EXPECT_EQ(refused.status, 429);
  ASSERT_FALSE(refused.headers.empty());
  EXPECT_EQ(refused.headers.back().first, "Retry-After");
  // A little of it has passed since.
  EXPECT_THAT(refused.headers.back().second, testing::AnyOf("1", "2"));
  EXPECT_THAT(metrics_.Text(), HasSubstr("ringfence_quota_refusals_total"));
}

TEST_F(EdgeTest, WhenTheLogTakesNothingItIsWorthToTryAgain) {
  const std::string body = "{\"reports\": [" + Json(GoodReport("r-1")) + "]}";
  for (const auto code : {absl::StatusCode::kUnavailable, absl::StatusCode::kResourceExhausted}) {
    log_.FailAppends(code);
    EXPECT_EQ(Post(body).status, 503);
  }
  log_.FailAppends(absl::StatusCode::kDataLoss);
  const auto damaged = Post(body);
  EXPECT_EQ(damaged.status, 500);
  EXPECT_EQ(damaged.body.find("told to fail"), std::string::npos);
}

TEST_F(EdgeTest, ServesWhatDescribesIt) {
  runtime::HttpRequest request;
  request.path = "/v1/openapi.json";
  const auto response = edge_->Answer(request, runtime::Caller());
  ASSERT_TRUE(response);
  EXPECT_THAT(response->body, HasSubstr("\"openapi\": \"3.1.0\""));
  request.path = "/v1/other";
  EXPECT_FALSE(edge_->Answer(request, caller_));
}

TEST_F(EdgeTest, ALargeReportCostsAsSeveral) {
  EXPECT_EQ(CostOf(1, 100), 1U);
  EXPECT_EQ(CostOf(1, 64 << 10), 8U);
  EXPECT_EQ(CostOf(500, 250 << 10), 500U);
}

}  // namespace
}  // namespace ringfence::gateway
