#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/publish/audit_sink.h"

namespace ringfence::publish {

// Acts of operators in a file of their own, one JSON object a line, each chained to the one before:
//
//   {"n":2,"at":"2026-03-01T12:00:00.000000Z","who":…,"what":…,"subject":…,"why":…,"reference":…,
//    "previous":"<hash of line 1>","hash":"<SHA-256 of the line up to here, as hexadecimal>"}
//
// where what is hashed ends before `,"hash":`. The first has 64 zeros for `previous`. Whoever
// changes or removes a line breaks the chain; whoever removes the last ones is found out by who has
// noted a later hash: each is in the process's log too.
//
// A line is on disk before Record returns. What a crash cut short was never answered: it is put
// aside as FILE.torn-N when the log is opened again, and that is an entry ("audit.torn"). One
// process at a time. Thread-safe.
class AuditLog : public AuditSink {
 public:
  // kDataLoss where the file holds a broken chain: nothing is added to it; kUnavailable where it
  // cannot be written, or another process has it. A file that is not there is made.
  static absl::StatusOr<std::unique_ptr<AuditLog>> Open(const std::string& path);
  ~AuditLog() override;

  // kInvalidArgument where a field has more than 4,096 bytes; kUnavailable where the disk takes
  // nothing, and the file is as before.
  absl::Status Record(const AuditEntry& entry) override ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  AuditLog(std::string path, int file) : path_(std::move(path)), file_(file) {}
  absl::Status PutTornAside(const std::string& torn);
  absl::Status Append(const AuditEntry& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string path_;
  const int file_;
  absl::Mutex mutex_;
  uint64_t entries_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string head_ ABSL_GUARDED_BY(mutex_);
};

struct AuditLine {
  uint64_t number = 0;
  AuditEntry entry;
  std::string hash;
};

// What a file holds.
struct AuditReading {
  // Whole lines, and the hash of the last.
  uint64_t entries = 0;
  std::string head;
  // What is wrong, "line N: …"; only of the first line whose chain is broken.
  std::vector<std::string> problems;
  // Bytes behind the last line break.
  std::string torn;
  // Up to there.
  uint64_t bytes = 0;
};

// Reads the whole file, and calls `visit`, which may be empty, with each line until one is broken.
// kUnavailable where it cannot be read.
absl::StatusOr<AuditReading> ReadAudit(const std::string& path,
                                       const std::function<void(const AuditLine&)>& visit);

}  // namespace ringfence::publish
