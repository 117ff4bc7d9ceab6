#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "services/runtime/log/log.h"

// How the embedded log lays out RocksDB. A topic has a number. Column families:
//
//   "records" (append-only topics) and "compacted":
//     topic (4) partition (4) offset (8)         append time (8) bytes of the key (4) key value
//   "index" (compacted topics only):
//     'k' topic (4) partition (4) key            offset (8) of the key's last record
//     'd' topic (4) partition (4) offset (8)     append time (8) key: a removal, to be purged
//   "default":
//     "incarnation"                              UUID
//     "topic/<name>"                             number, partitions, compacted, retention in hours
//     "position/<topic>/<partition>/<reader>"    offset (8)
//
// Numbers are big-endian, so that keys sort as what they stand for; in "default" all but offsets
// are decimal text.
namespace ringfence::runtime {

struct PartitionKey {
  uint32_t topic = 0;
  int32_t partition = 0;
  auto operator<=>(const PartitionKey&) const = default;
};

// Bytes of the topic and partition at the start of a record's key.
inline constexpr size_t kPartitionPrefixBytes = 8;

std::string RecordKey(const PartitionKey& partition, int64_t offset);
std::string IndexKey(const PartitionKey& partition, std::string_view key);
std::string RemovalKey(const PartitionKey& partition, int64_t offset);
// Of a RecordKey or RemovalKey.
int64_t OffsetInKey(std::string_view key);

std::string EncodeOffset(int64_t offset);
absl::StatusOr<int64_t> DecodeOffset(std::string_view bytes);

// What stands before key and value.
using RecordHeader = std::array<char, 12>;
RecordHeader EncodeHeader(core::Time append_time, size_t key_bytes);
// kDataLoss where the bytes are damaged.
absl::StatusOr<LogRecord> DecodeRecord(int64_t offset, std::string_view bytes);
// Only the time: cheap.
absl::StatusOr<core::Time> AppendTimeOf(std::string_view bytes);

std::string EncodeRemoval(core::Time append_time, std::string_view key);
absl::StatusOr<std::pair<core::Time, std::string>> DecodeRemoval(std::string_view bytes);

// A reader's position in a partition.
struct PositionName {
  TopicPartition partition;
  std::string reader;
  auto operator<=>(const PositionName&) const = default;
};
inline constexpr std::string_view kIncarnationKey = "incarnation";
inline constexpr std::string_view kTopicPrefix = "topic/";
inline constexpr std::string_view kPositionPrefix = "position/";
std::string EncodePositionName(const PositionName& name);
absl::StatusOr<PositionName> DecodePositionName(std::string_view key);

struct StoredTopic {
  uint32_t number = 0;
  TopicOptions options;
};
std::string EncodeTopic(const StoredTopic& topic);
absl::StatusOr<StoredTopic> DecodeTopic(std::string_view bytes);

}  // namespace ringfence::runtime
