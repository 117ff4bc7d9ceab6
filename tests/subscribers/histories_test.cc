// Random changes, two replicas that lag, restart and lose their disks, and subscribers with
// different filters who come and go, read slowly, change the replica, come back with old or wrong
// cursors. After each bookmark and snapshot a subscriber holds what the model says of the cursor
// that came with it, and its digest agrees; and nobody hears of what he may not.
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <vector>

#include "services/publish/subscription_testing.h"
#include "tests/subscribers/model.h"
#include "tests/subscribers/replica_log.h"

namespace ringfence::subscribers {
namespace {

using publish::Consumer;
using publish::Cursors;
using publish::Feed;
using publish::Filter;
using publish::StreamUnderTest;
using publish::Viewer;

constexpr char kCursorKey[] = "key";
constexpr int kRounds = 40;
constexpr uint64_t kHistoriesByDefault = 60;
constexpr size_t kSavedMax = 4;

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}

class Replica {
 public:
  Replica(runtime::Log& log, Model& model) : log_(log), under_test_(log_), model_(model) {
    under_test_.options.recent_changes_max = 40;
    under_test_.options.model.removals_kept = 6 * core::kHour;
    Start();
  }
  void Start() {
    ASSERT_TRUE(under_test_.Start().ok());
    Feed::Options options;
    options.cursor_key = kCursorKey;
    options.clock = [] { return campaigns::kNow; };
    options.live_changes_max = 12;
    options.message_bytes_max = 1'200;
    options.rows_per_step_max = 5;
    options.shared_snapshot_bytes_max = model_.OneIn(2) ? 2'000 : 1 << 20;
    options.bookmark_every = std::chrono::milliseconds(model_.Below(12'000));
    feed_ = std::make_unique<Feed>(options, *under_test_, under_test_.metrics);
  }
  // No stream may be left.
  void Restart(bool loses_state) {
    feed_.reset();
    under_test_.End();
    if (loses_state) under_test_.LoseState();
    Start();
  }
  void AwaitApplied() {
    if (!log_.IsHeld()) under_test_.AwaitApplied();
  }
  void Release() {
    log_.Release();
    under_test_.AwaitApplied();
  }
  void HoldHere() { log_.HoldAt(under_test_->Latest()->offsets); }
  Feed& feed() { return *feed_; }

 private:
  ReplicaLog log_;
  publish::PublisherUnderTest under_test_;
  Model& model_;
  std::unique_ptr<Feed> feed_;
};

struct Saved {
  std::string cursor;
  std::map<std::string, v1::Indicator> set;
};

struct Subscriber {
  v1::SubscribeRequest request;
  Viewer viewer;
  Filter filter;
  Consumer consumer;
  std::optional<StreamUnderTest> stream;
  size_t replica = 0;
  std::vector<Saved> saved;
  // What the first event must be; empty: anything.
  std::string reason;
};

std::vector<Subscriber> Subscribers() {
  std::vector<Subscriber> subscribers(6);
  for (Subscriber& subscriber : subscribers) {
    subscriber.request.set_consumer("test");
    subscriber.viewer = {v1::TLP_AMBER_STRICT, true};
  }
  subscribers[1].request.mutable_filter()->set_min_action(v1::ACTION_MONITOR);
  subscribers[1].request.mutable_filter()->set_max_tlp(v1::TLP_GREEN);
  subscribers[2].request.mutable_filter()->add_types(v1::IDENTIFIER_TYPE_DOMAIN);
  subscribers[2].request.mutable_filter()->set_min_action(v1::ACTION_BLOCK);
  subscribers[3].request.mutable_filter()->set_min_score(500);
  subscribers[4].viewer = {v1::TLP_GREEN, false};
  // Matches nothing: bookmarks come all the same.
  subscribers[5].request.mutable_filter()->add_types(v1::IDENTIFIER_TYPE_WALLET);
  for (Subscriber& subscriber : subscribers)
    subscriber.filter = *publish::MakeFilter(subscriber.request.filter(), subscriber.viewer);
  return subscribers;
}

class History {
 public:
  explicit History(uint64_t seed) : model_(seed) {
    for (int i = 0; i < 2; ++i) replicas_.push_back(std::make_unique<Replica>(log_, model_));
  }

  void Run() {
    for (int round = 0; round < kRounds && !testing::Test::HasFailure(); ++round) {
      Append(model_.OneIn(10) ? 40 : model_.Below(6));
      Disturb(*replicas_[model_.Below(2)]);
      for (const auto& replica : replicas_) {
        if (!model_.OneIn(4)) replica->AwaitApplied();
      }
      for (Subscriber& subscriber : subscribers_) {
        if (model_.OneIn(2)) Turn(subscriber);
      }
    }
    for (const auto& replica : replicas_) replica->Release();
    for (Subscriber& subscriber : subscribers_) Finish(subscriber);
  }

 private:
  void Append(uint32_t records) {
    for (uint32_t i = 0; i < records; ++i) {
      int32_t partition = 0;
      const internal::v1::IndicatorRecord record = model_.Next(partition);
      model_.Appended(partition, log_.Append(partition, record), record);
    }
    if (!model_.OneIn(6)) return;
    const internal::v1::IndicatorRecord mark = model_.NextMark();
    for (int32_t partition = 0; partition < kPartitions; ++partition) log_.Append(partition, mark);
  }

  void Disturb(Replica& replica) {
    if (model_.OneIn(12)) replica.HoldHere();
    if (model_.OneIn(6)) replica.Release();
    if (!model_.OneIn(40)) return;
    for (Subscriber& subscriber : subscribers_) {
      if (replicas_[subscriber.replica].get() == &replica) subscriber.stream.reset();
    }
    replica.Release();
    replica.Restart(model_.OneIn(3));
  }

  void Turn(Subscriber& subscriber) {
    if (subscriber.stream && (subscriber.stream->ended || model_.OneIn(5)))
      subscriber.stream.reset();
    if (!subscriber.stream) Connect(subscriber);
    if (model_.OneIn(25)) subscriber.stream->Retire();
    if (model_.OneIn(40)) subscriber.stream->Close();
    subscriber.stream->now += std::chrono::seconds(model_.Below(12));
    // Some read little.
    Read(subscriber, model_.OneIn(3) ? static_cast<int>(model_.Below(4)) : 1'000);
  }

  void Connect(Subscriber& subscriber) {
    subscriber.replica = model_.Below(2);
    Consumer fresh;
    fresh.set = std::move(subscriber.consumer.set);
    fresh.cursor = subscriber.consumer.cursor;
    subscriber.reason.clear();
    if (!subscriber.saved.empty() && model_.OneIn(5)) {
      // As one whose disk went back to an earlier state.
      const Saved& saved =
          subscriber.saved[model_.Below(static_cast<uint32_t>(subscriber.saved.size()))];
      fresh.set = saved.set;
      fresh.cursor = saved.cursor;
    } else if (model_.OneIn(10)) {
      fresh.cursor.clear();
    } else if (cursors_.Decode(fresh.cursor) && model_.OneIn(20)) {
      // One that was spoilt before, and not answered yet, would be whole again.
      fresh.cursor[fresh.cursor.size() / 2] ^= 1;
      subscriber.reason = "invalid";
    } else if (const std::string other = subscribers_[model_.Below(5)].consumer.cursor;
               model_.OneIn(20)) {
      // Nothing where it has none, or one that was spoilt and not answered yet.
      const auto decoded = cursors_.Decode(other);
      if (decoded && decoded->filter_hash != HashOf(subscriber)) {
        fresh.cursor = other;
        subscriber.reason = "filter_changed";
      }
    }
    subscriber.consumer = std::move(fresh);
    subscriber.request.set_cursor(subscriber.consumer.cursor);
    subscriber.request.set_fail_if_stale(model_.OneIn(4));
    subscriber.stream.emplace(replicas_[subscriber.replica]->feed(), subscriber.request,
                              subscriber.viewer);
  }

  static std::string HashOf(const Subscriber& subscriber) {
    return Cursors::HashOf(subscriber.filter.Key());
  }

  // One event after the other.
  void Read(Subscriber& subscriber, int max) {
    Consumer& consumer = subscriber.consumer;
    for (int i = 0; i < max; ++i) {
      const size_t before = consumer.events.size();
      subscriber.stream->Follow(consumer, 1);
      if (consumer.events.size() == before) break;
      if (!subscriber.reason.empty()) {
        EXPECT_EQ(consumer.Last().snapshot_begin().reason(), subscriber.reason)
            << consumer.Last().ShortDebugString();
        subscriber.reason.clear();
      }
      if (consumer.Last().has_bookmark() || consumer.Last().has_snapshot_end())
        ExpectTheModels(subscriber);
    }
    for (const v1::Removal& removal : consumer.removals)
      EXPECT_TRUE(model_.MayKnow(removal.value(), subscriber.filter)) << removal.DebugString();
    consumer.removals.clear();
    if (!subscriber.stream->ended) return;
    const absl::Status& end = *subscriber.stream->ended;
    EXPECT_TRUE(end.ok() || absl::IsOutOfRange(end) || absl::IsUnavailable(end)) << end;
    EXPECT_TRUE(!end.ok() || consumer.Last().has_bye()) << "a clean short list";
    if (absl::IsOutOfRange(end)) {
      EXPECT_TRUE(subscriber.request.fail_if_stale());
      consumer.cursor.clear();
      subscriber.saved.clear();
    }
  }

  void ExpectTheModels(Subscriber& subscriber) {
    const auto cursor = cursors_.Decode(subscriber.consumer.cursor);
    ASSERT_TRUE(cursor.has_value());
    const auto expected = model_.SetAt(cursor->offsets, subscriber.filter);
    ASSERT_EQ(subscriber.consumer.set.size(), expected.size());
    for (const auto& [id, indicator] : expected) {
      const auto held = subscriber.consumer.set.find(id);
      ASSERT_NE(held, subscriber.consumer.set.end());
      v1::Indicator without_campaign = held->second;
      without_campaign.clear_campaign_id();
      EXPECT_EQ(without_campaign.SerializeAsString(), indicator.SerializeAsString())
          << without_campaign.ShortDebugString() << "\n"
          << indicator.ShortDebugString();
    }
    ++checked;
    if (!model_.OneIn(6)) return;
    if (subscriber.saved.size() == kSavedMax) subscriber.saved.erase(subscriber.saved.begin());
    subscriber.saved.push_back({subscriber.consumer.cursor, subscriber.consumer.set});
  }

  // All that there is reaches everybody in the end.
  void Finish(Subscriber& subscriber) {
    if (testing::Test::HasFailure()) return;
    // A first stream may say goodbye, a second find its cursor stale; a snapshot has its bookmark
    // a minute later.
    for (int i = 0; i < 6; ++i) {
      if (!subscriber.stream || subscriber.stream->ended) Connect(subscriber);
      subscriber.stream->now += std::chrono::minutes(1);
      Read(subscriber, 10'000);
    }
    ASSERT_FALSE(subscriber.stream->ended.has_value());
    ASSERT_TRUE(subscriber.consumer.Last().has_bookmark());
    const auto cursor = cursors_.Decode(subscriber.consumer.cursor);
    for (int32_t p = 0; p < kPartitions; ++p) {
      const runtime::TopicPartition partition{std::string(runtime::kIndicatorsTopic), p};
      EXPECT_EQ(cursor->offsets[static_cast<size_t>(p)], *log_.EndOffset(partition));
    }
    subscriber.stream.reset();
  }

  publish::MemoryLog log_{kPartitions};
  const Cursors cursors_{kCursorKey, "memory", kPartitions};
  Model model_;
  std::vector<std::unique_ptr<Replica>> replicas_;
  std::vector<Subscriber> subscribers_ = Subscribers();

 public:
  uint64_t checked = 0;
};

TEST(Subscribers, HoldWhatTheModelSaysAfterEveryBookmark) {
  const uint64_t first = FromEnvironment("RINGFENCE_FIRST", 1);
  const uint64_t histories = FromEnvironment("RINGFENCE_HISTORIES", kHistoriesByDefault);
  uint64_t checked = 0;
  for (uint64_t seed = first; seed < first + histories && !HasFailure(); ++seed) {
    SCOPED_TRACE("RINGFENCE_FIRST=" + std::to_string(seed) +
                 " RINGFENCE_HISTORIES=1 build/release/bin/tests_subscribers_test");
    History history(seed);
    history.Run();
    checked += history.checked;
  }
  EXPECT_GE(checked, histories * 20) << "sets compared";
}

}  // namespace
}  // namespace ringfence::subscribers
