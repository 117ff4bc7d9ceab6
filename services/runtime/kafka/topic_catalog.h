#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/runtime/kafka/client.h"
#include "services/runtime/kafka/topic_plan.h"
#include "services/runtime/log/log.h"

namespace ringfence::runtime {

// Which topics there are, by the names that Kafka has for them. Numbers of partitions are asked for
// once: they do not change. Thread-safe. Errors: kNotFound, and those of KafkaStatus.
class TopicCatalog {
 public:
  // `client` must outlive it.
  TopicCatalog(const KafkaClient& client, std::chrono::milliseconds timeout)
      : client_(client.get()), timeout_(timeout) {}

  absl::StatusOr<int32_t> Partitions(const std::string& topic);
  // kNotFound where there is no such partition.
  absl::Status Check(const TopicPartition& partition);
  // To be asked for again.
  void Forget(const std::string& topic);
  // All names that begin with `prefix`, sorted.
  absl::StatusOr<std::vector<std::string>> Names(std::string_view prefix);
  // Partitions and the replicas of each, as the brokers have it now.
  absl::StatusOr<KafkaTopic> Describe(const std::string& topic);
  // Values of the configuration as they count, set or by default.
  absl::StatusOr<std::map<std::string, std::string>> Config(const std::string& topic);
  // Returns once all its partitions have leaders. kAlreadyExists.
  absl::Status Create(const KafkaTopic& topic);

 private:
  absl::Status WaitForLeaders(const KafkaTopic& topic);

  rd_kafka_t* const client_;
  const std::chrono::milliseconds timeout_;
  absl::Mutex mutex_;
  std::map<std::string, int32_t, std::less<>> partitions_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ringfence::runtime
