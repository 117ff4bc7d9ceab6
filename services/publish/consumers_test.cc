#include "services/publish/consumers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "services/publish/subscription_testing.h"
#include "services/runtime/temporary_folder_testing.h"

namespace ringfence::publish {
namespace {

using campaigns::kNow;
using campaigns::Removal;
using campaigns::Upsert;
using testing::HasSubstr;
using testing::Not;

class ConsumersTest : public SubscriptionTestBase {
 protected:
  ConsumersTest() : SubscriptionTestBase(2) {
    options_.clock = [this] { return now_.load(); };
    options_.path = folder_.path() + "/consumers";
    // Nothing by itself.
    options_.report_every = options_.keep_every = std::chrono::hours(1);
  }
  ~ConsumersTest() override { consumers_.reset(); }
  void StartConsumers() {
    Start();
    MakeConsumers();
  }
  void MakeConsumers() {
    consumers_ =
        std::make_unique<Consumers>(options_, *publisher_, feed_->cursors(), publisher_.metrics);
  }
  static Filter FilterFor(v1::Action min_action) {
    v1::Filter asked;
    asked.set_min_action(min_action);
    return *MakeFilter(asked, {v1::TLP_AMBER_STRICT, true});
  }
  std::string CursorFor(const Filter& filter) {
    return feed_->CursorAt(publisher_->Latest()->offsets, filter);
  }
  v1::ConsumerStatus StatusOf(const std::string& name) {
    const v1::ListConsumersResponse list = consumers_->List();
    for (const v1::ConsumerStatus& status : list.consumers()) {
      if (status.consumer() == name) return status;
    }
    return {};
  }
  // Blocked, then not any more.
  void Revoke(const std::string& value) {
    Append(Upsert({.value = value, .place = 1}));
    Append(Removal({.value = value, .place = 2}, "retracted"));
  }

