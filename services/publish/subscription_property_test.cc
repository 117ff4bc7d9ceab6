// Random records, and consumers with different filters that come and go, lag behind, resume from
// old cursors; whatever happens, their sets equal the digests, and nobody hears of what he may not.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "services/publish/subscription_testing.h"

namespace ringfence::publish {
namespace {

using campaigns::kNow;
using campaigns::RecordSpec;

constexpr int32_t kPartitions = 3;

// What the filters of this test look at, by value: as it was at its most public.
struct Publicity {
  v1::Action peak = v1::ACTION_UNSPECIFIED;
  v1::Tlp least = v1::TLP_RED;
};

// Keeps what cluster keeps of every value, and makes its next record.
class World {
 public:
  explicit World(uint64_t seed) : random_(seed) {}

  uint32_t Below(uint32_t bound) { return static_cast<uint32_t>(random_() % bound); }
  bool OneIn(uint32_t n) { return Below(n) == 0; }

  internal::v1::IndicatorRecord Next(int32_t& partition) {
    const uint32_t number = Below(30);
    partition = static_cast<int32_t>(number % kPartitions);
    Value& value = values_[number];
    RecordSpec spec;
    spec.type = number % 2 == 0 ? v1::IDENTIFIER_TYPE_PHONE : v1::IDENTIFIER_TYPE_DOMAIN;
    spec.value = "v" + std::to_string(number);
    spec.place = ++place_;
    const bool is_removal = OneIn(5);
    spec.action = is_removal ? v1::ACTION_UNSPECIFIED : static_cast<v1::Action>(1 + Below(3));
    spec.tlp = static_cast<v1::Tlp>(2 + Below(4));
    spec.score = Below(10) * 100;
    const bool is_raised = spec.action >= v1::ACTION_CHALLENGE;
    if (is_raised && value.fallen) {
      ++value.epoch;
      value.fallen = false;
    }
    if (!is_raised && value.raised) value.fallen = true;
    value.raised = is_raised;
    spec.epoch = value.epoch;
    if (!is_removal) {
      value.publicity.peak = std::max(value.publicity.peak, spec.action);
      value.publicity.least = std::min(value.publicity.least, spec.tlp);
    }
    spec.peak_action = value.publicity.peak;
    spec.least_tlp = value.publicity.least;
    if (!OneIn(3)) spec.root = "v" + std::to_string(Below(3));
    return is_removal ? campaigns::Removal(spec, "expired") : campaigns::Upsert(spec);
  }

  const Publicity& Of(const std::string& value) const {
    return values_.at(static_cast<uint32_t>(std::stoi(value.substr(1)))).publicity;
  }

 private:
  struct Value {
    uint32_t epoch = 0;
    bool raised = false;
    bool fallen = false;
    Publicity publicity;
  };
  std::mt19937_64 random_;
  core::Place place_ = 0;
  std::map<uint32_t, Value> values_;
};

std::vector<v1::SubscribeRequest> Requests() {
  std::vector<v1::SubscribeRequest> requests(4);
  for (v1::SubscribeRequest& request : requests) request.set_consumer("test");
  requests[1].mutable_filter()->set_min_action(v1::ACTION_MONITOR);
  requests[1].mutable_filter()->set_max_tlp(v1::TLP_GREEN);
  requests[2].mutable_filter()->add_types(v1::IDENTIFIER_TYPE_DOMAIN);
  requests[2].mutable_filter()->set_min_action(v1::ACTION_BLOCK);
  requests[3].mutable_filter()->set_min_score(500);
  return requests;
}

struct Follower {
  v1::SubscribeRequest request;
  Consumer consumer;
  std::optional<StreamUnderTest> stream;
};

class SubscriptionProperty : public SubscriptionTestBase,
                             public testing::WithParamInterface<uint64_t> {
 protected:
  SubscriptionProperty() : SubscriptionTestBase(kPartitions), world_(GetParam()) {}

  void Turn(Follower& follower) {
    if (follower.stream && world_.OneIn(4)) follower.stream.reset();
    if (!follower.stream) {
      follower.request.set_cursor(world_.OneIn(8) ? "" : follower.consumer.cursor);
      // What a snapshot had begun is gone with its stream.
      const std::string cursor = follower.consumer.cursor;
      std::map<std::string, v1::Indicator> held = std::move(follower.consumer.set);
      follower.consumer = Consumer();
      follower.consumer.set = std::move(held);
      follower.consumer.cursor = cursor;
      follower.stream.emplace(*feed_, follower.request);
    }
    // Some messages only: a slow one.
    const bool is_slow = world_.OneIn(3);
    follower.stream->now += std::chrono::seconds(world_.Below(12));
    follower.stream->Follow(follower.consumer, is_slow ? static_cast<int>(world_.Below(4)) : 1'000);
    ExpectNothingLeaked(follower);
  }

  void ExpectNothingLeaked(const Follower& follower) {
    const auto filter = MakeFilter(follower.request.filter(), Viewer{v1::TLP_AMBER_STRICT, true});
    for (const v1::Removal& removal : follower.consumer.removals) {
      const Publicity& publicity = world_.Of(removal.value());
      EXPECT_GE(publicity.peak, filter->min_action);
      EXPECT_LE(publicity.least, filter->max_tlp);
      EXPECT_TRUE(filter->WantsType(removal.type()));
    }
  }

  World world_;
};

TEST_P(SubscriptionProperty, SetsEqualDigestsWhateverHappens) {
  feed_options_.live_changes_max = 12;
  feed_options_.message_bytes_max = 1'500;
  feed_options_.rows_per_step_max = 7;
  publisher_.options.recent_changes_max = 40;
  Start();
  std::vector<Follower> followers;
  for (const v1::SubscribeRequest& request : Requests()) {
    for (int i = 0; i < 2; ++i) followers.push_back({request, {}, {}});
  }
  for (int round = 0; round < 80; ++round) {
    const uint32_t records = world_.OneIn(10) ? 60 : world_.Below(6);
    for (uint32_t i = 0; i < records; ++i) {
      int32_t partition = 0;
      const internal::v1::IndicatorRecord record = world_.Next(partition);
      log_.Append(partition, record);
    }
    if (!world_.OneIn(4)) publisher_.AwaitApplied();
    for (Follower& follower : followers) {
      if (world_.OneIn(2)) Turn(follower);
    }
    if (world_.OneIn(30)) {
      for (Follower& follower : followers) follower.stream.reset();
      Restart();
    }
    if (HasFailure()) return;
  }
  publisher_.AwaitApplied();
  for (Follower& follower : followers) {
    if (!follower.stream) follower.stream.emplace(*feed_, follower.request);
    follower.stream->now += std::chrono::minutes(1);
    follower.stream->Follow(follower.consumer);
    EXPECT_TRUE(follower.consumer.Last().has_bookmark());
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, SubscriptionProperty, testing::Range<uint64_t>(1, 9));

}  // namespace
}  // namespace ringfence::publish
