#include "services/intake/report_inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "services/intake/intake_runner_testing.h"

namespace ringfence::intake_service {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::UnorderedElementsAre;

using PartnersTopics = IntakeRunners;

TEST_F(PartnersTopics, ATopicThatNeedsAnOperatorStopsAloneAndGoesOnOncePutRight) {
  Create("reports.acme");
  Create("reports.bank");
  Create("reports.zeta");
  for (const char* topic : {"reports.acme", "reports.bank", "reports.zeta"})
    Send(topic, {GoodReport("1")});
  Start();
  ASSERT_TRUE(EventuallyRead("reports.bank"));
  log_->FailTopic("reports.bank", absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(Eventually([&] { return !ProgressOf("reports.bank").stopped_because.empty(); }));
  EXPECT_EQ(ProgressOf("reports.bank").stopped_because, "told to fail");
  EXPECT_TRUE(ProgressOf("reports.bank").fails_alone);
  for (const char* topic : {"reports.acme", "reports.bank", "reports.zeta"})
    Send(topic, {GoodReport("2")});
  ASSERT_TRUE(EventuallyRead("reports.acme"));
  ASSERT_TRUE(EventuallyRead("reports.zeta"));
  EXPECT_EQ(ProgressOf("reports.bank").applied, 1);
  EXPECT_EQ(ProgressOf("reports.zeta").stopped_because, "");
  EXPECT_FALSE(ProgressOf("reports.zeta").fails_alone);
  EXPECT_THAT(metrics_.Text(),
              HasSubstr("ringfence_input_stopped{partition=\"0\",partner=\"bank\"} 1\n"));
  EXPECT_THAT(metrics_.Text(),
              HasSubstr("ringfence_stage_stopped{partition=\"0\",stage=\"intake\"} 0\n"));
  // However often it is looked at.
  EXPECT_THAT(metrics_.Text(),
              HasSubstr("ringfence_stage_errors_total{reaction=\"stop\",stage=\"intake\"} 1\n"));
  log_->FailTopic("reports.bank", absl::StatusCode::kOk);
  ASSERT_TRUE(EventuallyRead("reports.bank"));
  ASSERT_TRUE(Eventually([&] { return ProgressOf("reports.bank").stopped_because.empty(); }));
  EXPECT_THAT(Revisions(),
              UnorderedElementsAre("acme/1", "acme/2", "bank/1", "bank/2", "zeta/1", "zeta/2"));
  EXPECT_THAT(metrics_.Text(), Not(HasSubstr("ringfence_input_stopped{")));
}

TEST_F(PartnersTopics, ATopicThatIsStoppedFromTheStartShows) {
  Create("reports.acme");
  Create("reports.bank");
  log_->FailTopic("reports.acme", absl::StatusCode::kPermissionDenied);
  Send("reports.bank", {GoodReport("1")});
  Start();
  ASSERT_TRUE(EventuallyRead("reports.bank"));
  EXPECT_EQ(ProgressOf("reports.acme").stopped_because, "told to fail");
}

TEST_F(PartnersTopics, APartitionWithoutALeaderIsTriedAgainWhileOthersAreRead) {
  Create("reports.acme");
  Create("reports.bank");
  Create("reports.zeta");
  log_->FailTopic("reports.bank", absl::StatusCode::kUnavailable);
  for (const char* topic : {"reports.acme", "reports.bank", "reports.zeta"})
    Send(topic, {GoodReport("1")});
  Start();
  ASSERT_TRUE(EventuallyRead("reports.acme"));
  ASSERT_TRUE(EventuallyRead("reports.zeta"));
  EXPECT_THAT(Revisions(), UnorderedElementsAre("acme/1", "zeta/1"));
  log_->FailTopic("reports.bank", absl::StatusCode::kOk);
  ASSERT_TRUE(EventuallyRead("reports.bank"));
  EXPECT_THAT(Revisions(), UnorderedElementsAre("acme/1", "bank/1", "zeta/1"));
}

TEST_F(PartnersTopics, ATopicThatIsDeletedIsDroppedAndBeginsAnewWhenItComesBack) {
  Create("reports.acme");
  Create("reports.bank");
  Send("reports.acme", {GoodReport("1")});
  Start();
  ASSERT_TRUE(EventuallyRead("reports.acme"));
  log_->FailTopic("reports.acme", absl::StatusCode::kNotFound);
  ASSERT_TRUE(Eventually([&] { return runner_->progress().size() == 1; }));
  Send("reports.bank", {GoodReport("1")});
  ASSERT_TRUE(EventuallyRead("reports.bank"));
  EXPECT_EQ(ProgressOf("reports.bank").stopped_because, "");
  EXPECT_THAT(metrics_.Text(), Not(HasSubstr("ringfence_input_stopped{")));
  log_->FailTopic("reports.acme", absl::StatusCode::kOk);
  Send("reports.acme", {GoodReport("2")});
  ASSERT_TRUE(EventuallyRead("reports.acme"));
  EXPECT_THAT(Revisions(), UnorderedElementsAre("acme/1", "acme/2", "bank/1"));
}

TEST_F(PartnersTopics, WhatRetentionRemovedIsCountedAndTheRestIsRead) {
  Create("reports.acme");
  Send("reports.acme", {GoodReport("1"), GoodReport("2"), GoodReport("3")});
  // Before the third nothing is left; as Kafka does, whatever was committed.
  class ShortLog : public runtime::FaultyLog {
   public:
    using FaultyLog::FaultyLog;
    absl::StatusOr<std::vector<runtime::LogRecord>> Read(const runtime::TopicPartition& from,
                                                         int64_t offset, size_t records_max,
                                                         size_t bytes_max) override {
      if (offset < start) return absl::OutOfRangeError("gone");
      return FaultyLog::Read(from, offset, records_max, bytes_max);
    }
    absl::StatusOr<int64_t> StartOffset(const runtime::TopicPartition&) override {
      return start.load();
    }
    std::atomic<int64_t> start = 0;
  };
  auto log = std::make_unique<ShortLog>(*embedded_);
  ShortLog& short_log = *log;
  log_ = std::move(log);
  std::atomic<bool> may_take = false;
  may_take_ = [&] { return may_take.load(); };
  Start();
  ASSERT_TRUE(Eventually([&] { return runner_->progress().size() == 1; }));
  EXPECT_THAT(metrics_.Text(), HasSubstr("ringfence_lost_offsets_total{partner=\"acme\"} 0\n"));
  // While it runs.
  short_log.start = 1;
  may_take = true;
  ASSERT_TRUE(EventuallyRead("reports.acme"));
  EXPECT_THAT(Revisions(), UnorderedElementsAre("acme/2", "acme/3"));
  EXPECT_THAT(metrics_.Text(), HasSubstr("ringfence_lost_offsets_total{partner=\"acme\"} 1\n"));
  EXPECT_THAT(metrics_.Text(), Not(HasSubstr("ringfence_input_stopped{")));
  // While none runs, and nothing is left: told once.
  runner_.reset();
  Send("reports.acme", {GoodReport("4"), GoodReport("5"), GoodReport("6")});
  short_log.start = 6;
  for (int i = 0; i < 2; ++i) {
    Start();
    ASSERT_TRUE(EventuallyRead("reports.acme"));
    ASSERT_TRUE(Eventually([&] { return runner_->progress().size() == 1; }));
    EXPECT_THAT(Revisions(), UnorderedElementsAre("acme/2", "acme/3"));
    EXPECT_THAT(metrics_.Text(), HasSubstr("ringfence_lost_offsets_total{partner=\"acme\"} 4\n"));
    runner_.reset();
  }
}

TEST_F(PartnersTopics, ALogThatEndsBeforeItsReaderStopsTheTopicAndSkipsNothing) {
  Create("reports.acme");
  Create("reports.bank");
  Send("reports.acme", {GoodReport("1")});
  ASSERT_TRUE(embedded_->Commit("intake", {"reports.acme", 0}, 5).ok());
  Send("reports.bank", {GoodReport("1")});
  Start();
  ASSERT_TRUE(EventuallyRead("reports.bank"));
  EXPECT_THAT(ProgressOf("reports.acme").stopped_because, HasSubstr("it is another log"));
  EXPECT_THAT(Revisions(), ElementsAre("bank/1"));
  // Put right by who knows where it should go on.
  ASSERT_TRUE(embedded_->Commit("intake", {"reports.acme", 0}, 0).ok());
  ASSERT_TRUE(EventuallyRead("reports.acme"));
  EXPECT_THAT(Revisions(), UnorderedElementsAre("acme/1", "bank/1"));
}

TEST_F(PartnersTopics, RejectionsThatCannotBeKeptHoldUpTheirPartnerAlone) {
  quotas_ = std::make_unique<Quotas>(Quotas::Options{.limits = {.reports = 2}});
  Create("reports.acme");
  Create("reports.bank");
  Create("rejects.acme");
  Create("rejects.bank");
  log_->FailTopic("rejects.acme", absl::StatusCode::kPermissionDenied);
  Send("reports.acme", {GoodReport("1"), BadReport("2")});
  Send("reports.bank", {GoodReport("1"), BadReport("2")});
  Start();
  ASSERT_TRUE(EventuallyRead("reports.bank"));
  ASSERT_TRUE(Eventually([&] { return !ProgressOf("reports.acme").stopped_because.empty(); }));
  EXPECT_EQ(ProgressOf("reports.acme").applied, 0);
  EXPECT_EQ(ProgressOf("reports.bank").stopped_because, "");
  EXPECT_EQ(Records("rejects.bank").size(), 1u);
  log_->FailTopic("rejects.acme", absl::StatusCode::kOk);
  ASSERT_TRUE(EventuallyRead("reports.acme"));
  EXPECT_EQ(Records("rejects.acme").size(), 1u);
  // Tried often, it counted once.
  Send("reports.acme", {GoodReport("3")});
  ASSERT_TRUE(EventuallyRead("reports.acme"));
  EXPECT_THAT(Revisions(), Contains("acme/3"));
}

TEST_F(PartnersTopics, AMailboxThatIsDamagedStopsAll) {
  Create("reports.acme");
  Send("reports.acme", {GoodReport("1")});
  log_->FailTopic(std::string(runtime::kDedupeTopic), absl::StatusCode::kDataLoss);
  Start();
  ASSERT_TRUE(Eventually([&] {
    return !runner_->progress().empty() &&
           ProgressOf("reports.acme").stopped_because == "told to fail";
  }));
  EXPECT_FALSE(ProgressOf("reports.acme").fails_alone);
  log_->FailTopic(std::string(runtime::kDedupeTopic), absl::StatusCode::kOk);
  Send("reports.acme", {GoodReport("2")});
  ASSERT_TRUE(Eventually([&] { return ProgressOf("reports.acme").end == 2; }));
  EXPECT_EQ(ProgressOf("reports.acme").applied, 0);
  EXPECT_THAT(metrics_.Text(),
              HasSubstr("ringfence_stage_stopped{partition=\"0\",stage=\"intake\"} 1\n"));
}

TEST_F(PartnersTopics, WhereItIsIsKnownWithoutTheLog) {
  Create("reports.acme");
  Send("reports.acme", {GoodReport("1"), GoodReport("2"), GoodReport("3")});
  class AskedLog : public runtime::FaultyLog {
   public:
    using FaultyLog::FaultyLog;
    absl::StatusOr<int64_t> EndOffset(const runtime::TopicPartition& partition) override {
      if (std::this_thread::get_id() == test) asked_by_test = true;
      return FaultyLog::EndOffset(partition);
    }
    const std::thread::id test = std::this_thread::get_id();
    std::atomic<bool> asked_by_test = false;
  };
  auto log = std::make_unique<AskedLog>(*embedded_);
  const AskedLog& asked = *log;
  log_ = std::move(log);
  may_take_ = [] { return false; };
  Start();
  ASSERT_TRUE(Eventually(
      [&] { return !runner_->progress().empty() && ProgressOf("reports.acme").end == 3; }));
  log_->FailEnds(absl::StatusCode::kUnavailable);
  ASSERT_TRUE(Eventually([&] { return log_->failed() >= 3; }));
  // As last heard, neither asked for now nor zero.
  EXPECT_EQ(ProgressOf("reports.acme").end, 3);
  EXPECT_FALSE(asked.asked_by_test);
  EXPECT_THAT(metrics_.Text(),
              HasSubstr("ringfence_stage_lag_records{partition=\"0\",stage=\"intake\"} 3\n"));
  runner_.reset();
}

TEST_F(PartnersTopics, PartitionsThatAreAddedAreRead) {
  Create("reports.acme", 3);
  class GrowingLog : public runtime::FaultyLog {
   public:
    using FaultyLog::FaultyLog;
    absl::StatusOr<int32_t> Partitions(const std::string& topic) override {
      return topic == "reports.acme" ? partitions.load() : FaultyLog::Partitions(topic);
    }
    std::atomic<int32_t> partitions = 1;
  };
  auto log = std::make_unique<GrowingLog>(*embedded_);
  GrowingLog& growing = *log;
  log_ = std::move(log);
  for (int32_t p = 0; p < 3; ++p) Send("reports.acme", {GoodReport(std::to_string(p))}, p);
  Start();
  ASSERT_TRUE(EventuallyRead("reports.acme", 0));
  EXPECT_THAT(Revisions(), ElementsAre("acme/0"));
  growing.partitions = 3;
  ASSERT_TRUE(EventuallyRead("reports.acme", 1));
  ASSERT_TRUE(EventuallyRead("reports.acme", 2));
  EXPECT_THAT(Revisions(), UnorderedElementsAre("acme/0", "acme/1", "acme/2"));
  runner_.reset();
}

}  // namespace
}  // namespace ringfence::intake_service
