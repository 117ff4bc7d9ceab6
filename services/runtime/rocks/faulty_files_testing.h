#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <limits>
#include <memory>
#include <string>

#include "absl/synchronization/mutex.h"

namespace ringfence::runtime {

// A disk that is full, or broken, as long as a test wants it to be. Thread-safe.
class FaultyFiles : public rocksdb::FileSystemWrapper {
 public:
  FaultyFiles() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "FaultyFiles"; }

  enum class Operation { kNone, kAppend, kSync };
  // From now on, `operation` on files whose names end in `suffix` gives `status`.
  void Fail(Operation operation, const std::string& suffix, const rocksdb::IOStatus& status) {
    absl::MutexLock lock(&mutex_);
    operation_ = operation;
    suffix_ = suffix;
    status_ = status;
  }
  // Reads fail once there have been so many more, until Heal.
  void FailReadsAfter(int reads) { reads_left_ = reads; }
  void Heal() {
    Fail(Operation::kNone, "", rocksdb::IOStatus::OK());
    reads_left_ = std::numeric_limits<int>::max();
  }
  void SetFreeBytes(uint64_t bytes) { free_bytes_ = bytes; }
  int failed() const { return failed_; }

  rocksdb::IOStatus Check(Operation operation, const std::string& name) {
    absl::MutexLock lock(&mutex_);
    if (operation != operation_ || !name.ends_with(suffix_)) return rocksdb::IOStatus::OK();
    ++failed_;
    return status_;
  }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override {
    const rocksdb::IOStatus status = target()->NewWritableFile(name, options, file, debug);
    if (status.ok()) *file = std::make_unique<File>(std::move(*file), *this, name);
    return status;
  }
  rocksdb::IOStatus NewRandomAccessFile(const std::string& name,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                        rocksdb::IODebugContext* debug) override {
    const rocksdb::IOStatus status = target()->NewRandomAccessFile(name, options, file, debug);
    if (status.ok()) *file = std::make_unique<ReadFile>(std::move(*file), *this);
    return status;
  }
  rocksdb::IOStatus GetFreeSpace(const std::string&, const rocksdb::IOOptions&, uint64_t* bytes,
                                 rocksdb::IODebugContext*) override {
    *bytes = free_bytes_;
    return rocksdb::IOStatus::OK();
  }

 private:
  class File : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    File(std::unique_ptr<rocksdb::FSWritableFile> file, FaultyFiles& files, std::string name)
        : FSWritableFileOwnerWrapper(std::move(file)), files_(files), name_(std::move(name)) {}

    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override {
      const rocksdb::IOStatus status = files_.Check(Operation::kAppend, name_);
      return status.ok() ? target()->Append(data, options, debug) : status;
    }
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             const rocksdb::DataVerificationInfo& info,
                             rocksdb::IODebugContext* debug) override {
      const rocksdb::IOStatus status = files_.Check(Operation::kAppend, name_);
      return status.ok() ? target()->Append(data, options, info, debug) : status;
    }
    rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
      const rocksdb::IOStatus status = files_.Check(Operation::kSync, name_);
      return status.ok() ? target()->Sync(options, debug) : status;
    }
    rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                            rocksdb::IODebugContext* debug) override {
      const rocksdb::IOStatus status = files_.Check(Operation::kSync, name_);
      return status.ok() ? target()->Fsync(options, debug) : status;
    }

   private:
    FaultyFiles& files_;
    const std::string name_;
  };

  class ReadFile : public rocksdb::FSRandomAccessFileOwnerWrapper {
   public:
    ReadFile(std::unique_ptr<rocksdb::FSRandomAccessFile> file, FaultyFiles& files)
        : FSRandomAccessFileOwnerWrapper(std::move(file)), files_(files) {}

    rocksdb::IOStatus Read(uint64_t offset, size_t n, const rocksdb::IOOptions& options,
                           rocksdb::Slice* result, char* scratch,
                           rocksdb::IODebugContext* debug) const override {
      if (files_.reads_left_-- <= 0) return rocksdb::IOStatus::IOError("told so");
      return target()->Read(offset, n, options, result, scratch, debug);
    }

   private:
    FaultyFiles& files_;
  };

  absl::Mutex mutex_;
  Operation operation_ ABSL_GUARDED_BY(mutex_) = Operation::kNone;
  std::string suffix_ ABSL_GUARDED_BY(mutex_);
  rocksdb::IOStatus status_ ABSL_GUARDED_BY(mutex_);
  std::atomic<uint64_t> free_bytes_ = uint64_t{1} << 40;
  std::atomic<int> failed_ = 0;
  std::atomic<int> reads_left_ = std::numeric_limits<int>::max();
};

}  // namespace ringfence::runtime
