#include "services/runtime/rocks/open.h"

#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include <filesystem>
#include <utility>

#include "services/runtime/rocks/memory.h"

namespace ringfence::runtime {
namespace {

// RocksDB tells this case only by its words.
bool IsOpenElsewhere(const rocksdb::Status& status) {
  return status.IsIOError() && status.ToString().find("lock") != std::string::npos;
}

rocksdb::DBOptions DbOptions(const Database::Options& options, rocksdb::Env* env) {
  rocksdb::DBOptions db_options;
  db_options.create_if_missing = true;
  db_options.create_missing_column_families = true;
  db_options.env = env;
  db_options.listeners = options.listeners;
  db_options.write_buffer_manager = options.memory->write_buffers();
  db_options.max_background_jobs = 2;
  db_options.max_open_files = 512;
  db_options.max_total_wal_size = options.wal_bytes_max;
  // Its own log of what it does, no records.
  db_options.keep_log_file_num = 2;
  db_options.max_log_file_size = 8 << 20;
  db_options.info_log_level = rocksdb::WARN_LEVEL;
  return db_options;
}

}  // namespace

absl::Status FromRocks(const rocksdb::Status& status, std::string_view what) {
  if (status.ok()) return absl::OkStatus();
  const std::string message = std::string(what) + ": " + status.ToString();
  if (status.IsNoSpace() || (status.IsIOError() && status.subcode() == rocksdb::Status::kNoSpace)) {
    return absl::ResourceExhaustedError(message);
  }
  if (status.IsCorruption()) return absl::DataLossError(message);
  if (status.IsNotFound()) return absl::NotFoundError(message);
  if (status.IsInvalidArgument() || status.IsNotSupported()) {
    return absl::FailedPreconditionError(message);
  }
  return absl::UnavailableError(message);
}

RocksMemory::RocksMemory(size_t cache_bytes, size_t memtable_bytes,
                         std::shared_ptr<rocksdb::FileSystem> files)
    : cache_(rocksdb::NewLRUCache(cache_bytes)),
      write_buffers_(std::make_shared<rocksdb::WriteBufferManager>(memtable_bytes)),
      files_(std::move(files)) {}

std::shared_ptr<RocksMemory> MakeRocksMemory(const MemoryBudget& budget) {
  return std::make_shared<RocksMemory>(budget.cache_bytes, budget.memtable_bytes);
}

rocksdb::ColumnFamilyOptions TableOptions(const RocksMemory& memory) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = memory.cache();
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.cache_index_and_filter_blocks = true;
  // In pieces. As one block a file's filter, or its index, is larger than a shard of the cache:
  // with some gigabytes stored most of the time went into reading filters again and again.
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
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

Database::Database(const Options& options)
    : memory_(options.memory),
      files_(options.files ? options.files : options.memory->files()),
      env_(rocksdb::NewCompositeEnv(files_)) {}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const Options& options) {
  std::error_code error;
  std::filesystem::create_directories(options.dir, error);
  if (error) return absl::UnavailableError("cannot make " + options.dir + ": " + error.message());
  std::unique_ptr<Database> database(new Database(options));
  rocksdb::DB* db = nullptr;
  const rocksdb::Status opened =
      rocksdb::DB::Open(DbOptions(options, database->env_.get()), options.dir, options.families,
                        &database->families_, &db);
  if (IsOpenElsewhere(opened)) {
    return absl::FailedPreconditionError(options.dir + " is in use by another process");
  }
  if (!opened.ok()) return FromRocks(opened, "opening " + options.dir);
  database->db_.reset(db);
  return database;
}

Database::~Database() {
  for (rocksdb::ColumnFamilyHandle* family : families_) {
    db_->DestroyColumnFamilyHandle(family).PermitUncheckedError();
  }
}

}  // namespace ringfence::runtime