  std::atomic<core::Time> now_ = kNow;
  runtime::TemporaryFolder folder_;
  Consumers::Options options_;
  std::unique_ptr<Consumers> consumers_;
  const Filter block_ = FilterFor(v1::ACTION_BLOCK);
};

TEST_F(ConsumersTest, SaysWhichRevocationsAreNotAcknowledgedAndSinceWhen) {
  Append(Upsert({.value = "+1"}));
  StartConsumers();
  const auto stream = consumers_->Begin("telco", block_);
  EXPECT_FALSE(StatusOf("telco").has_acknowledged_at());
  ASSERT_TRUE(consumers_->Acknowledge("telco", CursorFor(block_)).ok());
  Append(Upsert({.value = "+2", .action = v1::ACTION_CHALLENGE, .score = 450}));
  EXPECT_EQ(StatusOf("telco").unacknowledged_revocations(), 0u);
  // Leaves a blocker's set, though it is still listed.
  Append(Upsert({.value = "+1", .place = 2, .action = v1::ACTION_CHALLENGE, .score = 450}));
  // Was never in it.
  Append(Removal({.value = "+2", .place = 2}, "expired"));
  v1::ConsumerStatus status = StatusOf("telco");
  EXPECT_EQ(status.unacknowledged_revocations(), 1u);
  EXPECT_EQ(core::FromProto(status.oldest_unacknowledged_revocation()), kNow);
  EXPECT_EQ(status.acknowledged_records_behind(), 3u);
  EXPECT_FALSE(status.more_revocations());
  now_ += 3 * core::kSecond;
  ASSERT_TRUE(consumers_->Acknowledge("telco", CursorFor(block_)).ok());
  status = StatusOf("telco");
  EXPECT_EQ(status.unacknowledged_revocations(), 0u);
  EXPECT_FALSE(status.has_oldest_unacknowledged_revocation());
  EXPECT_EQ(status.acknowledged_records_behind(), 0u);
  EXPECT_THAT(publisher_.metrics.Text(),
              HasSubstr("ringfence_revocation_seconds_sum{consumer=\"telco\"} 3"));
  EXPECT_THAT(publisher_.metrics.Text(),
              HasSubstr("ringfence_revocation_seconds_count{consumer=\"telco\"} 1"));
}

TEST_F(ConsumersTest, TheLagOfOneThatIsAwayGrows) {
  options_.report_every = std::chrono::milliseconds(5);
  StartConsumers();
  {
    const auto stream = consumers_->Begin("telco", block_);
    ASSERT_TRUE(consumers_->Acknowledge("telco", CursorFor(block_)).ok());
  }
  EXPECT_EQ(StatusOf("telco").streams(), 0u);
  Revoke("+1");
  // One more: of several the oldest counts.
  log_.SetNow(kNow + core::kSecond);
  Revoke("+2");
  now_ = kNow + 50 * core::kSecond;
  const std::string wanted = "ringfence_consumer_revocation_lag_seconds{consumer=\"telco\"} 50";
  for (int i = 0; i < 2'000 && publisher_.metrics.Text().find(wanted) == std::string::npos; ++i)
    publisher_->AwaitOther(publisher_->Latest().get(), std::chrono::milliseconds(5));
  EXPECT_THAT(publisher_.metrics.Text(), HasSubstr(wanted));
}

TEST_F(ConsumersTest, AcknowledgementsSurviveARestartAndItsRevocationsDoNot) {
  StartConsumers();
  {
    const auto stream = consumers_->Begin("telco", block_);
    ASSERT_TRUE(consumers_->Acknowledge("telco", CursorFor(block_)).ok());
  }
  Revoke("+1");
  EXPECT_EQ(StatusOf("telco").unacknowledged_revocations(), 1u);
  consumers_.reset();
  Restart();
  MakeConsumers();
  v1::ConsumerStatus status = StatusOf("telco");
  EXPECT_EQ(core::FromProto(status.acknowledged_at()), kNow);
  EXPECT_EQ(status.acknowledged_records_behind(), 2u);
  EXPECT_EQ(status.filter().min_action(), v1::ACTION_BLOCK);
  EXPECT_TRUE(status.more_revocations());
  Revoke("+2");
  EXPECT_EQ(StatusOf("telco").unacknowledged_revocations(), 1u);
  // Of another log or key it says nothing.
  consumers_.reset();
  feed_options_.cursor_key = "another";
  Restart();
  MakeConsumers();
  EXPECT_EQ(consumers_->List().consumers_size(), 0);
}

TEST_F(ConsumersTest, AnAcknowledgementThatWasOvertakenChangesNothing) {
  StartConsumers();
  const auto stream = consumers_->Begin("telco", block_);
  const std::string early = CursorFor(block_);
  Revoke("+1");
  ASSERT_TRUE(consumers_->Acknowledge("telco", CursorFor(block_)).ok());
  ASSERT_TRUE(consumers_->Acknowledge("telco", early).ok());
  EXPECT_EQ(StatusOf("telco").unacknowledged_revocations(), 0u);
  // With another filter it holds another set.
  const Filter all = FilterFor(v1::ACTION_MONITOR);
  const auto other = consumers_->Begin("telco", all);
  ASSERT_TRUE(consumers_->Acknowledge("telco", CursorFor(all)).ok());
  EXPECT_EQ(StatusOf("telco").streams(), 2u);
  EXPECT_EQ(StatusOf("telco").filter().min_action(), v1::ACTION_MONITOR);
}

TEST_F(ConsumersTest, RefusesWithTheFieldsName) {
  StartConsumers();
  EXPECT_THAT(std::string(consumers_->Acknowledge("", CursorFor(block_)).message()),
              HasSubstr("consumer"));
  EXPECT_THAT(std::string(consumers_->Acknowledge("telco", "nonsense").message()),
              HasSubstr("cursor"));
  EXPECT_EQ(consumers_->List().consumers_size(), 0);
}

TEST_F(ConsumersTest, NamesAndTheirMetricsAreBounded) {
  options_.consumers_max = 5;
  options_.named_max = 2;
  StartConsumers();
  const auto stream = consumers_->Begin("a", block_);
  for (int i = 0; i < 20; ++i) {
    ++now_;
    ASSERT_TRUE(consumers_->Acknowledge("c" + std::to_string(i), CursorFor(block_)).ok());
  }
  EXPECT_EQ(consumers_->List().consumers_size(), 5);
  EXPECT_EQ(StatusOf("a").streams(), 1u) << "one that is connected is not forgotten";
  EXPECT_EQ(StatusOf("c19").consumer(), "c19");
  EXPECT_THAT(publisher_.metrics.Text(), Not(HasSubstr("consumer=\"c7\"")));
}

TEST_F(ConsumersTest, WhatIsNotRememberedIsSaidToBeMissing) {
  publisher_.options.revocations_max = 2;
  StartConsumers();
  const auto stream = consumers_->Begin("telco", block_);
  ASSERT_TRUE(consumers_->Acknowledge("telco", CursorFor(block_)).ok());
  for (int i = 0; i < 4; ++i) Revoke("+" + std::to_string(i));
  EXPECT_EQ(StatusOf("telco").unacknowledged_revocations(), 2u);
  EXPECT_TRUE(StatusOf("telco").more_revocations());
}

TEST_F(ConsumersTest, SaysWhatAStreamIsAt) {
  StartConsumers();
  const auto stream = consumers_->Begin("telco", block_);
  EXPECT_EQ(StatusOf("telco").phase(), "opening");
  Revoke("+1");
  const Offsets sent = {1, 0};
  stream->Note("live", &sent);
  EXPECT_EQ(StatusOf("telco").phase(), "live");
  EXPECT_EQ(StatusOf("telco").sent_records_behind(), 1u);
  EXPECT_EQ(core::FromProto(StatusOf("telco").connected_since()), kNow);
}

}  // namespace
}  // namespace ringfence::publish
