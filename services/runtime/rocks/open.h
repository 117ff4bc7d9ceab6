#pragma once

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/file_system.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>
#include <rocksdb/write_batch.h>
#include <rocksdb/write_buffer_manager.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// What the embedded log and the state share of RocksDB. Included nowhere outside this folder.
namespace ringfence::runtime {

inline rocksdb::Slice ToSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
inline std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

// Converts once, here. `what` says what was being done.
absl::Status FromRocks(const rocksdb::Status& status, std::string_view what);

// What all databases of a process share: memory for blocks that were read, memory for what has not
// been flushed yet, and the files they are made of (tests give files that fail).
class RocksMemory {
 public:
  RocksMemory(size_t cache_bytes, size_t memtable_bytes,
              std::shared_ptr<rocksdb::FileSystem> files = rocksdb::FileSystem::Default());
  const std::shared_ptr<rocksdb::Cache>& cache() const { return cache_; }
  const std::shared_ptr<rocksdb::WriteBufferManager>& write_buffers() const {
    return write_buffers_;
  }
  const std::shared_ptr<rocksdb::FileSystem>& files() const { return files_; }

 private:
  std::shared_ptr<rocksdb::Cache> cache_;
  std::shared_ptr<rocksdb::WriteBufferManager> write_buffers_;
  std::shared_ptr<rocksdb::FileSystem> files_;
};

// For point look-ups and short scans: bloom filters, LZ4 where the bulk of the data is.
rocksdb::ColumnFamilyOptions TableOptions(const RocksMemory& memory);

// An open database with its column families, and all that it needs as long as it is open.
class Database {
 public:
  struct Options {
    std::string dir;
    // kept alive
    std::shared_ptr<RocksMemory> memory;
    // In place of the memory's own.
    std::shared_ptr<rocksdb::FileSystem> files;
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    // Are told what happens in the background.
    std::vector<std::shared_ptr<rocksdb::EventListener>> listeners = {};
    size_t wal_bytes_max = size_t{256} << 20;
  };

  // Makes the directory where there is none. kFailedPrecondition if another process has it open.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const Options& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  rocksdb::DB& db() { return *db_; }
  rocksdb::ColumnFamilyHandle* family(size_t index) { return families_[index]; }

 private:
  explicit Database(const Options& options);

  const std::shared_ptr<RocksMemory> memory_;
  const std::shared_ptr<rocksdb::FileSystem> files_;
  const std::unique_ptr<rocksdb::Env> env_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;
};

}  // namespace ringfence::runtime
