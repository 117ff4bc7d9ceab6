#include "services/intake/intake_runner.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "services/intake/intake_runner_testing.h"

namespace ringfence::intake_service {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

TEST_F(IntakeRunners, SendsWhatItAcceptsToThePartitionOfTheReport) {
  Create("reports.acme");
  Create("reports.bank");
  Send("reports.acme", {GoodReport("1"), GoodReport("2"), GoodReport("3")});
  Send("reports.bank", {GoodReport("1")});
  Start();
  ASSERT_TRUE(EventuallyRead("reports.acme"));
  ASSERT_TRUE(EventuallyRead("reports.bank"));
  EXPECT_THAT(Revisions(), UnorderedElementsAre("acme/1", "acme/2", "acme/3", "bank/1"));
  EXPECT_THAT(*embedded_->Topics("rejects."), IsEmpty());
  EXPECT_THAT(metrics_.Text(),
              HasSubstr("ringfence_reports_total{outcome=\"accepted\",partner=\"acme\"} 3\n"));
}

TEST_F(IntakeRunners, TellsWhatItRejectsAndWhyWithoutTheVictims) {
  Create("reports.acme");
  Send("reports.acme", {GoodReport("1"), BadReport("2"), "{no JSON"});
  Start();
  ASSERT_TRUE(EventuallyRead("reports.acme"));
  EXPECT_THAT(Revisions(), ElementsAre("acme/1"));
  const std::vector<runtime::LogRecord> rejects = Records("rejects.acme");
  ASSERT_EQ(rejects.size(), 2u);
  EXPECT_EQ(rejects[0].key, "0/1");
  EXPECT_EQ(rejects[1].key, "0/2");
  v1::Rejection rejection;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(rejects[0].value, &rejection).ok());
  EXPECT_EQ(rejection.partner(), "acme");
  EXPECT_EQ(rejection.report_id(), "2");
  EXPECT_EQ(rejection.partition(), 0);
  EXPECT_EQ(rejection.offset(), 1);
  EXPECT_EQ(rejection.outcome(), v1::OUTCOME_REJECTED);
  EXPECT_GT(rejection.problems_size(), 0);
  for (const runtime::LogRecord& reject : rejects) {
    EXPECT_THAT(reject.value, Not(HasSubstr("jane")));
  }
  EXPECT_THAT(metrics_.Text(),
              HasSubstr("ringfence_reports_total{outcome=\"rejected\",partner=\"acme\"} 2\n"));
  EXPECT_THAT(metrics_.Text(), HasSubstr("ringfence_problems_total{code=\"" +
                                         rejection.problems(0).code() + "\"} 1\n"));
}

TEST_F(IntakeRunners, HoldsWhatIsBeyondAQuotaAndTellsThePartner) {
  quotas_ = std::make_unique<Quotas>(Quotas::Options{.limits = {.reports = 1}});
  Create("reports.acme");
  Send("reports.acme", {GoodReport("1"), GoodReport("2")});
  Start();
  ASSERT_TRUE(EventuallyRead("reports.acme"));
  EXPECT_THAT(Revisions(), UnorderedElementsAre("acme/1", "acme/2 held"));
  const std::vector<runtime::LogRecord> rejects = Records("rejects.acme");
  ASSERT_EQ(rejects.size(), 1u);
  v1::Rejection rejection;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(rejects[0].value, &rejection).ok());
  EXPECT_EQ(rejection.report_id(), "2");
  EXPECT_EQ(rejection.outcome(), v1::OUTCOME_HELD);
  EXPECT_EQ(rejection.problems(0).code(), "report.held");
  EXPECT_THAT(metrics_.Text(),
              HasSubstr("ringfence_reports_total{outcome=\"held\",partner=\"acme\"} 1\n"));
}

