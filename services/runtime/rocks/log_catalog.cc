#include "services/runtime/rocks/log_catalog.h"

#include <algorithm>

namespace ringfence::runtime {
namespace {

constexpr int32_t kPartitionsMax = 4'096;

// As Kafka has it.
bool IsTopicName(std::string_view name) {
  return !name.empty() && name.size() <= 249 && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

}  // namespace

std::string NameOf(const TopicPartition& partition) {
  return partition.topic + "/" + std::to_string(partition.partition);
}

void LogCatalog::AddTopic(const std::string& name, LogTopic topic) {
  const auto [known, fresh] = topics_.try_emplace(name, topic);
  if (fresh) return;
  std::copy(topic.partitions.begin(), topic.partitions.end(), known->second.partitions.begin());
}

absl::StatusOr<std::optional<LogTopic>> LogCatalog::NewTopic(const std::string& name,
                                                             const TopicOptions& options) const {
  if (!IsTopicName(name)) return absl::InvalidArgumentError("not a topic's name: " + name);
  if (options.partitions < 1 || options.partitions > kPartitionsMax) {
    return absl::InvalidArgumentError(name + ": a topic has 1 to " +
                                      std::to_string(kPartitionsMax) + " partitions");
  }
  if (const auto known = topics_.find(name); known != topics_.end()) {
    const int32_t partitions = known->second.stored.options.partitions;
    if (partitions == options.partitions) return std::nullopt;
    return absl::FailedPreconditionError(
        name + " has " + std::to_string(partitions) + " partitions, not " +
        std::to_string(options.partitions) +
        ": keys would move to others. Replay the reports into a new directory to change it");
  }
  LogTopic topic;
  topic.stored.options = options;
  for (const auto& [other, taken] : topics_) {
    topic.stored.number = std::max(topic.stored.number, taken.stored.number + 1);
  }
  for (int32_t p = 0; p < options.partitions; ++p) {
    LogPartition& partition = topic.partitions.emplace_back();
    partition.key = {topic.stored.number, p};
    partition.compacted = options.compacted;
  }
  return std::optional(std::move(topic));
}

std::vector<std::string> LogCatalog::Names(std::string_view prefix) const {
  std::vector<std::string> names;
  for (auto it = topics_.lower_bound(prefix); it != topics_.end() && it->first.starts_with(prefix);
       ++it) {
    names.push_back(it->first);
  }
  return names;
}

absl::StatusOr<int32_t> LogCatalog::Partitions(const std::string& name) const {
  const auto topic = topics_.find(name);
  if (topic == topics_.end()) return absl::NotFoundError("there is no topic " + name);
  return topic->second.stored.options.partitions;
}

absl::StatusOr<LogPartition*> LogCatalog::Find(const TopicPartition& name) {
  const auto topic = topics_.find(name.topic);
  if (topic == topics_.end() || name.partition < 0 ||
      name.partition >= topic->second.stored.options.partitions) {
    return absl::NotFoundError("there is no partition " + NameOf(name));
  }
  return &topic->second.partitions[static_cast<size_t>(name.partition)];
}

void LogCatalog::LoadPosition(const PositionName& name, int64_t offset) {
  positions_.try_emplace(name, offset);
}

void LogCatalog::SetPosition(const PositionName& name, int64_t offset) {
  const auto [known, fresh] = positions_.try_emplace(name, offset);
  if (!fresh && known->second == offset) return;
  known->second = offset;
  new_positions_.insert(name);
}

std::optional<int64_t> LogCatalog::Position(const PositionName& name) const {
  const auto known = positions_.find(name);
  return known == positions_.end() ? std::nullopt : std::optional(known->second);
}

std::optional<int64_t> LogCatalog::LowestPosition(const TopicPartition& partition) const {
  std::optional<int64_t> lowest;
  for (auto it = positions_.lower_bound({partition, ""});
       it != positions_.end() && it->first.partition == partition; ++it) {
    lowest = std::min(lowest.value_or(it->second), it->second);
  }
  return lowest;
}

LogCatalog::Positions LogCatalog::TakeNewPositions() {
  Positions taken;
  for (const PositionName& name : std::exchange(new_positions_, {})) {
    taken.emplace(name, positions_[name]);
  }
  return taken;
}

void LogCatalog::GiveBack(const Positions& positions) {
  for (const auto& [name, offset] : positions) new_positions_.insert(name);
}

}  // namespace ringfence::runtime
