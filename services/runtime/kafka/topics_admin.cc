#include "services/runtime/kafka/topics_admin.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "services/runtime/kafka/client.h"
#include "services/runtime/kafka/incarnation.h"
#include "services/runtime/kafka/kafka_log.h"
#include "services/runtime/kafka/topic_catalog.h"

namespace ringfence::runtime {
namespace {

absl::StatusOr<std::unique_ptr<KafkaClient>> MakeAsker(const KafkaOptions& kafka,
                                                       const TopicPlan& plan) {
  if (absl::Status status = CheckTopicPlan(plan); !status.ok()) return status;
  KafkaClient::Setup setup;
  setup.role = KafkaRole::kAsker;
  return KafkaClient::Make(kafka, std::move(setup), nullptr);
}

absl::StatusOr<TopicFinding> Find(TopicCatalog& catalog, const KafkaTopic& wanted) {
  absl::StatusOr<KafkaTopic> actual = catalog.Describe(wanted.name);
  if (absl::IsNotFound(actual.status())) {
    return TopicFinding{wanted.name, TopicState::kMissing, {"is not there"}};
  }
  if (!actual.ok()) return actual.status();
  absl::StatusOr<std::map<std::string, std::string>> config = catalog.Config(wanted.name);
  if (!config.ok()) return config.status();
  actual->config = *std::move(config);
  std::vector<std::string> problems = CompareTopics(wanted, *actual);
  const TopicState state = problems.empty() ? TopicState::kFits : TopicState::kDiffers;
  return TopicFinding{wanted.name, state, std::move(problems)};
}

absl::StatusOr<std::vector<TopicFinding>> FindAll(TopicCatalog& catalog, const TopicPlan& plan) {
  std::vector<TopicFinding> findings;
  for (const KafkaTopic& wanted : PlanTopics(plan)) {
    absl::StatusOr<TopicFinding> finding = Find(catalog, wanted);
    if (!finding.ok()) return finding.status();
    findings.push_back(*std::move(finding));
  }
  return findings;
}

// States and cursors hold offsets of these.
absl::Status RenewIncarnation(const KafkaOptions& kafka, const TopicPlan& plan,
                              const std::vector<std::string>& made) {
  KafkaOptions options = kafka;
  options.prefix = plan.prefix;
  const absl::StatusOr<std::unique_ptr<KafkaLog>> log = KafkaLog::Open(options, nullptr);
  if (!log.ok()) return log.status();
  return BeginIncarnation(**log, made);
}

}  // namespace

absl::StatusOr<std::vector<TopicFinding>> CheckTopics(const KafkaOptions& kafka,
                                                      const TopicPlan& plan) {
  const absl::StatusOr<std::unique_ptr<KafkaClient>> asker = MakeAsker(kafka, plan);
  if (!asker.ok()) return asker.status();
  TopicCatalog catalog(**asker, kafka.request_timeout);
  return FindAll(catalog, plan);
}

absl::StatusOr<std::vector<TopicFinding>> CreateTopics(const KafkaOptions& kafka,
                                                       const TopicPlan& plan) {
  const absl::StatusOr<std::unique_ptr<KafkaClient>> asker = MakeAsker(kafka, plan);
  if (!asker.ok()) return asker.status();
  TopicCatalog catalog(**asker, kafka.request_timeout);
  absl::StatusOr<std::vector<TopicFinding>> findings = FindAll(catalog, plan);
  if (!findings.ok()) return findings;
  if (std::any_of(findings->begin(), findings->end(), [](const TopicFinding& finding) {
        return finding.state == TopicState::kDiffers;
      })) {
    return findings;
  }
  const std::vector<KafkaTopic> wanted = PlanTopics(plan);
  std::vector<std::string> made;
  for (size_t i = 0; i < wanted.size(); ++i) {
    TopicFinding& finding = (*findings)[i];
    if (finding.state != TopicState::kMissing) continue;
    if (absl::Status status = catalog.Create(wanted[i]); !status.ok()) return status;
    finding = {finding.topic, TopicState::kMade, {}};
    const std::string topic = finding.topic.substr(plan.prefix.size());
    if (BelongsToIncarnation(topic)) made.push_back(topic);
  }
  if (!made.empty()) {
    if (absl::Status status = RenewIncarnation(kafka, plan, made); !status.ok()) return status;
  }
  return findings;
}

}  // namespace ringfence::runtime
