#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace ringfence::runtime {

// Files that never show RocksDB a failure of its write-ahead log.
//
// Debian builds RocksDB 7.8 with its assertions, and one of them ends the process when a file that
// failed once is touched again (WritableFileWriter::AssertFalseAndGetStatusForPrevError); with the
// write-ahead log on a full disk this happens. So the first failure is kept here, nothing more
// reaches any write-ahead log, and RocksDB is told that all went well. Whoever writes asks for
// `failure` after each write that it wants to be durable; after one, what the database says is
// worth nothing any more: it must be closed, and opened again on a new guard.
//
// Thread-safe. Must outlive the database.
class WalGuard : public rocksdb::FileSystemWrapper {
 public:
  explicit WalGuard(const std::shared_ptr<rocksdb::FileSystem>& files) : FileSystemWrapper(files) {}

  const char* Name() const override { return "RingfenceWalGuard"; }
  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;

  bool failed() const { return failed_.load(std::memory_order_acquire); }
  // The first; OK while there is none.
  absl::Status failure() const;

  // For its files: keeps a failure; always OK.
  rocksdb::IOStatus Keep(const rocksdb::IOStatus& status);

 private:
  std::atomic<bool> failed_ = false;
  mutable absl::Mutex mutex_;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ringfence::runtime