TEST_F(IntakeRunners, WhatIsTakenAgainCountsOnceTowardsAQuota) {
  quotas_ = std::make_unique<Quotas>(Quotas::Options{.limits = {.reports = 3}});
  Create("reports.acme");
  log_->FailAppends(absl::StatusCode::kUnavailable);
  Send("reports.acme", {GoodReport("1"), GoodReport("2")});
  Start();
  ASSERT_TRUE(Eventually([&] { return log_->failed() >= 3; }));
  log_->FailAppends(absl::StatusCode::kOk);
  ASSERT_TRUE(EventuallyRead("reports.acme"));
  Send("reports.acme", {GoodReport("3"), GoodReport("4")});
  ASSERT_TRUE(EventuallyRead("reports.acme"));
  EXPECT_THAT(Revisions(), UnorderedElementsAre("acme/1", "acme/2", "acme/3", "acme/4 held"));
}

TEST_F(IntakeRunners, MarksEchoesAndTellsThePartner) {
  echoes_ = std::make_unique<Echoes>(
      [] {
        return std::map<std::string, core::Time>{{"acme/edge", kNow - core::kDay}};
      },
      [](const core::Id&, core::Time) { return true; });
  Create("reports.acme");
  Create("reports.bank");
  Send("reports.acme", {GoodReport("1")});
  Send("reports.bank", {GoodReport("1")});
  Start();
  ASSERT_TRUE(EventuallyRead("reports.acme"));
  ASSERT_TRUE(EventuallyRead("reports.bank"));
  EXPECT_THAT(Revisions(), UnorderedElementsAre("acme/1 echo", "bank/1"));
  EXPECT_THAT(*embedded_->Topics("rejects."), ElementsAre("rejects.acme"));
  v1::Rejection rejection;
  ASSERT_TRUE(
      google::protobuf::util::JsonStringToMessage(Records("rejects.acme")[0].value, &rejection)
          .ok());
  EXPECT_EQ(rejection.outcome(), v1::OUTCOME_ACCEPTED);
  EXPECT_EQ(rejection.problems(0).code(), "identifier.echo");
}

TEST_F(IntakeRunners, TakesNothingUntilItMay) {
  Create("reports.acme");
  Send("reports.acme", {GoodReport("1")});
  std::atomic<bool> may_take = false;
  std::atomic<int> asked = 0;
  may_take_ = [&] { return ++asked > 0 && may_take; };
  Start();
  ASSERT_TRUE(Eventually([&] { return asked > 2; }));
  EXPECT_THAT(Revisions(), IsEmpty());
  may_take = true;
  ASSERT_TRUE(EventuallyRead("reports.acme"));
  EXPECT_THAT(Revisions(), ElementsAre("acme/1"));
  runner_.reset();
}

TEST_F(IntakeRunners, FindsAPartnerThatComesLater) {
  Start();
  ASSERT_TRUE(runner_->progress().empty());
  Create("reports.acme");
  Send("reports.acme", {GoodReport("1")});
  ASSERT_TRUE(EventuallyRead("reports.acme"));
  EXPECT_THAT(Revisions(), ElementsAre("acme/1"));
  const std::vector<runtime::Progress> progress = runner_->progress();
  ASSERT_EQ(progress.size(), 1u);
  EXPECT_EQ(progress[0].stage, "intake");
  EXPECT_EQ(progress[0].input, (runtime::TopicPartition{"reports.acme", 0}));
  EXPECT_EQ(progress[0].applied, 1);
  EXPECT_EQ(progress[0].end, 1);
}

TEST_F(IntakeRunners, GoesOnWhereItWas) {
  Create("reports.acme");
  Send("reports.acme", {GoodReport("1")});
  Start();
  ASSERT_TRUE(EventuallyRead("reports.acme"));
  Start();
  Send("reports.acme", {GoodReport("2")});
  ASSERT_TRUE(EventuallyRead("reports.acme"));
  EXPECT_THAT(Revisions(), UnorderedElementsAre("acme/1", "acme/2"));
}

