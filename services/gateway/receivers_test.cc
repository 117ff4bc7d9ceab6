#include "services/gateway/receivers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "services/gateway/log_testing.h"

namespace ringfence::gateway {
namespace {

class ReceiversTest : public testing::Test {
 protected:
  void Start(int threads, size_t waiting_max) {
    Receivers::Options options;
    options.receiver.intake.token_key.id = "k1";
    options.threads = threads;
    options.waiting_max = waiting_max;
    receivers_ = std::make_unique<Receivers>(options, log_, metrics_);
  }
  // Work that waits until it is released.
  bool SubmitHeld(const std::string& partner) {
    return receivers_->Submit(partner, 1, [this, partner](Receiver&) {
      absl::MutexLock lock(&mutex_);
      begun_.push_back(partner);
      mutex_.Await(absl::Condition(&released_));
    });
  }
  void AwaitBegun(size_t count) {
    wanted_ = count;
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(
        +[](ReceiversTest* self) { return self->begun_.size() >= self->wanted_; }, this));
  }
  void Release() {
    absl::MutexLock lock(&mutex_);
    released_ = true;
  }

  FaultyLog log_;
  runtime::Metrics metrics_;
  absl::Mutex mutex_;
  bool released_ = false;
  size_t wanted_ = 0;
  std::vector<std::string> begun_;
  std::unique_ptr<Receivers> receivers_;
};

TEST_F(ReceiversTest, OnePartnerHasNoMoreThanHalfOfTheThreadsAndPlaces) {
  Start(4, 8);
  // Two run, four wait, and no more find a place.
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(SubmitHeld("loop"));
  AwaitBegun(2);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(SubmitHeld("loop"));
  EXPECT_FALSE(SubmitHeld("loop"));
  EXPECT_TRUE(SubmitHeld("honest"));
  AwaitBegun(3);
  EXPECT_EQ(begun_.back(), "honest") << "at once, on a thread that the other cannot have";
  Release();
  receivers_.reset();
  EXPECT_EQ(begun_.size(), 7U) << "all that waits is done";
}

TEST_F(ReceiversTest, PartnersTakeTurns) {
  Start(1, 100);
  ASSERT_TRUE(SubmitHeld("a"));
  AwaitBegun(1);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(SubmitHeld("a"));
  ASSERT_TRUE(SubmitHeld("b"));
  ASSERT_TRUE(SubmitHeld("c"));
  Release();
  receivers_.reset();
  EXPECT_THAT(begun_, testing::ElementsAre("a", "b", "c", "a", "a", "a"));
}

}  // namespace
}  // namespace ringfence::gateway
