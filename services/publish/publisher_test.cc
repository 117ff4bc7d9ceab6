#include "services/publish/publisher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>

#include "pipelines/campaigns/read_view.h"
#include "services/publish/memory_log_testing.h"
#include "services/publish/publisher_testing.h"
#include "services/runtime/rocks/embedded_log.h"

namespace ringfence::publish {
namespace {

using campaigns::kNow;
using campaigns::Mark;
using campaigns::ReadView;
using campaigns::Removal;
using campaigns::Upsert;
using testing::HasSubstr;

class PublisherTest : public testing::Test {
 protected:
  bool Has(const std::string& value) {
    const std::shared_ptr<const Moment> moment = under_test_->Latest();
    ReadView view(*moment->state, under_test_->names());
    return view.Lookup(campaigns::IdOf({.value = value})).has_value();
  }

  // As the metric says it; empty where it says nothing.
  std::string LagOf(int32_t partition) {
    const std::string text = under_test_.metrics.Text();
    const std::string name = "ringfence_stage_lag_records{partition=\"" +
                             std::to_string(partition) + "\",stage=\"publish\"} ";
    const size_t at = text.find(name);
    if (at == std::string::npos) return "";
    const size_t from = at + name.size();
    return text.substr(from, text.find('\n', from) - from);
  }

