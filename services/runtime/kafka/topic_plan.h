#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "services/runtime/log/log.h"
#include "services/runtime/log/retention.h"

namespace ringfence::runtime {

// A topic as it is, or is to be.
struct KafkaTopic {
  std::string name;
  int32_t partitions = 1;
  // Of each partition, the lowest; -1: the brokers' default.
  int32_t replication = -1;
  // Those that matter.
  std::map<std::string, std::string> config = {};
};

// kInvalidArgument for what Kafka does not take as a topic's name.
absl::Status CheckTopicName(std::string_view name);

// The configuration that makes Kafka keep what TopicOptions say; `min_insync_replicas` where it is
// positive. Append times are the brokers'.
std::map<std::string, std::string> KafkaTopicConfig(const TopicOptions& options,
                                                    int32_t min_insync_replicas);

// The topics of a deployment.
struct TopicPlan {
  // Before each name.
  std::string prefix;
  std::vector<std::string> partners;
  // Of both mailboxes and of the indicators. Never changes: keys would move.
  int32_t partitions = 12;
  // Of each partner's reports. Its rejects have one.
  int32_t report_partitions = 1;
  int32_t replication = 3;
  int32_t min_insync_replicas = 2;
  // Of mailboxes and rejects; keys that were removed from `indicators` are seen as long, and as
  // RetentionOf says.
  std::chrono::hours retention = kRetention;
  std::chrono::hours report_retention = kReportRetention;
};

// kInvalidArgument, with what is wrong: partners' names, numbers out of their bounds.
absl::Status CheckTopicPlan(const TopicPlan& plan);
// Sorted by name.
std::vector<KafkaTopic> PlanTopics(const TopicPlan& plan);

// What of `actual` does not do for `wanted`, each with the way out; empty where it fits. More
// replicas, longer retention and larger records than wanted fit.
std::vector<std::string> CompareTopics(const KafkaTopic& wanted, const KafkaTopic& actual);

}  // namespace ringfence::runtime
