#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/runtime/rocks/log_keys.h"

namespace ringfence::runtime {

// A partition as the embedded log knows it.
struct LogPartition {
  PartitionKey key;
  bool compacted = false;
  int64_t start = 0;
  // Of the next record.
  int64_t end = 0;
  core::Time last_append = core::kTimeMin;
};

struct LogTopic {
  StoredTopic stored;
  std::vector<LogPartition> partitions;
};

// "topic/3", for messages.
std::string NameOf(const TopicPartition& partition);

// The embedded log's topics, and where their readers are. Not thread-safe.
class LogCatalog {
 public:
  // Topics are only ever added: what was found before stays where it is.
  void AddTopic(const std::string& name, LogTopic topic);
  // What a topic of this name would be; nullopt where it exists. kInvalidArgument,
  // kFailedPrecondition as Log::CreateTopic.
  absl::StatusOr<std::optional<LogTopic>> NewTopic(const std::string& name,
                                                   const TopicOptions& options) const;
  const std::map<std::string, LogTopic, std::less<>>& topics() const { return topics_; }
  std::vector<std::string> Names(std::string_view prefix) const;
  absl::StatusOr<int32_t> Partitions(const std::string& name) const;
  // kNotFound.
  absl::StatusOr<LogPartition*> Find(const TopicPartition& name);

  // As it is on disk; a position that is known is newer.
  void LoadPosition(const PositionName& name, int64_t offset);
  void SetPosition(const PositionName& name, int64_t offset);
  std::optional<int64_t> Position(const PositionName& name) const;
  // Of all readers of the partition.
  std::optional<int64_t> LowestPosition(const TopicPartition& partition) const;

  // Positions that are not on disk yet. Whoever takes them writes them, or gives them back.
  using Positions = std::map<PositionName, int64_t>;
  Positions TakeNewPositions();
  void GiveBack(const Positions& positions);

 private:
  std::map<std::string, LogTopic, std::less<>> topics_;
  std::map<PositionName, int64_t> positions_;
  std::set<PositionName> new_positions_;
};

}  // namespace ringfence::runtime
