#include "pipelines/cluster/referrals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "pipelines/cluster/cluster.h"
#include "pipelines/core/memory_state.h"
#include "pipelines/core/output_testing.h"
#include "pipelines/core/referral_key.h"

namespace ringfence::cluster {
namespace {

using core::Id;
using internal::v1::Envelope;
using internal::v1::ReferralEntry;
using testing::IsEmpty;
using testing::SizeIs;

constexpr core::Time kNow = 20'000 * core::kDay;
const std::string kHold = "0123456789abcdef";

ReferralEntry Frozen(const std::string& hold, uint64_t report) {
  ReferralEntry entry;
  entry.set_hold_id(hold);
  entry.set_report_lo(report);
  entry.mutable_report()->set_partner("bank");
  return entry;
}

ReferralEntry Done(const std::string& hold) {
  ReferralEntry entry;
  entry.set_hold_id(hold);
  entry.set_done(true);
  entry.set_partition(3);
  entry.set_reports(2);
  return entry;
}

ReferralEntry Removed(ReferralEntry entry) {
  entry.clear_report();
  entry.set_removed(true);
  return entry;
}

// What stands in `indicators`.
class ReferralsTest : public testing::Test {
 protected:
  void Receive(const ReferralEntry& entry, core::Time now = kNow) {
    Envelope envelope;
    *envelope.add_referral_entries() = entry;
    Apply(envelope, now);
  }
  void AskAbout(const std::string& key, core::Time now = kNow) {
    Envelope envelope;
    envelope.add_rechecks()->set_identifier_id(key);
    Apply(envelope, now);
  }
  void Apply(const Envelope& envelope, core::Time now) {
    core::FakeOutput output(1, 1);
    PassOnReferrals(envelope, state_, now, output);
    for (const auto& [key, value] : output.indicators) {
      value.empty() ? void(written_.erase(key)) : void(written_[key] = value);
    }
  }

  core::MemoryState state_;
  std::map<std::string, std::string> written_;
};

TEST_F(ReferralsTest, WhatIsFrozenIsWrittenAndKeepsNothingHere) {
  Receive(Frozen(kHold, 1));
  Receive(Frozen(kHold, 1));
  Receive(Done(kHold));
  EXPECT_THAT(written_, SizeIs(2));
  EXPECT_EQ(state_.size(), 0u);
}

TEST_F(ReferralsTest, NoCopyBringsBackWhatWasLetGo) {
  Receive(Frozen(kHold, 1));
  Receive(Done(kHold));
  Receive(Removed(Frozen(kHold, 1)));
  Receive(Frozen(kHold, 1));
  Receive(Removed(Done(kHold)));
  Receive(Done(kHold), kNow + core::kDay);
  Receive(Frozen(kHold, 2), kNow + 8 * core::kDay);
  EXPECT_THAT(written_, IsEmpty());
  Receive(Frozen("another hold's..", 1));
  EXPECT_THAT(written_, SizeIs(1));
}

TEST_F(ReferralsTest, WhatALateWriterLeftIsRemovedOnlyOnceTheHoldIsLifted) {
  const std::string key = core::ReferralKeyOf(kHold, Id{0, 1});
  Receive(Frozen(kHold, 1));
  AskAbout(key);
  EXPECT_THAT(written_, SizeIs(1));
  Receive(Removed(Frozen(kHold, 1)));
  written_[key] = "by a former owner";
  AskAbout(key);
  EXPECT_THAT(written_, IsEmpty());
}

TEST_F(ReferralsTest, ThatAHoldWasLiftedIsForgottenAMonthAfterItsLastReport) {
  Receive(Removed(Frozen(kHold, 1)));
  Receive(Removed(Done(kHold)), kNow + 20 * core::kDay);
  Receive(Removed(Frozen("another hold's..", 1)), kNow + 40 * core::kDay);
  EXPECT_EQ(state_.size(), 2u);
  Receive(Frozen(kHold, 1), kNow + 40 * core::kDay);
  EXPECT_THAT(written_, IsEmpty());
  Receive(Removed(Frozen("and one more's..", 1)), kNow + 51 * core::kDay);
  EXPECT_EQ(state_.size(), 2u);
}

TEST_F(ReferralsTest, AStageThatIsAskedAboutFrozenReportsTouchesNoIdentifier) {
  const std::unique_ptr<core::Stage> stage = MakeCluster(state_, {});
  Envelope envelope;
  envelope.set_format(core::kEnvelopeFormat);
  envelope.add_rechecks()->set_identifier_id(core::ReferralKeyOf(kHold, Id{0, 1}));
  core::FakeOutput output(1, 1);
  ASSERT_TRUE(stage->Apply({0, kNow, "", envelope.SerializeAsString()}, output).ok());
  ASSERT_TRUE(stage->EndBatch(output).ok());
  EXPECT_THAT(output.indicators, IsEmpty());
}

}  // namespace
}  // namespace ringfence::cluster
