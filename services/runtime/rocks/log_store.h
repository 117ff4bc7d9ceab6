#pragma once

#include <rocksdb/write_batch.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/runtime/rocks/log_catalog.h"
#include "services/runtime/rocks/log_keys.h"
#include "services/runtime/rocks/open.h"
#include "services/runtime/rocks/wal_guard.h"

namespace ringfence::runtime {

// The embedded log's part on disk: where its records, topics and positions are in RocksDB.
//
// One thread at a time writes (`Write`, `PurgeRemovals`); all else may be called by any thread.
// After a failed write the store is broken: it fails everything until it was opened again, since
// nobody knows what of that write is there, and what it holds was loaded.
class LogStore {
 public:
  LogStore(std::string dir, std::shared_ptr<RocksMemory> memory);
  ~LogStore();

  // Opens, or closes and opens again; it stays broken until it was loaded.
  absl::Status Open();
  bool broken() const;

  struct Contents {
    std::string incarnation;
    std::map<std::string, LogTopic> topics;
    std::map<PositionName, int64_t> positions;
  };
  // All but the records. Makes the incarnation of a new log.
  absl::StatusOr<Contents> Load();

  // What one write changes. Belongs to the store as it is open now.
  class Batch {
   public:
    // The next record of a partition. In a compacted one it takes the place of the key's last.
    absl::Status Add(const LogPartition& partition, int64_t offset, core::Time append_time,
                     const AppendRecord& record);
    void SetPosition(const PositionName& name, int64_t offset);
    void SetTopic(const std::string& name, const StoredTopic& topic);

   private:
    friend class LogStore;
    explicit Batch(LogStore& store) : store_(store) {}
    absl::Status Replace(const LogPartition& partition, int64_t offset, const std::string& key);

    LogStore& store_;
    rocksdb::WriteBatch batch_;
    // Last offsets of keys that this batch has already.
    absl::flat_hash_map<std::string, int64_t> replaced_;
  };
  Batch NewBatch() { return Batch(*this); }
  // All or nothing; when it returns, it is on disk.
  absl::Status Write(Batch& batch);

  // Records from `offset` on and below `partition.end`, bounded as Log::Read. kOutOfRange where the
  // first ones have just been deleted.
  absl::StatusOr<std::vector<LogRecord>> Read(const LogPartition& partition, int64_t offset,
                                              size_t records_max, size_t bytes_max);

  // The first offset from `start` on that was not appended before `oldest`; `limit` if all were.
  absl::StatusOr<int64_t> FirstSince(const LogPartition& partition, int64_t limit,
                                     core::Time oldest);
  // Deletes from `partition.start` up to, not including, `until`.
  absl::Status DeleteUntil(const LogPartition& partition, int64_t until);
  // Forgets keys of a compacted partition that were removed before `oldest`, but for the last
  // record. Looks at up to `removals_max` removals, returns at how many it did.
  absl::StatusOr<size_t> PurgeRemovals(const LogPartition& partition, core::Time oldest,
                                       size_t removals_max);

  absl::StatusOr<uint64_t> FreeBytes();

 private:
  // Column families, in the order in which they are opened.
  enum Family : size_t { kMeta, kRecords, kCompacted, kIndex };

  absl::Status Usable() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  rocksdb::DB& db() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return database_->db(); }
  rocksdb::ColumnFamilyHandle* family(Family family) const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return database_->family(family);
  }
  rocksdb::ColumnFamilyHandle* RecordsOf(const LogPartition& partition) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return family(partition.compacted ? kCompacted : kRecords);
  }
  absl::StatusOr<std::string> LoadIncarnation() ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  absl::Status LoadRange(LogPartition& partition) ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  absl::Status WriteSynced(rocksdb::WriteBatch& batch) ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  const std::string dir_;
  const std::shared_ptr<RocksMemory> memory_;

  // Held shared by whoever uses the database, exclusively to open it again.
  mutable absl::Mutex mutex_;
  std::shared_ptr<WalGuard> guard_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<Database> database_ ABSL_GUARDED_BY(mutex_);
  std::atomic<bool> broken_ = true;
};

}  // namespace ringfence::runtime
