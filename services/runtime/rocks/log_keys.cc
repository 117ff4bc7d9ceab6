#include "services/runtime/rocks/log_keys.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace ringfence::runtime {
namespace {

void AppendNumber(uint64_t number, int bytes, std::string& out) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(number >> shift & 0xff));
  }
}

uint64_t ReadNumber(std::string_view bytes) {
  uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<uint8_t>(byte);
  return number;
}

void AppendPartition(const PartitionKey& partition, std::string& out) {
  AppendNumber(partition.topic, 4, out);
  AppendNumber(static_cast<uint32_t>(partition.partition), 4, out);
}

absl::Status Damaged(std::string_view what) {
  return absl::DataLossError("the log's " + std::string(what) + " is damaged");
}

}  // namespace

std::string RecordKey(const PartitionKey& partition, int64_t offset) {
  std::string key;
  AppendPartition(partition, key);
  AppendNumber(static_cast<uint64_t>(offset), 8, key);
  return key;
}

std::string IndexKey(const PartitionKey& partition, std::string_view key) {
  std::string index_key = "k";
  AppendPartition(partition, index_key);
  return index_key.append(key);
}

std::string RemovalKey(const PartitionKey& partition, int64_t offset) {
  return "d" + RecordKey(partition, offset);
}

int64_t OffsetInKey(std::string_view key) {
  return static_cast<int64_t>(ReadNumber(key.substr(key.size() - 8)));
}

std::string EncodeOffset(int64_t offset) {
  std::string bytes;
  AppendNumber(static_cast<uint64_t>(offset), 8, bytes);
  return bytes;
}

absl::StatusOr<int64_t> DecodeOffset(std::string_view bytes) {
  if (bytes.size() != 8) return Damaged("offset");
  return static_cast<int64_t>(ReadNumber(bytes));
}

RecordHeader EncodeHeader(core::Time append_time, size_t key_bytes) {
  std::string bytes;
  AppendNumber(static_cast<uint64_t>(append_time), 8, bytes);
  AppendNumber(key_bytes, 4, bytes);
  RecordHeader header;
  bytes.copy(header.data(), header.size());
  return header;
}

absl::StatusOr<LogRecord> DecodeRecord(int64_t offset, std::string_view bytes) {
  constexpr size_t kHeaderBytes = std::tuple_size_v<RecordHeader>;
  if (bytes.size() < kHeaderBytes) return Damaged("record at offset " + std::to_string(offset));
  const uint64_t key_bytes = ReadNumber(bytes.substr(8, 4));
  if (key_bytes > bytes.size() - kHeaderBytes) {
    return Damaged("record at offset " + std::to_string(offset));
  }
  LogRecord record;
  record.offset = offset;
  record.append_time = static_cast<core::Time>(ReadNumber(bytes.substr(0, 8)));
  record.key = bytes.substr(kHeaderBytes, key_bytes);
  record.value = bytes.substr(kHeaderBytes + key_bytes);
  return record;
}

absl::StatusOr<core::Time> AppendTimeOf(std::string_view bytes) {
  if (bytes.size() < 8) return Damaged("record");
  return static_cast<core::Time>(ReadNumber(bytes.substr(0, 8)));
}

std::string EncodeRemoval(core::Time append_time, std::string_view key) {
  std::string bytes;
  AppendNumber(static_cast<uint64_t>(append_time), 8, bytes);
  return bytes.append(key);
}

absl::StatusOr<std::pair<core::Time, std::string>> DecodeRemoval(std::string_view bytes) {
  absl::StatusOr<core::Time> append_time = AppendTimeOf(bytes);
  if (!append_time.ok()) return append_time.status();
  return std::pair(*append_time, std::string(bytes.substr(8)));
}

std::string EncodePositionName(const PositionName& name) {
  return absl::StrCat(std::string(kPositionPrefix), name.partition.topic, "/",
                      name.partition.partition, "/", name.reader);
}

absl::StatusOr<PositionName> DecodePositionName(std::string_view key) {
  const std::string text(key.substr(kPositionPrefix.size()));
  const std::vector<std::string> parts = absl::StrSplit(text, absl::MaxSplits('/', 2));
  PositionName name;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[1], &name.partition.partition)) {
    return Damaged("position");
  }
  name.partition.topic = parts[0];
  name.reader = parts[2];
  return name;
}

std::string EncodeTopic(const StoredTopic& topic) {
  return absl::StrCat(topic.number, " ", topic.options.partitions, " ",
                      topic.options.compacted ? 1 : 0, " ", topic.options.retention.count());
}

absl::StatusOr<StoredTopic> DecodeTopic(std::string_view bytes) {
  const std::string text(bytes);
  const std::vector<std::string> parts = absl::StrSplit(text, ' ');
  StoredTopic topic;
  int compacted = 0;
  int64_t retention_hours = 0;
  if (parts.size() != 4 || !absl::SimpleAtoi(parts[0], &topic.number) ||
      !absl::SimpleAtoi(parts[1], &topic.options.partitions) ||
      !absl::SimpleAtoi(parts[2], &compacted) || !absl::SimpleAtoi(parts[3], &retention_hours)) {
    return Damaged("topic");
  }
  topic.options.compacted = compacted != 0;
  topic.options.retention = std::chrono::hours(retention_hours);
  return topic;
}

}  // namespace ringfence::runtime
