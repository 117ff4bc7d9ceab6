#include "services/runtime/rocks/open.h"

#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include "services/runtime/rocks/memory.h"

namespace ringfence::runtime {

absl::Status FromRocks(const rocksdb::Status& status, std::string_view what) {
  if (status.ok()) return absl::OkStatus();
  const std::string message = std::string(what) + ": " + status.ToString();
  if (status.IsNoSpace() || (status.IsIOError() && status.subcode() == rocksdb::Status::kNoSpace)) {
    return absl::ResourceExhaustedError(message);
  }
  if (status.IsCorruption()) return absl::DataLossError(message);
  if (status.IsNotFound()) return absl::NotFoundError(message);
  return absl::UnavailableError(message);
}

RocksMemory::RocksMemory(size_t cache_bytes, size_t memtable_bytes)
    : cache_(rocksdb::NewLRUCache(cache_bytes)),
      write_buffers_(std::make_shared<rocksdb::WriteBufferManager>(memtable_bytes)) {}

rocksdb::DBOptions DbOptions(const RocksMemory& memory) {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.write_buffer_manager = memory.write_buffers();
  options.max_background_jobs = 2;
  options.max_open_files = 512;
  options.keep_log_file_num = 2;
  options.max_log_file_size = 8 << 20;
  options.info_log_level = rocksdb::WARN_LEVEL;
  return options;
}

rocksdb::ColumnFamilyOptions TableOptions(const RocksMemory& memory) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = memory.cache();
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.format_version = 5;
  rocksdb::ColumnFamilyOptions options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.write_buffer_size = 32 << 20;
  options.compression = rocksdb::kLZ4Compression;
  options.compression_per_level = {rocksdb::kNoCompression,  rocksdb::kNoCompression,
                                   rocksdb::kLZ4Compression, rocksdb::kLZ4Compression,
                                   rocksdb::kLZ4Compression, rocksdb::kLZ4Compression,
                                   rocksdb::kLZ4Compression};
  return options;
}

std::shared_ptr<RocksMemory> MakeRocksMemory(const MemoryBudget& budget) {
  return std::make_shared<RocksMemory>(budget.cache_bytes, budget.memtable_bytes);
}

}  // namespace ringfence::runtime
