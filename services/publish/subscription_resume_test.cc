// Cursors: who comes back, or falls behind, misses nothing and hears of nothing that he may not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipelines/core/removals.h"
#include "services/publish/subscription.h"
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

class SubscriptionResumeTest : public SubscriptionTestBase {
 protected:
  SubscriptionResumeTest() : SubscriptionTestBase(2) {}
};

TEST_F(SubscriptionResumeTest, AValidCursorIsAnsweredAtOnceWithoutASnapshot) {
  log_.Append(0, Upsert({.value = "+1"}));
  Start();
  const std::string cursor = CursorNow();
  Consumer consumer;
  StreamUnderTest stream = Stream(Request(cursor));
  consumer.set[campaigns::IndicatorIdOf({.value = "+1"})].set_value("+1");
  consumer.set.begin()->second.set_revision(1);
  EXPECT_EQ(stream.Follow(consumer), 1);
  EXPECT_TRUE(consumer.Last().has_bookmark());

  Append(Upsert({.value = "+2"}));
  Consumer later;
  later.set = consumer.set;
  StreamUnderTest again = Stream(Request(cursor));
  again.Follow(later);
  EXPECT_THAT(Kinds(later), ElementsAre(SubscribeResponse::kDelta, SubscribeResponse::kBookmark));
  EXPECT_THAT(later.Values(), ElementsAre("+1", "+2"));
}

TEST_F(SubscriptionResumeTest, EveryCursorOfAStreamIsGood) {
  Start();
  Consumer consumer;
  StreamUnderTest stream = Stream();
  stream.Follow(consumer);
  for (int i = 0; i < 6; ++i) {
    Append(Upsert({.value = "+" + std::to_string(i % 4), .place = static_cast<core::Place>(i + 1)}),
           i % 2);
    stream.Follow(consumer);
    Consumer other;
    other.set = consumer.set;
    StreamUnderTest resumed = Stream(Request(consumer.cursor));
    resumed.Follow(other);
    EXPECT_TRUE(other.events.at(0).has_bookmark());
  }
}

TEST_F(SubscriptionResumeTest, CursorsSurviveRestartsAndTheLossOfTheState) {
  log_.Append(0, Upsert({.value = "+1", .place = 1}));
  log_.Append(1, Upsert({.value = "+2", .place = 1}));
  Start();
  Consumer consumer;
  {
    StreamUnderTest stream = Stream();
    stream.Follow(consumer);
  }
  log_.Append(0, Removal({.value = "+1", .place = 2}, "expired"));
  log_.Append(1, Upsert({.value = "+3", .place = 2}));
  Restart();
  Consumer first = consumer;
  StreamUnderTest stream = Stream(Request(consumer.cursor));
  stream.Follow(first);
  EXPECT_THAT(first.Values(), ElementsAre("+2", "+3"));

  feed_.reset();
  publisher_.End();
  publisher_.LoseState();
  Start();
  Consumer second = consumer;
  StreamUnderTest other = Stream(Request(consumer.cursor));
  other.Follow(second);
  EXPECT_THAT(second.Values(), ElementsAre("+2", "+3"));
  EXPECT_EQ(second.removals.size(), 1u);
}

TEST_F(SubscriptionResumeTest, SaysWhyACursorWasNotUsed) {
  Append(Upsert({.value = "+1"}));
  Start();
  const std::string cursor = CursorNow();
  EXPECT_EQ(ReasonFor(Request("")), "none");
  EXPECT_EQ(ReasonFor(Request("nonsense")), "invalid");
  v1::SubscribeRequest other_filter = Request(cursor);
  other_filter.mutable_filter()->set_min_score(1);
  EXPECT_EQ(ReasonFor(other_filter), "filter_changed");
  EXPECT_EQ(ReasonFor(Request(
                Cursors("key", "another log", 2)
                    .Encode({1, 0}, MakeFilter({}, Viewer{v1::TLP_AMBER_STRICT, true})->Key()))),
            "invalid");
  const std::string beyond =
      Cursors("key", "memory", 2)
          .Encode({99, 0}, MakeFilter({}, Viewer{v1::TLP_AMBER_STRICT, true})->Key());
  EXPECT_EQ(ReasonFor(Request(beyond)), "invalid") << "the log has never been there";
}

