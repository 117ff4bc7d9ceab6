#include "services/runtime/kafka/topic_plan.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "services/runtime/kafka/incarnation.h"

namespace ringfence::runtime {
namespace {

constexpr size_t kNameBytesMax = 249;
constexpr size_t kPartnerBytesMax = 40;
constexpr int32_t kPartitionsMax = 4'096;
constexpr int32_t kReplicationMax = 16;
constexpr std::string_view kNameCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

// How an actual value has to stand to the wanted one.
enum class Rule {
  kSame,
  // At least; in Kafka -1 stands for no bound.
  kAtLeast,
};

struct ConfigRule {
  std::string_view name;
  Rule rule;
};
constexpr ConfigRule kConfigRules[] = {
    {"cleanup.policy", Rule::kSame},         {"message.timestamp.type", Rule::kSame},
    {"retention.ms", Rule::kAtLeast},        {"retention.bytes", Rule::kAtLeast},
    {"delete.retention.ms", Rule::kAtLeast}, {"max.message.bytes", Rule::kAtLeast},
    {"min.insync.replicas", Rule::kAtLeast},
};

std::optional<int64_t> Number(const std::string& text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool Fits(Rule rule, const std::string& wanted, const std::string& actual) {
  if (wanted == actual) return true;
  if (rule == Rule::kSame) return false;
  const std::optional<int64_t> least = Number(wanted);
  const std::optional<int64_t> value = Number(actual);
  if (!least.has_value() || !value.has_value() || *least < 0) return false;
  return *value < 0 || *value >= *least;
}

bool IsPartner(std::string_view name) {
  return !name.empty() && name.size() <= kPartnerBytesMax &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

absl::Status Wrong(const std::string& what) { return absl::InvalidArgumentError(what); }

}  // namespace

absl::Status CheckTopicName(std::string_view name) {
  const bool good = !name.empty() && name.size() <= kNameBytesMax && name != "." && name != ".." &&
                    name.find_first_not_of(kNameCharacters) == std::string_view::npos;
  return good ? absl::OkStatus() : Wrong("not a topic's name: " + std::string(name));
}

std::map<std::string, std::string> KafkaTopicConfig(const TopicOptions& options,
                                                    int32_t min_insync_replicas) {
  const std::string retention =
      std::to_string(std::chrono::milliseconds(options.retention).count());
  std::map<std::string, std::string> config = {
      {"message.timestamp.type", "LogAppendTime"},
      {"max.message.bytes", std::to_string(size_t{8} << 20)},
      {"cleanup.policy", options.compacted ? "compact" : "delete"},
      {options.compacted ? "delete.retention.ms" : "retention.ms", retention},
  };
  // Nothing is removed for its bytes.
  if (!options.compacted) config["retention.bytes"] = "-1";
  if (min_insync_replicas > 0) {
    config["min.insync.replicas"] = std::to_string(min_insync_replicas);
  }
  return config;
}

absl::Status CheckTopicPlan(const TopicPlan& plan) {
  for (const std::string& partner : plan.partners) {
    if (!IsPartner(partner)) {
      return Wrong("not a partner's name (a-z, 0-9 and '-', up to 40): " + partner);
    }
  }
  for (const int32_t partitions : {plan.partitions, plan.report_partitions}) {
    if (partitions < 1 || partitions > kPartitionsMax) {
      return Wrong("a topic has 1 to " + std::to_string(kPartitionsMax) + " partitions");
    }
  }
  if (plan.replication < 1 || plan.replication > kReplicationMax) {
    return Wrong("a partition has 1 to " + std::to_string(kReplicationMax) + " replicas");
  }
  if (plan.min_insync_replicas < 1 || plan.min_insync_replicas > plan.replication) {
    return Wrong("replicas in sync have to be at least 1 and at most all");
  }
  // With all of them needed, one broker that is away stops all appends.
  if (plan.replication > 1 && plan.min_insync_replicas == plan.replication) {
    return Wrong(
        "with as many replicas in sync as there are replicas, one broker that is away "
        "stops everything");
  }
  if (std::min(plan.retention, plan.report_retention) < std::chrono::hours(1)) {
    return Wrong("retention is an hour at least");
  }
  if (plan.prefix.find_first_not_of(kNameCharacters) != std::string::npos) {
    return Wrong("not a part of a topic's name: " + plan.prefix);
  }
  return absl::OkStatus();
}

std::vector<KafkaTopic> PlanTopics(const TopicPlan& plan) {
  std::vector<KafkaTopic> topics;
  const auto add = [&](const std::string& name, int32_t partitions, bool compacted) {
    const TopicOptions options{.partitions = partitions,
                               .compacted = compacted,
                               .retention = name.starts_with(kReportsPrefix)
                                                ? plan.report_retention
                                                : RetentionOf(name, plan.retention)};
    topics.push_back({plan.prefix + name, partitions, plan.replication,
                      KafkaTopicConfig(options, plan.min_insync_replicas)});
  };
  add(std::string(kDedupeTopic), plan.partitions, false);
  add(std::string(kClusterTopic), plan.partitions, false);
  add(std::string(kIndicatorsTopic), plan.partitions, true);
  add(std::string(kOverridesTopic), 1, true);
  add(std::string(kIncarnationTopic), 1, false);
  topics.back().config["retention.ms"] = "-1";
  for (const std::string& partner : plan.partners) {
    add(std::string(kReportsPrefix) + partner, plan.report_partitions, false);
    add(std::string(kRejectsPrefix) + partner, 1, false);
  }
  std::sort(topics.begin(), topics.end(),
            [](const KafkaTopic& a, const KafkaTopic& b) { return a.name < b.name; });
  // A partner may be given twice.
  topics.erase(
      std::unique(topics.begin(), topics.end(),
                  [](const KafkaTopic& a, const KafkaTopic& b) { return a.name == b.name; }),
      topics.end());
  return topics;
}

std::vector<std::string> CompareTopics(const KafkaTopic& wanted, const KafkaTopic& actual) {
  std::vector<std::string> problems;
  if (actual.partitions != wanted.partitions) {
    problems.push_back("has " + std::to_string(actual.partitions) + " partitions, not " +
                       std::to_string(wanted.partitions) +
                       ": keys would move to others. Go on with " +
                       std::to_string(actual.partitions) +
                       ", or make topics with another --prefix and replay the reports into them");
  }
  if (wanted.replication > 0 && actual.replication < wanted.replication) {
    problems.push_back("has " + std::to_string(actual.replication) + " replicas, not " +
                       std::to_string(wanted.replication) +
                       ": add some with kafka-reassign-partitions.sh");
  }
  for (const ConfigRule& rule : kConfigRules) {
    const auto want = wanted.config.find(std::string(rule.name));
    if (want == wanted.config.end()) continue;
    const auto is = actual.config.find(want->first);
    const std::string value = is == actual.config.end() ? "unknown" : is->second;
    if (Fits(rule.rule, want->second, value)) continue;
    problems.push_back(want->first + " is " + value + ", not " + want->second +
                       ": kafka-configs.sh --alter --topic " + wanted.name + " --add-config " +
                       want->first + "=" + want->second);
  }
  return problems;
}

}  // namespace ringfence::runtime
