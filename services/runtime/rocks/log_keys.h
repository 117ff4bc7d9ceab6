#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "services/runtime/log/log.h"

// How the embedded log lays out RocksDB. A topic has a number.
//
//   column family "records" (append-only topics) and "compacted":
//     'r' topic (4) partition (4) offset (8)     append time (8), length of the key (4), key, value
//     'k' topic (4) partition (4) key            offset (8); compacted topics only
//   column family "default":
//     "topic/<name>"                             number, partitions, compacted, retention
//     "reader/<reader>/<topic>/<partition>"      offset
//     "incarnation"
// Numbers are big-endian.
namespace ringfence::runtime {

struct PartitionKey {
  uint32_t topic = 0;
  int32_t partition = 0;
};

std::string RecordKey(const PartitionKey& partition, int64_t offset);
std::string IndexKey(const PartitionKey& partition, std::string_view key);
int64_t OffsetOfRecordKey(std::string_view record_key);

std::string EncodeOffset(int64_t offset);
int64_t DecodeOffset(std::string_view bytes);

std::string EncodeRecord(core::Time append_time, std::string_view key, std::string_view value);
// False where the bytes are damaged.
bool DecodeRecord(std::string_view bytes, LogRecord& record);
// Only the time: cheap.
core::Time AppendTimeOf(std::string_view bytes);

std::string ReaderKey(const std::string& reader, const TopicPartition& partition);
std::string TopicKey(const std::string& topic);

}  // namespace ringfence::runtime