  MemoryLog log_{2};
  PublisherUnderTest under_test_{log_};
};

TEST_F(PublisherTest, ShowsWhatAllPartitionsHold) {
  log_.Append(0, Upsert({.value = "+1"}));
  log_.Append(1, Upsert({.value = "+2"}));
  ASSERT_TRUE(under_test_.Start().ok());
  under_test_.AwaitApplied();
  EXPECT_TRUE(Has("+1"));
  EXPECT_TRUE(Has("+2"));
  log_.Append(0, Removal({.value = "+1", .place = 2}, "expired"));
  under_test_.AwaitApplied();
  EXPECT_FALSE(Has("+1"));
}

TEST_F(PublisherTest, AMomentStaysAsItIs) {
  log_.Append(0, Upsert({.value = "+1"}));
  ASSERT_TRUE(under_test_.Start().ok());
  under_test_.AwaitApplied();
  const std::shared_ptr<const Moment> before = under_test_->Latest();
  log_.Append(0, Removal({.value = "+1", .place = 2}, "expired"));
  under_test_.AwaitApplied();
  ReadView view(*before->state, under_test_->names());
  EXPECT_TRUE(view.Lookup(campaigns::IdOf({.value = "+1"})).has_value());
  EXPECT_EQ(before->offsets[0], 1);
}

TEST_F(PublisherTest, TimeIsThatOfThePartitionThatIsFurthestBehind) {
  ASSERT_TRUE(under_test_.Start().ok());
  log_.Append(0, Mark(kNow + 5));
  under_test_.AwaitApplied();
  EXPECT_EQ(under_test_->Latest()->as_of, core::kTimeMin);
  log_.Append(1, Mark(kNow + 3));
  under_test_.AwaitApplied();
  EXPECT_EQ(under_test_->Latest()->as_of, kNow + 3);
}

TEST_F(PublisherTest, IsNotCompleteBeforeItHasReadWhatTheLogHeldAtTheStart) {
  log_.Append(0, Upsert({.value = "+1"}));
  log_.Append(0, Upsert({.value = "+2"}));
  log_.FailReads(absl::StatusCode::kUnavailable);
  ASSERT_TRUE(under_test_.Start().ok());
  EXPECT_FALSE(under_test_->Latest()->complete);
  log_.FailReads(absl::StatusCode::kOk);
  under_test_.AwaitApplied();
  EXPECT_TRUE(under_test_->Latest()->complete);
  EXPECT_TRUE(Has("+2"));
  EXPECT_EQ(under_test_->Latest()->remembered_from[0], 2) << "nobody knows what was taken out";
}

TEST_F(PublisherTest, AReadThatGivesNothingMayOnlyBeSlow) {
  for (int i = 0; i < 3; ++i) log_.Append(0, Upsert({.value = std::to_string(i)}));
  under_test_.options.batch_records_max = 1;
  log_.HoldReadsAt(2);
  ASSERT_TRUE(under_test_.Start().ok());
  under_test_.AwaitApplied(2);
  // Long enough for further reads.
  log_.Append(1, Mark(kNow));
  under_test_->AwaitOther(under_test_->Latest().get(), std::chrono::milliseconds(300));
  EXPECT_FALSE(under_test_->Latest()->complete);
  log_.ReleaseReads();
  under_test_.AwaitApplied();
  EXPECT_TRUE(under_test_->Latest()->complete);
}

TEST_F(PublisherTest, ALogWhoseLastRecordsAreGoneIsReadWholeInTheEnd) {
  for (int i = 0; i < 3; ++i) log_.Append(0, Upsert({.value = std::to_string(i)}));
  under_test_.options.believe_empty_after = std::chrono::milliseconds(20);
  log_.HoldReadsAt(2);
  ASSERT_TRUE(under_test_.Start().ok());
  std::shared_ptr<const Moment> moment = under_test_->Latest();
  while (!moment->complete)
    moment = under_test_->AwaitOther(moment.get(), std::chrono::milliseconds(50));
  EXPECT_EQ(moment->offsets[0], 2);
}

TEST_F(PublisherTest, GoesOnWhereItEnded) {
  log_.Append(0, Upsert({.value = "+1"}));
  ASSERT_TRUE(under_test_.Start().ok());
  under_test_.AwaitApplied();
  under_test_.End();
  EXPECT_EQ(*log_.Committed("publish", {std::string(runtime::kIndicatorsTopic), 0}), 1);
  log_.Append(0, Upsert({.value = "+2"}));
  // It would find this again if it began anew.
  log_.FailReads(absl::StatusCode::kUnavailable);
  ASSERT_TRUE(under_test_.Start().ok());
  EXPECT_EQ(under_test_->Latest()->offsets[0], 1);
  EXPECT_TRUE(Has("+1"));
  log_.FailReads(absl::StatusCode::kOk);
  under_test_.AwaitApplied();
  EXPECT_TRUE(Has("+2"));
}

TEST_F(PublisherTest, ItsStateMayBeLost) {
  log_.Append(0, Upsert({.value = "+1"}));
  log_.Append(0, Upsert({.value = "+2"}));
  ASSERT_TRUE(under_test_.Start().ok());
  under_test_.AwaitApplied();
  under_test_.End();
  under_test_.LoseState();
  ASSERT_TRUE(under_test_.Start().ok());
  under_test_.AwaitApplied();
  EXPECT_TRUE(Has("+1"));
  EXPECT_TRUE(Has("+2"));
}

// Both logs are the same one, before and after compaction took out a removal, and what it removed.
TEST_F(PublisherTest, AStateThatMayHaveMissedARemovalIsMadeAnew) {
  log_.Append(0, Upsert({.value = "+1"}));
  log_.Append(0, Upsert({.value = "+2"}));
  ASSERT_TRUE(under_test_.Start().ok());
  under_test_.AwaitApplied();
  under_test_.End();
  MemoryLog later(2);
  for (const char* key : {"a", "b"}) later.AppendBytes(0, key, "");
  later.SetNow(kNow + 35 * core::kDay);
  later.Append(0, Upsert({.value = "+2", .place = 2}));
  under_test_.UseLog(later);
  under_test_.options.clock = [] { return kNow + core::kKeepRemovals - core::kDay; };
  ASSERT_TRUE(under_test_.Start().ok());
  under_test_.AwaitApplied();
  EXPECT_TRUE(Has("+1")) << "it can have missed nothing";
  under_test_.End();
  under_test_.options.clock = [] { return kNow + 70 * core::kDay; };
  later.Append(1, Mark(kNow));
  ASSERT_TRUE(under_test_.Start().ok());
  under_test_.AwaitApplied();
  EXPECT_TRUE(Has("+1")) << "there is nothing that it has not read";
  under_test_.End();
  later.Append(0, Mark(kNow));
  ASSERT_TRUE(under_test_.Start().ok());
  under_test_.AwaitApplied();
  EXPECT_FALSE(Has("+1"));
  EXPECT_TRUE(Has("+2"));
  under_test_.End();
}

TEST_F(PublisherTest, BeginsWhereTheLogBeginsAndRemembersRemovalsFromThere) {
  for (int i = 0; i < 5; ++i) log_.Append(0, Upsert({.value = std::to_string(i)}));
  log_.BeginAt(0, 3);
  ASSERT_TRUE(under_test_.Start().ok());
  under_test_.AwaitApplied();
  EXPECT_EQ(under_test_->Latest()->remembered_from[0], 3);
  EXPECT_TRUE(Has("4"));
}

TEST_F(PublisherTest, RefusesAStateThatDoesNotBelongToTheLog) {
  for (int i = 0; i < 5; ++i) log_.Append(0, Upsert({.value = std::to_string(i)}));
  ASSERT_TRUE(under_test_.Start().ok());
  under_test_.AwaitApplied();
  under_test_.End();

  for (int i = 5; i < 9; ++i) log_.Append(0, Upsert({.value = std::to_string(i)}));
  log_.BeginAt(0, 7);
  const absl::Status older = under_test_.Start();
  EXPECT_EQ(older.code(), absl::StatusCode::kOutOfRange);
  EXPECT_THAT(older.message(), HasSubstr("remove the state of publish alone"));

  MemoryLog shorter(2);
  under_test_.UseLog(shorter);
  EXPECT_EQ(under_test_.Start().code(), absl::StatusCode::kOutOfRange);
}

TEST_F(PublisherTest, RefusesAStateOfAnotherLogThatIsAsLong) {
  log_.Append(0, Upsert({.value = "+1"}));
  ASSERT_TRUE(under_test_.Start().ok());
  under_test_.AwaitApplied();
  under_test_.End();

  MemoryLog anew(2, "anew");
  for (int i = 0; i < 5; ++i) anew.Append(0, Upsert({.value = std::to_string(i)}));
  under_test_.UseLog(anew);
  const absl::Status refused = under_test_.Start();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(refused.message(), HasSubstr("Remove the state of publish alone"));
  under_test_.LoseState();
  EXPECT_TRUE(under_test_.Start().ok());
  under_test_.End();
}

TEST_F(PublisherTest, RefusesAStateOfAnotherFormatWhichIsMadeAnewFromTheLog) {
  log_.Append(0, Upsert({.value = "+1"}));
  ASSERT_TRUE(runtime::RocksState::Open({.dir = under_test_.state_dir(),
                                         .placement = under_test_.options.placement,
                                         .memory = under_test_.options.memory,
                                         .format = campaigns::kReadModelFormat - 1})
                  .ok());
  const absl::Status refused = under_test_.Start();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(refused.message(), HasSubstr("remove the state of publish alone"));
  under_test_.LoseState();
  ASSERT_TRUE(under_test_.Start().ok());
  under_test_.AwaitApplied();
  EXPECT_TRUE(Has("+1"));
}

TEST_F(PublisherTest, TriesAgainWhatPassesAndStopsAtDamage) {
  ASSERT_TRUE(under_test_.Start().ok());
  log_.FailReads(absl::StatusCode::kUnavailable);
  log_.Append(0, Upsert({.value = "+1"}));
  log_.FailReads(absl::StatusCode::kOk);
  under_test_.AwaitApplied();
  EXPECT_TRUE(Has("+1"));

  log_.AppendBytes(0, "key", "\xff\xff\xff");
  under_test_.AwaitApplied();
  EXPECT_TRUE(under_test_.HasStopped());
  EXPECT_EQ(under_test_->Health().code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(under_test_->progress()[0].stopped_because, "");
  EXPECT_EQ(under_test_->progress()[0].applied, 1) << "what is damaged is not skipped";
}

TEST_F(PublisherTest, APartitionThatFailsHoldsUpNoOther) {
  ASSERT_TRUE(under_test_.Start().ok());
  log_.Append(0, Upsert({.value = "+1"}));
  log_.Append(1, Upsert({.value = "+2"}));
  under_test_.AwaitApplied();
  testing::internal::CaptureStderr();
  for (int32_t failing : {0, 1}) {
    log_.FailReadsOf(failing, absl::StatusCode::kUnavailable);
    log_.Append(failing, Upsert({.value = "waits" + std::to_string(failing)}));
    const std::string healthy = failing == 0 ? "+2" : "+1";
    log_.Append(1 - failing, Removal({.value = healthy, .place = 2}, "expired"));
    EXPECT_TRUE(under_test_.Await([&] { return !Has(healthy); })) << failing;
    // More than what a moment shows: what followers of changes get.
    const uint64_t changes = under_test_->Latest()->changes;
    EXPECT_TRUE(under_test_->ChangesBetween(changes - 1, changes, 1).has_value());
    EXPECT_FALSE(Has("waits" + std::to_string(failing)));
    log_.FailReadsOf(failing, absl::StatusCode::kOk);
    under_test_.AwaitApplied();
    EXPECT_TRUE(Has("waits" + std::to_string(failing)));
  }
  const std::string lines = testing::internal::GetCapturedStderr();
  EXPECT_THAT(lines, HasSubstr("\"msg\":\"stage failed\""));
  EXPECT_THAT(lines, HasSubstr("\"partition\":1"));
  EXPECT_THAT(lines, HasSubstr("told to fail"));
  EXPECT_FALSE(under_test_.HasStopped());
}

TEST_F(PublisherTest, ShowsWhatWasAppliedBeforeItStops) {
  ASSERT_TRUE(under_test_.Start().ok());
  under_test_.AwaitApplied();
  log_.HoldReadsAt(0);
  log_.AppendBytes(0, "key", "\xff\xff\xff");
  log_.Append(1, Upsert({.value = "+2"}));
  log_.ReleaseReads();
  EXPECT_TRUE(under_test_.Await([&] { return under_test_.HasStopped(); }));
  EXPECT_TRUE(Has("+2"));
  EXPECT_EQ(under_test_->progress()[0].applied, 0);
  EXPECT_THAT(under_test_.metrics.Text(),
              HasSubstr("ringfence_stage_errors_total{reaction=\"stop\",stage=\"publish\"} 1"));
}

TEST_F(PublisherTest, SaysHowFarItIs) {
  ASSERT_TRUE(under_test_.Start().ok());
  log_.Append(1, Mark(kNow));
  log_.Append(0, Mark(kNow));
  under_test_.AwaitApplied();
  const std::vector<runtime::Progress> progress = under_test_->progress();
  ASSERT_EQ(progress.size(), 2u);
  EXPECT_EQ(progress[1].stage, "publish");
  EXPECT_EQ(progress[1].input.topic, runtime::kIndicatorsTopic);
  EXPECT_EQ(progress[1].input.partition, 1);
  EXPECT_EQ(progress[1].applied, 1);
  EXPECT_EQ(progress[1].as_of, kNow);
  EXPECT_EQ(progress[1].stopped_because, "");
}

TEST_F(PublisherTest, SaysHowFarBehindItIsAlsoWhereTheLogDoesNotSayWhereItEnds) {
  log_.FailReadsOf(0, absl::StatusCode::kUnavailable);
  ASSERT_TRUE(under_test_.Start().ok());
  for (int i = 0; i < 3; ++i) log_.Append(0, Mark(kNow + i));
  const auto is_behind = [&] {
    return under_test_->progress()[0].applied == 0 && under_test_->progress()[0].end == 3;
  };
  EXPECT_TRUE(under_test_.Await(is_behind));
  EXPECT_TRUE(under_test_.Await([&] { return LagOf(0) == "3"; }));
  log_.FailEnds(absl::StatusCode::kUnavailable);
  EXPECT_TRUE(is_behind());
  log_.Append(1, Upsert({.value = "+2"}));
  EXPECT_TRUE(under_test_.Await([&] { return Has("+2"); }));
  EXPECT_TRUE(is_behind());
  EXPECT_EQ(LagOf(0), "3");
  log_.FailEnds(absl::StatusCode::kOk);
  log_.FailReadsOf(0, absl::StatusCode::kOk);
  under_test_.AwaitApplied();
  EXPECT_TRUE(under_test_.Await([&] { return LagOf(0) == "0"; }));
}

TEST_F(PublisherTest, ALogThatDoesNotSayWhereItEndsHoldsUpNoChange) {
  ASSERT_TRUE(under_test_.Start().ok());
  log_.HoldEnds(true);
  EXPECT_FALSE(*under_test_->IsBeyondLog(under_test_->Latest()->offsets)) << "nobody is asked";
  log_.Append(0, Upsert({.value = "+1"}));
  EXPECT_TRUE(under_test_.Await([&] { return Has("+1"); }));
  log_.Append(0, Removal({.value = "+1", .place = 2}, "expired"));
  EXPECT_TRUE(under_test_.Await([&] { return !Has("+1"); }));
  auto progress = std::async(std::launch::async, [&] { return under_test_->progress(); });
  EXPECT_EQ(progress.wait_for(std::chrono::minutes(1)), std::future_status::ready);
  log_.HoldEnds(false);
  EXPECT_EQ(progress.get()[0].applied, under_test_->Latest()->offsets[0]);
}

TEST_F(PublisherTest, CountsTheSet) {
  log_.Append(0, Upsert({.value = "+1", .action = v1::ACTION_BLOCK, .root = "+1"}));
  log_.Append(0, Upsert({.value = "+2", .action = v1::ACTION_BLOCK, .root = "+1"}));
  ASSERT_TRUE(under_test_.Start().ok());
  under_test_.AwaitApplied();
  under_test_.End();
  const std::string text = under_test_.metrics.Text();
  EXPECT_THAT(text, HasSubstr("ringfence_stage_records_total{stage=\"publish\"} 4"));
  EXPECT_THAT(text, HasSubstr("ringfence_campaigns 1"));
  EXPECT_THAT(text, HasSubstr("ringfence_indicators{action=\"block\",type=\"phone\"} 2"));
  EXPECT_THAT(text, HasSubstr("ringfence_indicators{action=\"monitor\",type=\"wallet\"} 0"));
}

TEST_F(PublisherTest, CountsWhatIsNewByThePartnersThatReportedIt) {
  // Was there before it was: nobody's news.
  log_.Append(0, Upsert({.value = "+1", .place = 1, .partner = "early"}));
  ASSERT_TRUE(under_test_.Start().ok());
  under_test_.AwaitApplied();
  log_.Append(0, Upsert({.value = "+2", .place = 1, .partner = "acme"}));
  log_.Append(0, Upsert({.value = "+3", .place = 1, .partner = "acme"}));
  under_test_.AwaitApplied();
  // Is not new any more.
  log_.Append(0, Upsert({.value = "+3", .place = 2, .partner = "acme"}));
  under_test_.AwaitApplied();
  const std::string text = under_test_.metrics.Text();
  EXPECT_THAT(text, HasSubstr("ringfence_new_indicators_total{partner=\"acme\"} 2\n"));
  EXPECT_THAT(text, testing::Not(HasSubstr("early")));
}

TEST(PublisherOnTheEmbeddedLog, FollowsIt) {
  runtime::TemporaryFolder folder;
  auto log = runtime::EmbeddedLog::Open({.dir = folder.path(),
                                         .clock = [] { return kNow; },
                                         .memory = runtime::MakeRocksMemory({}),
                                         .reserve_bytes = 0});
  ASSERT_TRUE(log.ok()) << log.status();
  const std::string topic(runtime::kIndicatorsTopic);
  {
    PublisherUnderTest without_topic(**log);
    EXPECT_EQ(without_topic.Start().code(), absl::StatusCode::kNotFound);
  }
  ASSERT_TRUE((*log)->CreateTopic(topic, {.partitions = 2, .compacted = true}).ok());
  PublisherUnderTest under_test(**log);
  ASSERT_TRUE(under_test.Start().ok());
  for (core::Place place = 1; place <= 3; ++place) {
    const auto record = Upsert({.value = "+1", .place = place});
    ASSERT_TRUE(
        (*log)->Append({{{topic, 1}, record.identifier_id(), record.SerializeAsString()}}).ok());
  }
  under_test.AwaitApplied();
  const std::shared_ptr<const Moment> moment = under_test->Latest();
  ReadView view(*moment->state, under_test->names());
  EXPECT_EQ(view.Lookup(campaigns::IdOf({.value = "+1"}))->revision(), 3u);
  EXPECT_EQ(moment->offsets, Offsets({0, 3}));
}

}  // namespace
}  // namespace ringfence::publish
