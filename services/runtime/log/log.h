#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pipelines/core/time.h"

namespace ringfence::runtime {

// A partition of a topic.
struct TopicPartition {
  std::string topic;
  int32_t partition = 0;
  auto operator<=>(const TopicPartition&) const = default;
};

struct AppendRecord {
  TopicPartition to;
  std::string key;
  std::string value;
};

struct LogRecord {
  int64_t offset = 0;
  // When it was appended, by the log's clock.
  core::Time append_time = 0;
  std::string key;
  std::string value;
};

struct TopicOptions {
  int32_t partitions = 1;
  // Keeps the last record of each key (and removals, records with an empty value, for `retention`),
  // in place of all.
  bool compacted = false;
  // How long records are kept at least; nothing that a kept position still needs is removed (see
  // `Commit`).
  std::chrono::hours retention{24 * 7};
};

// The log: topics of partitions of records with ascending offsets. All methods are thread-safe.
//
// Two implementations keep the same promises: the embedded one here, and Kafka. Errors:
// kUnavailable (try again), kResourceExhausted (no room: stop taking records), kOutOfRange (the
// offset is older than what is kept), kNotFound (no such topic), kDataLoss (damaged).
class Log {
 public:
  virtual ~Log() = default;

  // Does nothing where it exists with as many partitions; kFailedPrecondition where with others.
  virtual absl::Status CreateTopic(const std::string& topic, const TopicOptions& options) = 0;
  // Names of all topics that begin with `prefix`, sorted. Partitions that were added to one from
  // outside, as Kafka has it, count from then on.
  virtual absl::StatusOr<std::vector<std::string>> Topics(std::string_view prefix) = 0;
  virtual absl::StatusOr<int32_t> Partitions(const std::string& topic) = 0;

  // Appends all or none; returns their offsets, in order, once they would survive a crash of the
  // machine. Concurrent appends share one sync.
  virtual absl::StatusOr<std::vector<int64_t>> Append(std::vector<AppendRecord> records) = 0;

  // Up to `records_max` durable records from `offset` on (at least one if there is one, else up to
  // `bytes_max` of values). Empty at the end. Never waits. In a compacted topic offsets may be
  // missing.
  virtual absl::StatusOr<std::vector<LogRecord>> Read(const TopicPartition& from, int64_t offset,
                                                      size_t records_max, size_t bytes_max) = 0;
  // The offset that the next durable record gets, and the lowest that can still be asked for.
  virtual absl::StatusOr<int64_t> EndOffset(const TopicPartition& partition) = 0;
  virtual absl::StatusOr<int64_t> StartOffset(const TopicPartition& partition) = 0;

  // Waits until any of the partitions has a durable record at or above the offset beside it, or the
  // deadline; true if one has.
  struct Position {
    TopicPartition partition;
    int64_t offset = 0;
  };
  virtual bool WaitForAny(std::span<const Position> positions,
                          std::chrono::milliseconds timeout) = 0;

  // A reader's position, kept under its name. `Commit` need not be durable at once: a crash may
  // give an older one. Nothing at or above the lowest committed offset of a partition is removed by
  // retention.
  virtual absl::Status Commit(const std::string& reader, const TopicPartition& partition,
                              int64_t offset) = 0;
  // nullopt where the reader has committed nothing.
  virtual absl::StatusOr<std::optional<int64_t>> Committed(const std::string& reader,
                                                           const TopicPartition& partition) = 0;

  // Made anew with every log: part of subscribers' cursors.
  virtual std::string Incarnation() const = 0;
};

// Names of topics.
inline constexpr std::string_view kReportsPrefix = "reports.";
inline constexpr std::string_view kRejectsPrefix = "rejects.";
inline constexpr std::string_view kDedupeTopic = "ringfence.dedupe";
inline constexpr std::string_view kClusterTopic = "ringfence.cluster";
inline constexpr std::string_view kIndicatorsTopic = "ringfence.indicators";
// The readers of all mailboxes, each of which has one owner, and of reports. "stage": what the
// owner's disk holds, from where a crash goes on; "applied": what it has applied and sent.
inline constexpr std::string_view kStageReader = "stage";
inline constexpr std::string_view kAppliedReader = "applied";
inline constexpr std::string_view kIntakeReader = "intake";
// Of one partition.
inline constexpr std::string_view kOverridesTopic = "ringfence.overrides";

}  // namespace ringfence::runtime
