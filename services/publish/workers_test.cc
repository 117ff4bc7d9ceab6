#include "services/publish/workers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/notification.h"

namespace ringfence::publish {
namespace {

using testing::ElementsAre;
using testing::Not;

// One thread, which is kept busy until all that a test submits waits.
class WorkersTest : public testing::Test {
 protected:
  WorkersTest() {
    EXPECT_TRUE(workers_->SubmitCall([this] {
      busy_.Notify();
      go_on_.WaitForNotification();
    }));
    busy_.WaitForNotification();
  }
  ~WorkersTest() override { Finish(); }

  bool Call(const std::string& name) {
    return workers_->SubmitCall([this, name] { done_.push_back(name); });
  }
  void Stream(const std::string& name) {
    workers_->SubmitStream([this, name] { done_.push_back(name); });
  }
  // What was done, in order.
  std::vector<std::string> Finish() {
    if (!go_on_.HasBeenNotified()) go_on_.Notify();
    workers_.reset();
    return done_;
  }

  absl::Notification busy_;
  absl::Notification go_on_;
  std::vector<std::string> done_;
  std::unique_ptr<Workers> workers_ = std::make_unique<Workers>(1, 3);
};

TEST_F(WorkersTest, CallsAndStreamsTakeTurns) {
  for (const char* name : {"call 1", "call 2", "call 3"}) EXPECT_TRUE(Call(name));
  for (const char* name : {"stream 1", "stream 2", "stream 3"}) Stream(name);
  EXPECT_THAT(Finish(),
              ElementsAre("stream 1", "call 1", "stream 2", "call 2", "stream 3", "call 3"));
}

TEST_F(WorkersTest, CallsThatAlwaysWaitHoldUpNoStream) {
  int calls = 0;
  absl::Notification last;
  std::function<void()> call = [&] {
    done_.push_back("call");
    if (++calls == 100) return last.Notify();
    EXPECT_TRUE(workers_->SubmitCall(call));
  };
  ASSERT_TRUE(workers_->SubmitCall(call));
  ASSERT_TRUE(workers_->SubmitCall([] {}));
  Stream("stream");
  go_on_.Notify();
  last.WaitForNotification();
  EXPECT_EQ(Finish().front(), "stream");
}

TEST_F(WorkersTest, StreamsThatAlwaysHaveWorkHoldUpNoCall) {
  int turns = 0;
  absl::Notification last;
  std::function<void()> turn = [&] {
    done_.push_back("stream");
    if (++turns == 100) return last.Notify();
    workers_->SubmitStream(turn);
  };
  workers_->SubmitStream(turn);
  Stream("another");
  EXPECT_TRUE(Call("call"));
  go_on_.Notify();
  last.WaitForNotification();
  EXPECT_EQ(Finish()[1], "call");
}

TEST_F(WorkersTest, CallsAreTurnedAwayWhereTooManyWaitAndStreamsAreNot) {
  for (const char* name : {"call 1", "call 2", "call 3"}) EXPECT_TRUE(Call(name));
  EXPECT_FALSE(Call("call 4"));
  Stream("stream");
  EXPECT_THAT(Finish(), Not(testing::Contains("call 4")));
}

}  // namespace
}  // namespace ringfence::publish
