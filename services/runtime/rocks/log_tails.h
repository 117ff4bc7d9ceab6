#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "services/runtime/rocks/log_keys.h"

namespace ringfence::runtime {

// The latest records of all partitions, in memory: readers read them soon after they were appended,
// and need not ask RocksDB then. Keeps the last `bytes_max` of all that was pushed, whosoever's it
// is, so that a partition that is read late costs the others nothing. Not thread-safe.
class LogTails {
 public:
  explicit LogTails(size_t bytes_max) : bytes_max_(bytes_max) {}

  // The next record of the partition.
  void Push(const PartitionKey& partition, LogRecord record);
  // As Log::Read; nullopt where `offset` is older than what is kept.
  std::optional<std::vector<LogRecord>> Read(const PartitionKey& partition, int64_t offset,
                                             size_t records_max, size_t bytes_max) const;
  void Clear();
  size_t bytes() const { return bytes_; }

 private:
  const size_t bytes_max_;
  size_t bytes_ = 0;
  std::map<PartitionKey, std::deque<LogRecord>> records_;
  // Whose the kept records are, the oldest first.
  std::deque<PartitionKey> order_;
};

}  // namespace ringfence::runtime
