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
#include "absl/time/time.h"
#include "services/runtime/kafka/client.h"
#include "services/runtime/kafka/topic_plan.h"
#include "services/runtime/log/log.h"

namespace ringfence::runtime {

// Which topics there are, by the names that Kafka has for them. Numbers of partitions are asked for
// once; what is added later shows with Names. Thread-safe. Errors: kNotFound, and those of
// KafkaStatus.
class TopicCatalog {
 public:
  // `client` must outlive it.
  TopicCatalog(const KafkaClient& client, std::chrono::milliseconds timeout)
      : client_(client.get()), timeout_(timeout) {}

  absl::StatusOr<int32_t> Partitions(const std::string& topic);
  // kNotFound where there is no such partition.
  absl::Status Check(const TopicPartition& partition);
  // What to make of an error that came of using a topic: a known one that is not found was deleted,
  // or the broker that said so is behind, as after its start. kUnavailable until it has been
  // missing for a while; then it is forgotten, and the error counts. Others are given back.
  absl::Status Doubt(const absl::Status& status, const std::string& topic);
  // All names that begin with `prefix`, sorted. Of those that are known, partitions that were added
  // since are known then too.
  absl::StatusOr<std::vector<std::string>> Names(std::string_view prefix);
  // Partitions and the replicas of each, as the brokers have it now.
  absl::StatusOr<KafkaTopic> Describe(const std::string& topic);
  // Values of the configuration as they count, set or by default.
  absl::StatusOr<std::map<std::string, std::string>> Config(const std::string& topic);
  // Returns once all its partitions have leaders; also where it is there already, then with
  // kAlreadyExists, and with whatever partitions.
  absl::Status Create(const KafkaTopic& topic);

 private:
  struct Missing {
    absl::Time first;
    absl::Time last;
  };
  absl::Status AskToCreate(const KafkaTopic& topic);
  absl::Status WaitForLeaders(const std::string& topic);

  rd_kafka_t* const client_;
  const std::chrono::milliseconds timeout_;
  absl::Mutex mutex_;
  std::map<std::string, int32_t> partitions_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Missing> missing_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ringfence::runtime
