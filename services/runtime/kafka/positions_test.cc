#include "services/runtime/kafka/positions.h"

#include <gtest/gtest.h>
#include <librdkafka/rdkafka_mock.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>

namespace ringfence::runtime {
namespace {

using std::chrono::milliseconds;

constexpr int16_t kOffsetCommit = 8;
constexpr int16_t kOffsetFetch = 9;
constexpr milliseconds kTimeout{2'000};
const std::string kGroup = "ringfence.stage";
const TopicPartition kPartition{"t", 0};

// On two brokers of the library's, in this process.
class Positions : public testing::Test {
 protected:
  void SetUp() override {
    KafkaClient::Setup setup;
    setup.role = KafkaRole::kAsker;
    KafkaOptions options;
    options.brokers = "127.0.0.1:1";
    auto owner = KafkaClient::Make(options, std::move(setup), nullptr);
    ASSERT_TRUE(owner.ok()) << owner.status();
    owner_ = *std::move(owner);
    brokers_ = rd_kafka_mock_cluster_new(owner_->get(), 2);
    ASSERT_EQ(rd_kafka_mock_topic_create(brokers_, "t", 1, 2), RD_KAFKA_RESP_ERR_NO_ERROR);
    ASSERT_EQ(rd_kafka_mock_coordinator_set(brokers_, "group", kGroup.c_str(), 1),
              RD_KAFKA_RESP_ERR_NO_ERROR);
    options_.brokers = rd_kafka_mock_cluster_bootstraps(brokers_);
    options_.request_timeout = kTimeout;
    options_.close_timeout = kTimeout;
    positions_ = std::make_unique<KafkaPositions>(options_);
  }
  void TearDown() override {
    positions_.reset();
    rd_kafka_mock_cluster_destroy(brokers_);
  }
  // What who asks anew is told, until it is `offset` or the time is over.
  void ExpectWritten(int64_t offset) {
    const auto deadline = std::chrono::steady_clock::now() + 3 * kTimeout;
    absl::StatusOr<std::optional<int64_t>> told;
    do {
      std::this_thread::sleep_for(milliseconds(100));
      told = KafkaPositions(options_).Committed(kGroup, kPartition);
    } while (!(told.ok() && *told == offset) && std::chrono::steady_clock::now() < deadline);
    ASSERT_TRUE(told.ok()) << told.status();
    EXPECT_EQ(*told, offset);
  }

  std::unique_ptr<KafkaClient> owner_;
  rd_kafka_mock_cluster_t* brokers_ = nullptr;
  KafkaOptions options_;
  std::unique_ptr<KafkaPositions> positions_;
};

TEST_F(Positions, AreKeptByGroup) {
  const auto before = positions_->Committed(kGroup, kPartition);
  ASSERT_TRUE(before.ok()) << before.status();
  EXPECT_EQ(*before, std::nullopt);
  positions_->Commit(kGroup, kPartition, 5);
  // At once, and when somebody else asks.
  EXPECT_EQ(*positions_->Committed(kGroup, kPartition), 5);
  ExpectWritten(5);
  // The end writes what is left.
  positions_->Commit(kGroup, kPartition, 6);
  positions_.reset();
  EXPECT_EQ(*KafkaPositions(options_).Committed(kGroup, kPartition), 6);
}

TEST_F(Positions, ACoordinatorThatMovesIsFound) {
  positions_->Commit(kGroup, kPartition, 5);
  ExpectWritten(5);
  ASSERT_EQ(rd_kafka_mock_coordinator_set(brokers_, "group", kGroup.c_str(), 2),
            RD_KAFKA_RESP_ERR_NO_ERROR);
  positions_->Commit(kGroup, kPartition, 6);
  ExpectWritten(6);
  const auto told = positions_->Committed(kGroup, kPartition);
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_EQ(*told, 6);
}

TEST_F(Positions, RefusalsAreErrorsToTryAgain) {
  positions_->Commit(kGroup, kPartition, 5);
  ExpectWritten(5);
  for (int i = 0; i < 4; ++i) {
    for (const int16_t request : {kOffsetCommit, kOffsetFetch}) {
      rd_kafka_mock_push_request_errors(brokers_, request, 1, RD_KAFKA_RESP_ERR_NOT_COORDINATOR);
    }
  }
  positions_->Commit(kGroup, kPartition, 6);
  ExpectWritten(6);
}

TEST_F(Positions, OfATopicThatIsGoneAreForgotten) {
  const TopicPartition gone{"gone", 0};
  const auto is_kept = [&] {
    const auto told = positions_->Committed(kGroup, gone);
    return told.ok() && *told == 5;
  };
  const auto expect_forgotten = [&] {
    const auto deadline = std::chrono::steady_clock::now() + 3 * kTimeout;
    while (is_kept() && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(milliseconds(50));
    EXPECT_FALSE(is_kept());
  };
  positions_->Commit(kGroup, gone, 5);
  EXPECT_TRUE(is_kept());
  expect_forgotten();
  // Others beside it are written.
  positions_->Commit(kGroup, gone, 5);
  positions_->Commit(kGroup, kPartition, 6);
  ExpectWritten(6);
  expect_forgotten();
}

TEST_F(Positions, ABrokerThatIsAwayEndsACallInTime) {
  for (const int32_t broker : {1, 2}) rd_kafka_mock_broker_set_down(brokers_, broker);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(absl::IsUnavailable(positions_->Committed(kGroup, kPartition).status()));
  EXPECT_LT(std::chrono::steady_clock::now() - start, 2 * kTimeout);
  positions_->Commit(kGroup, kPartition, 7);
  std::this_thread::sleep_for(milliseconds(500));
  for (const int32_t broker : {1, 2}) rd_kafka_mock_broker_set_up(brokers_, broker);
  ExpectWritten(7);
}

}  // namespace
}  // namespace ringfence::runtime