TEST_F(SubscriptionResumeTest, AFilterThatSaysTheSameInOtherWordsHasTheSameCursors) {
  Append(Upsert({.value = "+1"}));
  Start();
  Consumer consumer;
  {
    StreamUnderTest stream = Stream();
    stream.Follow(consumer);
  }
  v1::SubscribeRequest request = Request(consumer.cursor);
  request.mutable_filter()->set_min_action(v1::ACTION_CHALLENGE);
  request.mutable_filter()->set_max_tlp(v1::TLP_RED);
  StreamUnderTest stream = Stream(request);
  stream.Follow(consumer);
  EXPECT_TRUE(consumer.Last().has_bookmark());
}

TEST_F(SubscriptionResumeTest, ACursorOlderThanWhatIsRememberedIsStale) {
  publisher_.options.model.removals_kept = core::kDay;
  Append(Upsert({.value = "+1", .place = 1}));
  Start();
  const std::string cursor = CursorNow();
  Append(Removal({.value = "+1", .place = 2}, "expired", kNow));
  Append(Mark(kNow + 2 * core::kDay));
  EXPECT_EQ(ReasonFor(Request(cursor)), "stale");

  v1::SubscribeRequest failing = Request(cursor);
  failing.set_fail_if_stale(true);
  Consumer consumer;
  StreamUnderTest stream = Stream(failing);
  EXPECT_EQ(stream.Follow(consumer), 0);
  ASSERT_TRUE(stream.ended.has_value());
  EXPECT_EQ(stream.ended->code(), absl::StatusCode::kOutOfRange);
}

TEST_F(SubscriptionResumeTest, AStreamThatMissedAForgottenRemovalGetsANewSnapshot) {
  publisher_.options.model.removals_kept = core::kDay;
  Append(Upsert({.value = "+1", .place = 1}));
  Append(Upsert({.value = "+2", .place = 1}));
  Start();
  Consumer consumer;
  StreamUnderTest stream = Stream();
  stream.Follow(consumer);
  Append(Removal({.value = "+1", .place = 2}, "expired", kNow));
  Append(Mark(kNow + 2 * core::kDay));
  const size_t before = consumer.events.size();
  stream.Follow(consumer);
  EXPECT_EQ(consumer.events[before].snapshot_begin().reason(), "stale");
  EXPECT_THAT(consumer.Values(), ElementsAre("+2"));
}

