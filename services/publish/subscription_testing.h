#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "pipelines/campaigns/record_testing.h"
#include "services/publish/consumer_testing.h"
#include "services/publish/feed.h"
#include "services/publish/memory_log_testing.h"
#include "services/publish/publisher_testing.h"
#include "services/publish/subscription.h"

namespace ringfence::publish {

inline v1::SubscribeResponse Parsed(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  EXPECT_TRUE(buffer.DumpToSingleSlice(&slice).ok());
  v1::SubscribeResponse response;
  EXPECT_TRUE(response.ParseFromArray(slice.begin(), static_cast<int>(slice.size())));
  return response;
}

// A stream without gRPC, on a clock of its own.
class StreamUnderTest {
 public:
  StreamUnderTest(Feed& feed, const v1::SubscribeRequest& request,
                  const Viewer& viewer = {v1::TLP_AMBER_STRICT, true}) {
    auto opened = Subscription::Open(request, viewer, feed);
    EXPECT_TRUE(opened.ok()) << opened.status();
    subscription_ = *std::move(opened);
  }

  // Takes all that there is to send, at most `max` messages; the number taken.
  int Follow(Consumer& consumer, int max = 1'000'000) {
    int taken = 0;
    while (taken < max && !ended) {
      Subscription::Step step = subscription_->Next(now);
      if (auto* send = std::get_if<Subscription::Send>(&step)) {
        consumer.Take(Parsed(send->message));
        ++taken;
      } else if (auto* wait = std::get_if<Subscription::Wait>(&step)) {
        if (wait->until > now) return taken;
      } else {
        auto& end = std::get<Subscription::End>(step);
        ended = end.status;
        if (end.last) consumer.Take(Parsed(*end.last));
      }
    }
    return taken;
  }
  void Close() { subscription_->Close("shutdown"); }
  void Retire() { subscription_->CloseWhenLive("age"); }

  Subscription::TimePoint now = Subscription::TimePoint(std::chrono::hours(1));
  std::optional<absl::Status> ended;

 private:
  std::unique_ptr<Subscription> subscription_;
};

class SubscriptionTestBase : public testing::Test {
 protected:
  explicit SubscriptionTestBase(int32_t partitions) : log_(partitions), publisher_(log_) {
    feed_options_.cursor_key = "key";
    feed_options_.clock = [] { return campaigns::kNow; };
  }
  void Start() {
    ASSERT_TRUE(publisher_.Start().ok());
    publisher_.AwaitApplied();
    feed_ = std::make_unique<Feed>(feed_options_, *publisher_, publisher_.metrics);
  }
  void Restart() {
    feed_.reset();
    publisher_.End();
    Start();
  }
  // Shown when it returns, once started.
  void Append(const internal::v1::IndicatorRecord& record, int32_t partition = 0) {
    log_.Append(partition, record);
    if (feed_) publisher_.AwaitApplied();
  }
  static v1::SubscribeRequest Request(const std::string& cursor = "") {
    v1::SubscribeRequest request;
    request.set_consumer("test");
    request.set_cursor(cursor);
    return request;
  }
  StreamUnderTest Stream(const v1::SubscribeRequest& request = Request()) {
    return StreamUnderTest(*feed_, request);
  }

  std::vector<v1::SubscribeResponse::EventCase> Kinds(const Consumer& consumer) {
    std::vector<v1::SubscribeResponse::EventCase> kinds;
    for (const v1::SubscribeResponse& event : consumer.events) kinds.push_back(event.event_case());
    return kinds;
  }
  // The cursor of one who holds what is there now.
  std::string CursorNow(const v1::SubscribeRequest& request = Request()) {
    Consumer consumer;
    StreamUnderTest stream = Stream(request);
    stream.Follow(consumer);
    return consumer.cursor;
  }
  // What one who begins now is sent.
  Consumer Snapshot(const v1::SubscribeRequest& request = Request()) {
    Consumer consumer;
    StreamUnderTest stream = Stream(request);
    stream.Follow(consumer);
    return consumer;
  }
  std::string ReasonFor(const v1::SubscribeRequest& request) {
    Consumer consumer;
    StreamUnderTest stream = Stream(request);
    stream.Follow(consumer, 1);
    return consumer.events.at(0).snapshot_begin().reason();
  }

  MemoryLog log_;
  PublisherUnderTest publisher_;
  Feed::Options feed_options_;
  std::unique_ptr<Feed> feed_;
};

}  // namespace ringfence::publish
