// Each promise of indicator_service.proto about Subscribe.
#include "services/publish/subscription.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/publish/subscription_testing.h"

namespace ringfence::publish {
namespace {

using campaigns::kNow;
using campaigns::Mark;
using campaigns::RecordSpec;
using campaigns::Removal;
using campaigns::Upsert;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;
using v1::SubscribeResponse;

class SubscriptionTest : public SubscriptionTestBase {
 protected:
  SubscriptionTest() : SubscriptionTestBase(2) {}
};

TEST_F(SubscriptionTest, BeginsWithASnapshotOfWhatTheFilterLetsThrough) {
  log_.Append(0, Upsert({.value = "+1"}));
  log_.Append(1, Upsert({.value = "+2", .action = v1::ACTION_CHALLENGE}));
  log_.Append(0, Upsert({.value = "+3", .action = v1::ACTION_MONITOR}));
  log_.Append(0, Upsert({.value = "+4", .tlp = v1::TLP_RED}));
  log_.Append(0, Mark(kNow));
  log_.Append(1, Mark(kNow + 5));
  Start();
  Consumer consumer;
  StreamUnderTest stream = Stream();
  stream.Follow(consumer);
  EXPECT_THAT(Kinds(consumer),
              ElementsAre(SubscribeResponse::kSnapshotBegin, SubscribeResponse::kSnapshotChunk,
                          SubscribeResponse::kSnapshotEnd));
  EXPECT_EQ(consumer.events[0].snapshot_begin().reason(), "none");
  EXPECT_THAT(consumer.Values(), ElementsAre("+1", "+2"));
  const v1::SnapshotEnd& end = consumer.Last().snapshot_end();
  EXPECT_EQ(core::FromProto(end.as_of()), kNow);
  EXPECT_EQ(end.valid_for().seconds(), 300);
  EXPECT_NE(end.cursor(), "");
}

TEST_F(SubscriptionTest, AnEmptySetHasADigestOfZeros) {
  Start();
  Consumer consumer;
  StreamUnderTest stream = Stream();
  stream.Follow(consumer);
  EXPECT_THAT(Kinds(consumer),
              ElementsAre(SubscribeResponse::kSnapshotBegin, SubscribeResponse::kSnapshotEnd));
  EXPECT_EQ(consumer.Last().snapshot_end().digest().sum(), std::string(16, '\0'));
  EXPECT_FALSE(consumer.Last().snapshot_end().has_as_of()) << "no mark has come";
}

TEST_F(SubscriptionTest, ASnapshotComesInPiecesOfABoundedSize) {
  for (int i = 0; i < 1'500; ++i) {
    internal::v1::IndicatorRecord record = Upsert({.value = "v" + std::to_string(i)});
    record.mutable_indicator()->mutable_explanation()->add_rules(std::string(400, 'r'));
    log_.Append(0, record);
  }
  feed_options_.rows_per_step_max = 100;
  Start();
  Consumer consumer;
  StreamUnderTest stream = Stream();
  stream.Follow(consumer);
  EXPECT_EQ(consumer.set.size(), 1'500u);
  EXPECT_GE(consumer.events.size(), 5u);
  EXPECT_LT(consumer.events.size(), 15u) << "and of no small one";
}

TEST_F(SubscriptionTest, TypesThatAreNotWantedAreLeftOut) {
  log_.Append(0, Upsert({.type = v1::IDENTIFIER_TYPE_PHONE, .value = "p"}));
  log_.Append(0, Upsert({.type = v1::IDENTIFIER_TYPE_IP, .value = "i"}));
  log_.Append(0, Upsert({.type = v1::IDENTIFIER_TYPE_EMAIL, .value = "e"}));
  log_.Append(0, Upsert({.type = v1::IDENTIFIER_TYPE_PAYMENT_HANDLE, .value = "h"}));
  Start();
  v1::SubscribeRequest request = Request();
  request.mutable_filter()->add_types(v1::IDENTIFIER_TYPE_IP);
  request.mutable_filter()->add_types(v1::IDENTIFIER_TYPE_PAYMENT_HANDLE);
  Consumer consumer;
  StreamUnderTest stream = Stream(request);
  stream.Follow(consumer);
  EXPECT_THAT(consumer.Values(), ElementsAre("h", "i"));
  Append(Upsert({.type = v1::IDENTIFIER_TYPE_PHONE, .value = "p2"}));
  Append(Upsert({.type = v1::IDENTIFIER_TYPE_IP, .value = "i2"}));
  stream.Follow(consumer);
  EXPECT_THAT(consumer.Values(), ElementsAre("h", "i", "i2"));
}

TEST_F(SubscriptionTest, ThenComesEveryChange) {
  Start();
  Consumer consumer;
  StreamUnderTest stream = Stream();
  stream.Follow(consumer);
  Append(Upsert({.value = "+1"}));
  stream.Follow(consumer);
  EXPECT_THAT(consumer.Values(), ElementsAre("+1"));
  Append(Upsert({.value = "+1", .place = 2, .score = 900}));
  stream.Follow(consumer);
  EXPECT_EQ(consumer.set.begin()->second.score(), 900u);
  Append(Removal({.value = "+1", .place = 3}, "retracted", kNow + 7));
  stream.Follow(consumer);
  EXPECT_THAT(consumer.Values(), IsEmpty());
  ASSERT_EQ(consumer.removals.size(), 1u);
  EXPECT_EQ(consumer.removals[0].reason(), "retracted");
  EXPECT_EQ(consumer.removals[0].revision(), 3u);
  EXPECT_EQ(core::FromProto(consumer.removals[0].removed_at()), kNow + 7);
  EXPECT_EQ(consumer.removals[0].indicator_id(),
            campaigns::IndicatorIdOf({.value = "+1", .epoch = 0}));
}

TEST_F(SubscriptionTest, WhatChangedSeveralTimesMeanwhileIsToldOnceAsItIsNow) {
  Start();
  Consumer consumer;
  StreamUnderTest stream = Stream();
  stream.Follow(consumer);
  const size_t before = consumer.events.size();
  for (core::Place place = 1; place <= 9; ++place) Append(Upsert({.value = "+1", .place = place}));
  Append(Upsert({.value = "+2", .place = 10}));
  Append(Removal({.value = "+2", .place = 11}, "expired"));
  EXPECT_EQ(stream.Follow(consumer), 1);
  const v1::Delta& delta = consumer.events[before].delta();
  EXPECT_EQ(delta.upserts_size(), 1);
  EXPECT_EQ(delta.upserts(0).revision(), 9u);
  EXPECT_EQ(delta.removals_size(), 0) << "+2 came and went unseen";
}

TEST_F(SubscriptionTest, WhatFallsBelowTheFilterIsRemoved) {
  Start();
  Consumer consumer;
  StreamUnderTest stream = Stream();
  Append(Upsert({.value = "+1"}));
  Append(Upsert({.value = "+2"}));
  stream.Follow(consumer);
  Append(Upsert({.value = "+1", .place = 2, .action = v1::ACTION_MONITOR}));
  Append(Upsert({.value = "+2", .place = 2, .tlp = v1::TLP_RED}));
  stream.Follow(consumer);
  EXPECT_THAT(consumer.Values(), IsEmpty());
  ASSERT_EQ(consumer.removals.size(), 2u);
  for (const v1::Removal& removal : consumer.removals) {
    EXPECT_EQ(removal.reason(), "below_filter");
    EXPECT_EQ(removal.revision(), 2u);
  }
}

TEST_F(SubscriptionTest, ANewEpochReplacesTheOneBeforeInTheSameDelta) {
  Start();
  Consumer consumer;
  StreamUnderTest stream = Stream();
  Append(Upsert({.value = "+1", .place = 1, .epoch = 0}));
  stream.Follow(consumer);
  const size_t before = consumer.events.size();
  Append(Upsert({.value = "+1", .place = 2, .epoch = 1}));
  stream.Follow(consumer);
  const v1::Delta& delta = consumer.events[before].delta();
  ASSERT_EQ(delta.removals_size(), 1);
  ASSERT_EQ(delta.upserts_size(), 1);
  EXPECT_EQ(delta.removals(0).reason(), "replaced");
  EXPECT_EQ(delta.removals(0).indicator_id(),
            campaigns::IndicatorIdOf({.value = "+1", .epoch = 0}));
  EXPECT_EQ(delta.upserts(0).indicator_id(), campaigns::IndicatorIdOf({.value = "+1", .epoch = 1}));
}

TEST_F(SubscriptionTest, CampaignIdsAreAsOfWhenTheyAreSent) {
  Append(Upsert({.value = "+1", .first_seen = kNow - 9, .root = "+1"}));
  Start();
  Consumer consumer;
  StreamUnderTest stream = Stream();
  stream.Follow(consumer);
  EXPECT_EQ(consumer.set.begin()->second.campaign_id(), "") << "it stands alone";
  Append(Upsert({.value = "+2", .first_seen = kNow - 5, .root = "+1"}));
  Append(Upsert({.value = "+1", .place = 2, .first_seen = kNow - 9, .root = "+1"}));
  stream.Follow(consumer);
  const std::string name = publisher_->names().NameOf(campaigns::IdOf({.value = "+1"}));
  for (const auto& [id, indicator] : consumer.set) EXPECT_EQ(indicator.campaign_id(), name);
}

TEST_F(SubscriptionTest, BookmarksComeAtLeastAsOftenAsPromised) {
  EXPECT_LT(feed_options_.bookmark_every, std::chrono::seconds(15));
  feed_options_.bookmark_every = std::chrono::seconds(10);
  Start();
  Append(Upsert({.value = "+1"}));
  Consumer consumer;
  StreamUnderTest stream = Stream();
  stream.Follow(consumer);
  stream.now += std::chrono::milliseconds(9'999);
  EXPECT_EQ(stream.Follow(consumer), 0);
  stream.now += std::chrono::milliseconds(1);
  Append(Mark(kNow + 1), 0);
  Append(Mark(kNow + 2), 1);
  EXPECT_EQ(stream.Follow(consumer), 1);
  ASSERT_TRUE(consumer.Last().has_bookmark());
  EXPECT_EQ(core::FromProto(consumer.Last().bookmark().as_of()), kNow + 1);
  EXPECT_EQ(consumer.Last().bookmark().valid_for().seconds(), 300);
  EXPECT_EQ(consumer.Last().bookmark().digest().count(), 1u);
  stream.now += std::chrono::seconds(10);
  EXPECT_EQ(stream.Follow(consumer), 1);
}

// Cut off from the log it knows of no retraction: its consumers are to notice.
TEST_F(SubscriptionTest, BookmarksOfAServerThatHearsNothingMoreGiveNoNewLease) {
  core::Time now = kNow;
  feed_options_.clock = [&now] { return now; };
  log_.Append(0, Upsert({.value = "+1"}));
  log_.Append(1, Mark(kNow));
  Start();
  Consumer consumer;
  StreamUnderTest stream = Stream();
  stream.Follow(consumer);
  EXPECT_EQ(consumer.Last().snapshot_end().valid_for().seconds(), 300);
  const auto later = [&](core::Time seconds) {
    now += seconds * core::kSecond;
    stream.now += std::chrono::seconds(seconds);
    stream.Follow(consumer);
    return consumer.Last().bookmark().valid_for().seconds();
  };
  EXPECT_EQ(later(105), 200);
  log_.SetNow(now);
  Append(Mark(now), 0);
  EXPECT_EQ(later(10), 190) << "of the other partition nothing has been heard";
  Append(Mark(now), 1);
  EXPECT_EQ(later(10), 285) << "heard of both, the one 20 seconds ago";
  EXPECT_EQ(later(600), 0);
}

TEST_F(SubscriptionTest, OneWhoReadsMoreSlowlyThanChangesComeGetsBookmarksToo) {
  Start();
  Consumer consumer;
  StreamUnderTest stream = Stream();
  stream.Follow(consumer);
  int64_t since_bookmark = 0;
  for (int i = 0; i < 40; ++i) {
    // Something is new whenever there is room for a message.
    Append(Upsert({.value = "+" + std::to_string(i)}));
    stream.now += std::chrono::seconds(1);
    ASSERT_EQ(stream.Follow(consumer, 1), 1);
    since_bookmark = consumer.Last().has_bookmark() ? 0 : since_bookmark + 1;
    ASSERT_LT(since_bookmark, 15) << "seconds without a bookmark";
  }
}

TEST_F(SubscriptionTest, SnapshotsBegunTogetherAreMadeOnce) {
  for (const int64_t budget : {int64_t{1} << 20, int64_t{2'000}}) {
    feed_options_.message_bytes_max = 600;
    feed_options_.rows_per_step_max = 3;
    feed_options_.shared_snapshot_bytes_max = budget;
    for (int i = 0; i < 40; ++i)
      Append(Upsert({.value = "+" + std::to_string(i), .place = static_cast<core::Place>(budget)}));
    feed_ ? Restart() : Start();
    Consumer first;
    Consumer second;
    StreamUnderTest one = Stream();
    one.Follow(first, 4);
    Append(Removal({.value = "+7", .place = static_cast<core::Place>(budget) + 1}, "retracted"));
    Append(Upsert({.value = "new", .place = static_cast<core::Place>(budget)}));
    StreamUnderTest two = Stream();
    two.Follow(second);
    one.Follow(first);
    ASSERT_GT(first.events.size(), 6u);
    for (size_t i = 0; i < 5; ++i)
      EXPECT_EQ(first.events[i].SerializeAsString(), second.events[i].SerializeAsString());
    EXPECT_EQ(first.Values(), second.Values());
    EXPECT_EQ(first.Values(), Snapshot().Values());
    EXPECT_EQ(second.set.size(), 40u);
  }
}

TEST_F(SubscriptionTest, ARetiringStreamSendsAllThereIsFirst) {
  feed_options_.message_bytes_max = 300;
  for (int i = 0; i < 6; ++i) Append(Upsert({.value = "+" + std::to_string(i)}));
  Start();
  Consumer consumer;
  StreamUnderTest stream = Stream();
  stream.Follow(consumer, 2);
  stream.Retire();
  stream.Follow(consumer);
  EXPECT_EQ(consumer.set.size(), 6u);
  ASSERT_TRUE(consumer.Last().has_bye());
  EXPECT_EQ(consumer.Last().bye().reason(), "age");
  EXPECT_TRUE(stream.ended->ok());
}

TEST_F(SubscriptionTest, MarksAloneBringNoDelta) {
  Start();
  Consumer consumer;
  StreamUnderTest stream = Stream();
  stream.Follow(consumer);
  Append(Mark(kNow));
  Append(Upsert({.value = "+1", .action = v1::ACTION_MONITOR}));
  EXPECT_EQ(stream.Follow(consumer), 0);
}

TEST_F(SubscriptionTest, NothingIsSentBeforeTheSetIsComplete) {
  log_.Append(0, Upsert({.value = "+1"}));
  log_.Append(0, Upsert({.value = "+2"}));
  log_.HoldReadsAt(1);
  log_.FailReads(absl::StatusCode::kUnavailable);
  ASSERT_TRUE(publisher_.Start().ok());
  feed_ = std::make_unique<Feed>(feed_options_, *publisher_, publisher_.metrics);
  Consumer consumer;
  StreamUnderTest stream = Stream();
  EXPECT_EQ(stream.Follow(consumer), 0);
  log_.ReleaseReads();
  log_.FailReads(absl::StatusCode::kOk);
  publisher_.AwaitApplied();
  stream.Follow(consumer);
  EXPECT_THAT(consumer.Values(), ElementsAre("+1", "+2"));
}

TEST_F(SubscriptionTest, ASnapshotThatCannotGoOnEndsWithAStatus) {
  for (int i = 0; i < 50; ++i) log_.Append(0, Upsert({.value = "+" + std::to_string(i)}));
  feed_options_.message_bytes_max = 500;
  Start();
  Consumer consumer;
  StreamUnderTest stream = Stream();
  stream.Follow(consumer, 3);
  stream.Close();
  stream.Follow(consumer);
  EXPECT_EQ(stream.ended->code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(consumer.Last().has_bye());

  Consumer slow;
  StreamUnderTest other = Stream();
  other.Follow(slow, 3);
  other.now += feed_options_.catch_up_within + std::chrono::seconds(1);
  other.Follow(slow);
  EXPECT_EQ(other.ended->code(), absl::StatusCode::kAborted);
}

// Between a delta and the bookmark behind it.
TEST_F(SubscriptionTest, ByeNeverGoesBackBehindTheLastDelta) {
  Start();
  Append(Upsert({.value = "+1", .place = 1}));
  Consumer consumer;
  StreamUnderTest stream = Stream();
  stream.Follow(consumer);
  Append(Upsert({.value = "+2", .place = 2}));
  // The bookmark is due.
  stream.now += std::chrono::minutes(1);
  ASSERT_EQ(stream.Follow(consumer, 1), 1);
  ASSERT_TRUE(consumer.Last().has_delta());
  const std::string cursor = consumer.cursor;
  stream.Close();
  stream.Follow(consumer);
  ASSERT_TRUE(consumer.Last().has_bye());
  EXPECT_EQ(consumer.Last().bye().cursor(), cursor);
}

TEST_F(SubscriptionTest, WhenTheSetIsNotKeptUpStreamsEnd) {
  Start();
  Consumer consumer;
  StreamUnderTest stream = Stream();
  stream.Follow(consumer);
  log_.AppendBytes(0, "key", "\xff\xff");
  publisher_.AwaitApplied();
  stream.Follow(consumer);
  ASSERT_TRUE(stream.ended.has_value());
  EXPECT_EQ(stream.ended->code(), absl::StatusCode::kUnavailable);
}

TEST_F(SubscriptionTest, RefusalsNameTheField) {
  Start();
  const auto refusal = [&](const v1::SubscribeRequest& request) {
    const absl::Status status = Subscription::Open(request, {v1::TLP_AMBER, true}, *feed_).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  v1::SubscribeRequest request;
  EXPECT_THAT(refusal(request), StartsWith("consumer"));
  request.set_consumer(std::string(65, 'x'));
  EXPECT_THAT(refusal(request), StartsWith("consumer"));
  request.set_consumer("x");
  request.mutable_filter()->set_min_score(2'000);
  EXPECT_THAT(refusal(request), StartsWith("filter.min_score"));
  request.mutable_filter()->Clear();
  std::string characters;
  for (int i = 0; i < 64; ++i) characters += "é";
  request.set_consumer(characters);
  EXPECT_TRUE(Subscription::Open(request, {v1::TLP_AMBER, true}, *feed_).ok());
}

TEST_F(SubscriptionTest, CountsWhatItSends) {
  Start();
  Consumer consumer;
  StreamUnderTest stream = Stream();
  stream.Follow(consumer);
  Append(Upsert({.value = "+1"}));
  stream.Follow(consumer);
  const std::string text = publisher_.metrics.Text();
  EXPECT_THAT(text, testing::HasSubstr("ringfence_snapshots_total{reason=\"none\"} 1"));
  EXPECT_THAT(text, testing::HasSubstr("ringfence_deltas_total 1"));
  EXPECT_THAT(text, testing::HasSubstr("ringfence_delivery_seconds_count 1"));
}

}  // namespace
}  // namespace ringfence::publish