TEST_F(IntakeRunners, CommitsOnlyWhatTheLogHas) {
  Create("reports.acme");
  log_->FailAppends(absl::StatusCode::kResourceExhausted);
  Send("reports.acme", {GoodReport("1"), BadReport("2")});
  Start();
  ASSERT_TRUE(Eventually([&] { return log_->failed() >= 2; }));
  EXPECT_EQ(*embedded_->Committed("intake", {"reports.acme", 0}), std::nullopt);
  log_->FailAppends(absl::StatusCode::kOk);
  ASSERT_TRUE(EventuallyRead("reports.acme"));
  EXPECT_THAT(Revisions(), ElementsAre("acme/1"));
  EXPECT_EQ(Records("rejects.acme").size(), 1u);
  // Nor is anything counted twice.
  EXPECT_THAT(metrics_.Text(),
              HasSubstr("ringfence_reports_total{outcome=\"accepted\",partner=\"acme\"} 1\n"));
}

TEST_F(IntakeRunners, AFloodOfOnePartnerDelaysOthersByItsShareOfARound) {
  Create("reports.flood");
  Create("reports.quiet");
  std::vector<std::string> flood;
  for (int i = 0; i < 500; ++i) flood.push_back(BadReport(std::to_string(i)));
  Send("reports.flood", std::move(flood));
  Send("reports.quiet", {BadReport("1")});
  // Each append takes a second, so that its time tells the round.
  class TickingLog : public runtime::FaultyLog {
   public:
    TickingLog(runtime::Log& log, runtime::ManualClock& clock) : FaultyLog(log), clock_(clock) {}
    absl::StatusOr<std::vector<int64_t>> Append(
        std::vector<runtime::AppendRecord> records) override {
      clock_.Advance(core::kSecond);
      return FaultyLog::Append(std::move(records));
    }

   private:
    runtime::ManualClock& clock_;
  };
  log_ = std::make_unique<TickingLog>(*embedded_, clock_);
  Start(10);
  ASSERT_TRUE(EventuallyRead("reports.flood"));
  ASSERT_TRUE(EventuallyRead("reports.quiet"));
  const core::Time quiet = Records("rejects.quiet").front().append_time;
  int before = 0;
  for (const runtime::LogRecord& reject : Records("rejects.flood")) {
    if (reject.append_time <= quiet) ++before;
  }
  EXPECT_LE(before, 10);
}

TEST_F(IntakeRunners, EachReadsItsShareOfPartitions) {
  Create("reports.acme", 3);
  Create("reports.small", 1);
  for (int32_t p = 0; p < 3; ++p) Send("reports.acme", {GoodReport(std::to_string(p))}, p);
  Send("reports.small", {GoodReport("0")});
  Start(250, 1, 2);
  ASSERT_TRUE(EventuallyRead("reports.acme", 1));
  EXPECT_THAT(Revisions(), ElementsAre("acme/1"));
  EXPECT_EQ(runner_->progress().size(), 1u);
  Start(250, 0, 2);
  ASSERT_TRUE(EventuallyRead("reports.acme", 0));
  ASSERT_TRUE(EventuallyRead("reports.acme", 2));
  ASSERT_TRUE(EventuallyRead("reports.small"));
  EXPECT_THAT(Revisions(), UnorderedElementsAre("acme/0", "acme/1", "acme/2", "small/0"));
}

TEST_F(IntakeRunners, TopicsThatAreNoPartnersAreNotRead) {
  Create("reports.No_Partner");
  Create("reports.acme");
  Send("reports.No_Partner", {GoodReport("1")});
  Send("reports.acme", {GoodReport("1")});
  Start();
  ASSERT_TRUE(EventuallyRead("reports.acme"));
  EXPECT_THAT(Revisions(), ElementsAre("acme/1"));
  EXPECT_EQ(runner_->progress().size(), 1u);
}

}  // namespace
}  // namespace ringfence::intake_service
