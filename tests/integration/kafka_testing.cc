#include "tests/integration/kafka_testing.h"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>

namespace ringfence::runtime {

std::string KafkaBrokers() {
  if (const char* brokers = std::getenv("RINGFENCE_KAFKA"); brokers != nullptr) return brokers;
  std::string brokers;
  if (const char* path = std::getenv("RINGFENCE_KAFKA_FILE"); path != nullptr) {
    std::ifstream(path) >> brokers;
  }
  return brokers;
}

std::string FreshPrefix() {
  static std::atomic<int> count = 0;
  return "test-" + std::to_string(getpid()) + "-" + std::to_string(++count) + ".";
}

KafkaOptions TestKafkaOptions() {
  KafkaOptions options;
  options.brokers = KafkaBrokers();
  options.prefix = FreshPrefix();
  options.delivery_timeout = std::chrono::milliseconds(8'000);
  options.session_timeout = std::chrono::milliseconds(10'000);
  return options;
}

}  // namespace ringfence::runtime
