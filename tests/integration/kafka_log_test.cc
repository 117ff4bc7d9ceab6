#include "services/runtime/kafka/kafka_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "services/runtime/log/log_contract_testing.h"
#include "tests/integration/kafka_testing.h"

namespace ringfence::runtime {
namespace {

std::unique_ptr<KafkaLog> OpenLog(const KafkaOptions& options, Metrics* metrics = nullptr) {
  absl::StatusOr<std::unique_ptr<KafkaLog>> log = KafkaLog::Open(options, metrics);
  EXPECT_TRUE(log.ok()) << log.status();
  return log.ok() ? *std::move(log) : nullptr;
}

class KafkaUnderTest : public LogUnderTest {
 public:
  Log& log() override { return *log_; }
  void Reopen() override {
    log_.reset();
    log_ = OpenLog(options_);
  }

 private:
  const KafkaOptions options_ = TestKafkaOptions();
  std::unique_ptr<KafkaLog> log_ = OpenLog(options_);
};

INSTANTIATE_TEST_SUITE_P(Kafka, LogContract,
                         testing::Values([] { return std::make_unique<KafkaUnderTest>(); }));

}  // namespace
}  // namespace ringfence::runtime
