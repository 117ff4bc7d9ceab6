#include "services/runtime/identity/meter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace ringfence::runtime {
namespace {

using std::chrono::milliseconds;

class MeterTest : public testing::Test {
 protected:
  static Caller Named(const std::string& name, uint32_t reports = 10, uint32_t streams = 2) {
    auto identity = std::make_shared<internal::v1::Identity>();
    identity->set_name(name);
    identity->mutable_quotas()->set_reports_per_second(reports);
    identity->mutable_quotas()->set_streams(streams);
    Caller caller;
    caller.name = name;
    caller.identity = identity;
    return caller;
  }

  std::chrono::steady_clock::time_point now_{std::chrono::hours(1)};
  Metrics metrics_;
  Meter meter_{metrics_, [this] { return now_; }};
};

TEST_F(MeterTest, TwoSecondsOfARateAreThereThenTheRate) {
  const Caller caller = Named("a");
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(meter_.Take(caller, Quota::kReports)) << i;
  const auto retry = meter_.Take(caller, Quota::kReports);
  ASSERT_TRUE(retry);
  EXPECT_EQ(*retry, milliseconds(100));
  now_ += milliseconds(99);
  EXPECT_TRUE(meter_.Take(caller, Quota::kReports));
  now_ += milliseconds(1);
  EXPECT_FALSE(meter_.Take(caller, Quota::kReports));
  EXPECT_THAT(
      metrics_.Text(),
      testing::HasSubstr("ringfence_quota_refusals_total{identity=\"a\",quota=\"reports\"} 2\n"));
}

TEST_F(MeterTest, AnIdleTimeFillsNoMoreThanTheBucket) {
  const Caller caller = Named("a");
  EXPECT_FALSE(meter_.Take(caller, Quota::kReports, 20));
  now_ += std::chrono::hours(10);
  EXPECT_FALSE(meter_.Take(caller, Quota::kReports, 20));
  EXPECT_TRUE(meter_.Take(caller, Quota::kReports));
}

TEST_F(MeterTest, ALargeCallPassesOnceAndIsPaidForByWaiting) {
  const Caller caller = Named("a");
  EXPECT_FALSE(meter_.Take(caller, Quota::kReports, 500));
  const auto retry = meter_.Take(caller, Quota::kReports, 1);
  ASSERT_TRUE(retry);
  EXPECT_EQ(*retry, milliseconds(48'100)) << "480 of debt, and one";
  now_ += *retry;
  EXPECT_FALSE(meter_.Take(caller, Quota::kReports, 1));
}

TEST_F(MeterTest, OneAtItsLimitLeavesOthersTheirs) {
  EXPECT_FALSE(meter_.Take(Named("a"), Quota::kReports, 1'000));
  EXPECT_TRUE(meter_.Take(Named("a"), Quota::kReports));
  EXPECT_FALSE(meter_.Take(Named("b"), Quota::kReports));
}

TEST_F(MeterTest, WhatIsHeldCountsUntilItIsLetGo) {
  const Caller caller = Named("a");
  auto first = meter_.Hold(caller, Quota::kStreams);
  const auto second = meter_.Hold(caller, Quota::kStreams);
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(meter_.Hold(caller, Quota::kStreams));
  EXPECT_TRUE(meter_.Hold(Named("b"), Quota::kStreams));
  first.reset();
  EXPECT_TRUE(meter_.Hold(caller, Quota::kStreams));
}

TEST_F(MeterTest, LocalCallersHaveNoQuotas) {
  Caller local;
  local.is_local = true;
  for (int i = 0; i < 10'000; ++i) ASSERT_FALSE(meter_.Take(local, Quota::kReports, 500));
  EXPECT_TRUE(meter_.Hold(local, Quota::kStreams));
}

}  // namespace
}  // namespace ringfence::runtime
