#pragma once

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/write_buffer_manager.h>

#include <memory>
#include <string>

#include "absl/status/status.h"

// What the embedded log and the state share of RocksDB. Included nowhere outside this folder.
namespace ringfence::runtime {

// Converts once, here. `what` says what was being done.
absl::Status FromRocks(const rocksdb::Status& status, std::string_view what);

// Memory that all databases of a process share: blocks that were read, and memtables.
class RocksMemory {
 public:
  RocksMemory(size_t cache_bytes, size_t memtable_bytes);
  const std::shared_ptr<rocksdb::Cache>& cache() const { return cache_; }
  const std::shared_ptr<rocksdb::WriteBufferManager>& write_buffers() const {
    return write_buffers_;
  }

 private:
  std::shared_ptr<rocksdb::Cache> cache_;
  std::shared_ptr<rocksdb::WriteBufferManager> write_buffers_;
};

rocksdb::DBOptions DbOptions(const RocksMemory& memory);
// For point look-ups and short scans.
rocksdb::ColumnFamilyOptions TableOptions(const RocksMemory& memory);

}  // namespace ringfence::runtime
