#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/runtime/kafka/kafka_options.h"
#include "services/runtime/kafka/topic_plan.h"

namespace ringfence::runtime {

enum class TopicState { kFits, kMade, kMissing, kDiffers };

struct TopicFinding {
  std::string topic;
  TopicState state = TopicState::kFits;
  // What differs, each with the way out.
  std::vector<std::string> problems;
};

// Compares the cluster's topics with the plan: one finding a topic, sorted by name. The plan's
// prefix counts, that of `kafka` does not. Errors: those of CheckTopicPlan and KafkaLog::Open.
absl::StatusOr<std::vector<TopicFinding>> CheckTopics(const KafkaOptions& kafka,
                                                      const TopicPlan& plan);
// Makes those that are missing; none where one differs. Where a mailbox or the topic of indicators
// is made, so is a new incarnation of the log. Topics that were made stay after an error.
absl::StatusOr<std::vector<TopicFinding>> CreateTopics(const KafkaOptions& kafka,
                                                       const TopicPlan& plan);

}  // namespace ringfence::runtime
