#include "services/runtime/rocks/wal_guard.h"

#include <utility>

#include "services/runtime/rocks/open.h"

namespace ringfence::runtime {
namespace {

using rocksdb::DataVerificationInfo;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

class GuardedWal : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  GuardedWal(std::unique_ptr<rocksdb::FSWritableFile> file, WalGuard& guard)
      : FSWritableFileOwnerWrapper(std::move(file)), guard_(guard) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    return Do([&] { return target()->Append(data, options, debug); });
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const DataVerificationInfo& info,
                  IODebugContext* debug) override {
    return Do([&] { return target()->Append(data, options, info, debug); });
  }
  IOStatus Flush(const IOOptions& options, IODebugContext* debug) override {
    return Do([&] { return target()->Flush(options, debug); });
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return Do([&] { return target()->Sync(options, debug); });
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return Do([&] { return target()->Fsync(options, debug); });
  }
  IOStatus RangeSync(uint64_t offset, uint64_t bytes, const IOOptions& options,
                     IODebugContext* debug) override {
    return Do([&] { return target()->RangeSync(offset, bytes, options, debug); });
  }
  IOStatus Truncate(uint64_t bytes, const IOOptions& options, IODebugContext* debug) override {
    return Do([&] { return target()->Truncate(bytes, options, debug); });
  }
  // Also after a failure: the file is given back.
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    return guard_.Keep(target()->Close(options, debug));
  }

 private:
  template <typename Call>
  IOStatus Do(const Call& call) {
    return guard_.failed() ? IOStatus::OK() : guard_.Keep(call());
  }

  WalGuard& guard_;
};

}  // namespace

IOStatus WalGuard::NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                   std::unique_ptr<rocksdb::FSWritableFile>* file,
                                   IODebugContext* debug) {
  const IOStatus status = target()->NewWritableFile(name, options, file, debug);
  if (status.ok() && name.ends_with(".log")) {
    *file = std::make_unique<GuardedWal>(std::move(*file), *this);
  }
  return status;
}

absl::Status WalGuard::failure() const {
  absl::MutexLock lock(&mutex_);
  return failure_;
}

IOStatus WalGuard::Keep(const IOStatus& status) {
  if (!status.ok()) {
    absl::MutexLock lock(&mutex_);
    failure_.Update(FromRocks(status, "write-ahead log"));
    failed_.store(true, std::memory_order_release);
  }
  return IOStatus::OK();
}

}  // namespace ringfence::runtime
