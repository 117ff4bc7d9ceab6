#include "services/runtime/rocks/log_keys.h"

namespace ringfence::runtime {
namespace {

constexpr size_t kHeaderBytes = 12;

void AppendNumber(uint64_t number, int bytes, std::string& out) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(number >> shift & 0xff));
  }
}

uint64_t ReadNumber(std::string_view bytes) {
  uint64_t number = 0;
  for (char byte : bytes) number = number << 8 | static_cast<uint8_t>(byte);
  return number;
}

std::string Prefix(char kind, const PartitionKey& partition) {
  std::string key(1, kind);
  AppendNumber(partition.topic, 4, key);
  AppendNumber(static_cast<uint32_t>(partition.partition), 4, key);
  return key;
}

}  // namespace

std::string RecordKey(const PartitionKey& partition, int64_t offset) {
  std::string key = Prefix('r', partition);
  AppendNumber(static_cast<uint64_t>(offset), 8, key);
  return key;
}

std::string IndexKey(const PartitionKey& partition, std::string_view key) {
  return Prefix('k', partition).append(key);
}

int64_t OffsetOfRecordKey(std::string_view record_key) {
  return DecodeOffset(record_key.substr(record_key.size() - 8));
}

std::string EncodeOffset(int64_t offset) {
  std::string bytes;
  AppendNumber(static_cast<uint64_t>(offset), 8, bytes);
  return bytes;
}

int64_t DecodeOffset(std::string_view bytes) {
  return static_cast<int64_t>(ReadNumber(bytes.substr(0, 8)));
}

std::string EncodeRecord(core::Time append_time, std::string_view key, std::string_view value) {
  std::string bytes;
  bytes.reserve(kHeaderBytes + key.size() + value.size());
  AppendNumber(static_cast<uint64_t>(append_time), 8, bytes);
  AppendNumber(key.size(), 4, bytes);
  bytes.append(key).append(value);
  return bytes;
}

bool DecodeRecord(std::string_view bytes, LogRecord& record) {
  if (bytes.size() < kHeaderBytes) return false;
  record.append_time = AppendTimeOf(bytes);
  const uint64_t key_bytes = ReadNumber(bytes.substr(8, 4));
  bytes.remove_prefix(kHeaderBytes);
  if (key_bytes > bytes.size()) return false;
  record.key = bytes.substr(0, key_bytes);
  record.value = bytes.substr(key_bytes);
  return true;
}

core::Time AppendTimeOf(std::string_view bytes) {
  return static_cast<core::Time>(ReadNumber(bytes.substr(0, 8)));
}

std::string ReaderKey(const std::string& reader, const TopicPartition& partition) {
  return "reader/" + reader + "/" + partition.topic + "/" + std::to_string(partition.partition);
}

std::string TopicKey(const std::string& topic) { return "topic/" + topic; }

}  // namespace ringfence::runtime
