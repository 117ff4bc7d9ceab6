// Random records, and consumers with different filters that come and go, lag behind, resume from
// old cursors; whatever happens, their sets equal the digests, and nobody hears of what he may not.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pipelines/campaigns/history_testing.h"
#include "services/publish/subscription_testing.h"

namespace ringfence::publish {
namespace {

constexpr int32_t kPartitions = 3;

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
  SubscriptionProperty()
      : SubscriptionTestBase(kPartitions), world_(GetParam(), /*values=*/30, /*removals=*/5) {}

  void Append() {
    const campaigns::RandomRecord next = world_.Next();
    log_.Append(
        static_cast<int32_t>(next.number % kPartitions),
        next.is_removal ? campaigns::Removal(next.spec, "expired") : campaigns::Upsert(next.spec));
  }

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
      const auto number = static_cast<uint32_t>(std::stoi(removal.value().substr(1)));
      EXPECT_GE(world_.PeakOf(number), filter->min_action);
      EXPECT_LE(world_.LeastOf(number), filter->max_tlp);
      EXPECT_TRUE(filter->WantsType(removal.type()));
    }
  }

  campaigns::RandomHistory world_;
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
    for (uint32_t i = 0; i < records; ++i) Append();
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