class SubscriptionPurgeTest : public SubscriptionResumeTest {
 protected:
  // Only keys that are taken out of the log are forgotten.
  SubscriptionPurgeTest() { publisher_.options.model.removals_kept = 1'000 * core::kDay; }
  void Purge(const std::string& value, core::Time at) {
    log_.SetNow(at);
    log_.AppendBytes(0, campaigns::IdOf({.value = value}).Bytes(), "");
    publisher_.AwaitApplied();
  }
  std::string FirstOf(const std::string& cursor) {
    Consumer consumer = held_;
    Stream(Request(cursor)).Follow(consumer);
    const SubscribeResponse& first = consumer.events.at(0);
    if (first.has_snapshot_begin()) return first.snapshot_begin().reason();
    std::string removals;
    for (const v1::Removal& removal : consumer.removals) removals += removal.value();
    return removals;
  }

  // What one held when the cursors were given.
  Consumer held_;
};

constexpr core::Time kPurgedAt = kNow + core::kKeepRemovals;

TEST_F(SubscriptionPurgeTest, ACursorFromBeforeAPurgedRemovalIsStaleAndAYoungerOneIsNot) {
  Append(Upsert({.value = "+1", .place = 1}));
  Append(Upsert({.value = "+2", .place = 1}));
  Start();
  Stream().Follow(held_);
  held_.events.clear();
  const std::string before = held_.cursor;
  Append(Removal({.value = "+1", .place = 2}, "expired", kNow));
  EXPECT_EQ(FirstOf(before), "+1");
  held_.set.erase(campaigns::IndicatorIdOf({.value = "+1"}));
  const std::string between = CursorNow();
  Append(Removal({.value = "+2", .place = 2}, "expired", kNow + 20 * core::kDay));
  Purge("+1", kPurgedAt);
  EXPECT_EQ(FirstOf(before), "stale");
  EXPECT_EQ(FirstOf(between), "+2");
  Restart();
  EXPECT_EQ(FirstOf(before), "stale");
  EXPECT_EQ(FirstOf(between), "+2");
}

TEST_F(SubscriptionPurgeTest, WhoHoldsWhatAReplicaMissedTheRemovalOfHearsOfItsEnd) {
  Append(Upsert({.value = "+1", .place = 1}));
  Append(Upsert({.value = "+2", .place = 1}));
  Start();
  Consumer live;
  StreamUnderTest stream = Stream();
  stream.Follow(live);
  held_ = live;
  held_.events.clear();
  Purge("+1", kPurgedAt);
  stream.Follow(live);
  EXPECT_THAT(live.Values(), ElementsAre("+2"));
  EXPECT_EQ(FirstOf(held_.cursor), "+1");
}

// What had been taken out before it was read cannot be told of.
TEST_F(SubscriptionPurgeTest, AReplicaThatBeganAnewTrustsNoCursorFromBeforeWhatMayBeGone) {
  Append(Upsert({.value = "+1", .place = 1}));
  Start();
  const std::string old = CursorNow();
  Append(Upsert({.value = "+9", .place = 1}));
  log_.SetNow(kNow + 20 * core::kDay);
  Append(Upsert({.value = "+2", .place = 1}));
  const std::string young = CursorNow();
  Append(Upsert({.value = "+3", .place = 1}));
  const core::Time now = kPurgedAt;
  publisher_.options.clock = [now] { return now; };
  feed_.reset();
  publisher_.End();
  publisher_.LoseState();
  Start();
  EXPECT_EQ(ReasonFor(Request(old)), "stale");
  EXPECT_EQ(ReasonFor(Request(young)), "");
}

TEST_F(SubscriptionResumeTest, ACursorFromAReplicaThatIsAheadWaits) {
  Append(Upsert({.value = "+1"}));
  Start();
  log_.HoldReadsAt(1);
  log_.Append(0, Upsert({.value = "+2"}));
  const std::string ahead =
      Cursors("key", "memory", 2)
          .Encode({2, 0}, MakeFilter({}, Viewer{v1::TLP_AMBER_STRICT, true})->Key());
  Consumer consumer;
  StreamUnderTest stream = Stream(Request(ahead));
  for (const char* value : {"+1", "+2"}) {
    v1::Indicator& held = consumer.set[campaigns::IndicatorIdOf({.value = value})];
    held.set_value(value);
    held.set_revision(1);
  }
  EXPECT_EQ(stream.Follow(consumer), 0);
  EXPECT_FALSE(stream.ended.has_value());
  log_.ReleaseReads();
  publisher_.AwaitApplied();
  EXPECT_EQ(stream.Follow(consumer), 1);
  EXPECT_TRUE(consumer.Last().has_bookmark());
}

TEST_F(SubscriptionResumeTest, WhatWasOnlyEverMonitoredDoesNotLeakToBlockersThroughRemovals) {
  Start();
  const std::string cursor = CursorNow();
  Append(Upsert({.value = "watched", .place = 1, .action = v1::ACTION_MONITOR}));
  Append(Removal({.value = "watched", .place = 2, .action = v1::ACTION_MONITOR}, "expired"));
  Append(Removal({.value = "secret", .place = 2, .tlp = v1::TLP_RED}, "expired"));
  Append(Removal({.value = "known", .place = 2}, "expired"));
  Append(Upsert({.value = "fallen",
                 .place = 2,
                 .action = v1::ACTION_MONITOR,
                 .peak_action = v1::ACTION_BLOCK}));
  Consumer consumer;
  StreamUnderTest stream = Stream(Request(cursor));
  stream.Follow(consumer);
  std::vector<std::string> told;
  for (const v1::Removal& removal : consumer.removals)
    told.push_back(removal.value() + " " + removal.reason());
  EXPECT_THAT(told, testing::UnorderedElementsAre("known expired", "fallen below_filter"));
}

TEST_F(SubscriptionResumeTest, OneWhoWasAwayHearsOfTheEndOfEveryEpochThatHeMayHold) {
  Append(Upsert({.value = "+1", .place = 1, .epoch = 0}));
  Append(Upsert({.value = "+2", .place = 1, .epoch = 0}));
  Start();
  Consumer consumer;
  {
    StreamUnderTest stream = Stream();
    stream.Follow(consumer);
  }
  Append(Upsert({.value = "+1", .place = 2, .epoch = 2}));
  Append(Removal({.value = "+2", .place = 2, .epoch = 1}, "expired"));
  StreamUnderTest stream = Stream(Request(consumer.cursor));
  stream.Follow(consumer);
  EXPECT_THAT(consumer.Values(), ElementsAre("+1"));
  EXPECT_TRUE(consumer.set.contains(campaigns::IndicatorIdOf({.value = "+1", .epoch = 2})));
}

TEST_F(SubscriptionResumeTest, TheLongestEndsFitIntoMessagesOfTheSizePromised) {
  const std::string path(2'000, 'p');
  const auto spec = [&](int i, uint32_t epoch) {
    campaigns::RecordSpec made{.type = v1::IDENTIFIER_TYPE_URL,
                               .value = "http://a.example/" + std::to_string(i) + path,
                               .place = 1 + epoch};
    made.epoch = epoch;
    return made;
  };
  for (int i = 0; i < 8; ++i) Append(Upsert(spec(i, 0)));
  Start();
  const std::string cursor = CursorNow();
  for (int i = 0; i < 8; ++i) {
    Append(i % 2 == 0 ? Upsert(spec(i, 70)) : Removal(spec(i, 70), "expired"));
  }
  // The consumer holds every message against 256 KiB.
  Consumer consumer;
  StreamUnderTest stream = Stream(Request(cursor));
  stream.Follow(consumer);
  EXPECT_GT(consumer.removals.size(), 8u * 60u);
  EXPECT_TRUE(consumer.Last().has_bookmark());
  EXPECT_EQ(consumer.set.size(), 4u);
}

TEST_F(SubscriptionResumeTest, WhoIsTooFarBehindForRecentChangesMissesNothing) {
  feed_options_.live_changes_max = 3;
  feed_options_.rows_per_step_max = 2;
  feed_options_.message_bytes_max = 600;
  Start();
  Consumer consumer;
  StreamUnderTest stream = Stream();
  Append(Upsert({.value = "gone", .place = 1}));
  stream.Follow(consumer);
  for (int i = 0; i < 20; ++i) log_.Append(i % 2, Upsert({.value = "+" + std::to_string(i)}));
  Append(Removal({.value = "gone", .place = 2}, "expired"));
  stream.Follow(consumer);
  EXPECT_EQ(consumer.set.size(), 20u);
  EXPECT_TRUE(consumer.Last().has_bookmark()) << "digest and all";
}

TEST_F(SubscriptionResumeTest, WhoStopsBetweenDeltasOfOneMomentGetsNoneOfThemAgain) {
  feed_options_.message_bytes_max = 300;
  Start();
  Consumer consumer;
  StreamUnderTest stream = Stream();
  stream.Follow(consumer);
  log_.HoldReadsAt(0);
  constexpr size_t kAll = 20;
  for (size_t i = 0; i < kAll; ++i)
    log_.Append(i % 3 == 0, Upsert({.value = "+" + std::to_string(i)}));
  log_.ReleaseReads();
  publisher_.AwaitApplied();
  int messages = 0;
  for (; consumer.Values().size() < kAll; ++messages) {
    ASSERT_EQ(stream.Follow(consumer, 1), 1);
    Consumer other = consumer;
    other.events.clear();
    Stream(Request(consumer.cursor)).Follow(other);
    EXPECT_EQ(other.Values().size(), kAll);
    size_t told = 0;
    for (const SubscribeResponse& event : other.events)
      told += static_cast<size_t>(event.delta().upserts_size());
    EXPECT_EQ(told, kAll - consumer.Values().size());
  }
  EXPECT_GT(messages, 3);
}

TEST_F(SubscriptionResumeTest, WhoIsCutOffBetweenDeltasOfOneMomentGetsTheRest) {
  feed_options_.message_bytes_max = 300;
  Start();
  for (const bool says_goodbye : {false, true}) {
    const int64_t end = says_goodbye ? 6 : 0;
    Consumer consumer;
    StreamUnderTest stream = Stream();
    stream.Follow(consumer);
    log_.HoldReadsAt(end);
    for (int64_t i = end; i < end + 6; ++i)
      log_.Append(0, Upsert({.value = "+" + std::to_string(i)}));
    log_.ReleaseReads();
    publisher_.AwaitApplied();
    ASSERT_EQ(stream.Follow(consumer, 1), 1);
    ASSERT_TRUE(consumer.Last().has_delta());
    if (says_goodbye) stream.Close();
    stream.Follow(consumer, says_goodbye ? 1 : 0);
    ASSERT_LT(consumer.Values().size(), static_cast<size_t>(end) + 6);
    // Cut off in the middle: what has not come yet comes with the cursor of what has.
    StreamUnderTest again = Stream(Request(consumer.cursor));
    again.Follow(consumer);
    EXPECT_EQ(consumer.Values().size(), static_cast<size_t>(end) + 6);
  }
}

TEST_F(SubscriptionResumeTest, GoodbyeHasACursorThatGoesOnWhereItEnds) {
  Append(Upsert({.value = "+1"}));
  Start();
  Consumer consumer;
  StreamUnderTest stream = Stream();
  stream.Follow(consumer);
  Append(Upsert({.value = "+2"}));
  stream.Close();
  stream.Follow(consumer);
  ASSERT_TRUE(stream.ended.has_value());
  EXPECT_TRUE(stream.ended->ok());
  ASSERT_TRUE(consumer.Last().has_bye());
  EXPECT_EQ(consumer.Last().bye().reason(), "shutdown");
  EXPECT_GT(consumer.Last().bye().retry_after().seconds(), 0);
  EXPECT_THAT(consumer.Values(), ElementsAre("+1"));
  StreamUnderTest again = Stream(Request(consumer.cursor));
  again.Follow(consumer);
  EXPECT_THAT(consumer.Values(), ElementsAre("+1", "+2"));
}

TEST_F(SubscriptionResumeTest, WhoCatchesUpTooSlowlyIsSentAwayWithACursor) {
  feed_options_.message_bytes_max = 500;
  Start();
  Consumer consumer;
  {
    StreamUnderTest stream = Stream();
    stream.Follow(consumer);
  }
  for (int i = 0; i < 50; ++i) log_.Append(i % 2, Upsert({.value = "+" + std::to_string(i)}));
  publisher_.AwaitApplied();
  StreamUnderTest slow = Stream(Request(consumer.cursor));
  slow.Follow(consumer, 3);
  slow.now += feed_options_.catch_up_within + std::chrono::seconds(1);
  slow.Follow(consumer);
  EXPECT_TRUE(slow.ended->ok());
  ASSERT_TRUE(consumer.Last().has_bye());
  EXPECT_EQ(consumer.Last().bye().reason(), "slow");
  const size_t held = consumer.set.size();
  EXPECT_GT(held, 0u);
  EXPECT_LT(held, 50u);
  StreamUnderTest again = Stream(Request(consumer.cursor));
  again.Follow(consumer);
  EXPECT_EQ(consumer.set.size(), 50u);
}

}  // namespace
}  // namespace ringfence::publish
