// Answers that wait for others leave the server's threads to those that do not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "services/publish/console/console.h"
#include "services/publish/console/places.h"
#include "services/publish/http/http_api_testing.h"
#include "services/runtime/http/http_server.h"

namespace ringfence::publish {
namespace {

// A log that does not answer until a test says so.
class WaitingTest : public HttpApiTestBase {
 protected:
  void SetUp() override {
    Start();
    Console::Options options;
    options.status = [this] {
      ++looking_;
      answers_.WaitForNotification();
      v1::GetStatusResponse status;
      status.add_stages()->set_stage("dedupe");
      return status;
    };
    options.partners = [this]() -> absl::StatusOr<std::shared_ptr<const console::v1::Partners>> {
      ++looking_;
      answers_.WaitForNotification();
      return std::make_shared<const console::v1::Partners>();
    };
    options.list_held = [this]() -> absl::StatusOr<v1::ListHeldResponse> {
      ++looking_;
      answers_.WaitForNotification();
      return v1::ListHeldResponse();
    };
    console_ = std::make_unique<Console>(options, *publisher_);
  }
  ~WaitingTest() override {
    if (!answers_.HasBeenNotified()) answers_.Notify();
  }
  Answered Get(const std::string& target) {
    return Whole(console_->Answer(Request(target), Analyst()).value());
  }

  std::atomic<int> looking_ = 0;
  absl::Notification answers_;
  std::unique_ptr<Console> console_;
};

TEST_F(WaitingTest, OneMoreThanMayWaitIsTurnedAwayAndAllElseIsAnswered) {
  std::vector<std::jthread> waiting;
  std::atomic<size_t> answered = 0;
  const std::vector<std::string> looks = {"status", "held", "partners"};
  ASSERT_EQ(looks.size(), kLooksMax);
  for (const std::string& look : looks) {
    waiting.emplace_back([this, look, &answered] {
      if (Get("/api/v1/" + look).status == 200) ++answered;
    });
  }
  while (looking_ < static_cast<int>(kLooksMax)) std::this_thread::yield();
  Answered refused = Get("/api/v1/partners");
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.headers["Retry-After"], "1");
  EXPECT_EQ(Get("/api/v1/status").status, 503);
  EXPECT_EQ(Get("/api/v1/overview").status, 200);
  EXPECT_EQ(Get("/api/v1/campaigns").status, 200);
  EXPECT_EQ(Get("/console/").status, 200);
  // What is written has places of its own; here nobody decides.
  runtime::HttpRequest decision = Request("/api/v1/held");
  decision.method = "POST";
  EXPECT_EQ(console_->Answer(decision, Analyst())->status, 501);
  answers_.Notify();
  waiting.clear();
  EXPECT_EQ(answered, kLooksMax);
  EXPECT_EQ(Get("/api/v1/status").status, 200);
}

TEST_F(WaitingTest, WhoAsksForStatusWhileSomebodyLooksGetsWhatThereIs) {
  answers_.Notify();
  EXPECT_EQ(Get("/api/v1/status").status, 200);
  EXPECT_EQ(Get("/api/v1/status").status, 200);
  EXPECT_EQ(looking_, 1);
}

TEST(Waiting, LeavesAThreadBesideAllAnswersInPieces) {
  const size_t threads = runtime::HttpServer::Options().threads;
  EXPECT_LT(kLooksMax + kWritesMax + kPacksMax, threads - threads * 3 / 4);
}

TEST(Waiting, APlaceIsFreeOnceItIsLetGo) {
  Places places(2);
  std::shared_ptr<const void> first = places.Take();
  const std::shared_ptr<const void> second = places.Take();
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(places.Take());
  EXPECT_FALSE(places.Take());
  first.reset();
  EXPECT_TRUE(places.Take());
}

}  // namespace
}  // namespace ringfence::publish
