#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "pipelines/core/id.h"
#include "pipelines/core/time.h"
#include "ringfence/internal/v1/mailbox.pb.h"
#include "services/runtime/log/log.h"

namespace ringfence::intake_service {

// What an intake in a process of its own knows of the set, from the log: what is listed, since when
// above MONITOR, and who takes it. Reads the topic of overrides; that of indicators, from its
// start, once somebody takes the set, or from the beginning where Options says so. Nothing of it is
// kept: 40 bytes of memory for each indicator.
//
// Thread-safe. One thread of its own, which ends with it.
class KnownSet {
 public:
  struct Options {
    // Even while nobody takes the set: quotas ask what is in it.
    bool needs_indicators = false;
    size_t records_max = 2'000;
    size_t bytes_max = size_t{8} << 20;
  };
  // `log` must outlive it. Topics that are not there yet are as if they were empty.
  KnownSet(const Options& options, runtime::Log& log);
  ~KnownSet();

  // It knows what the log held when it began to read: before, its answers miss something.
  bool is_complete() const ABSL_LOCKS_EXCLUDED(mutex_);
  bool Contains(const core::Id& identifier) const ABSL_LOCKS_EXCLUDED(mutex_);
  // Has it been in the set, above MONITOR, since before `time`?
  bool ListedBefore(const core::Id& identifier, core::Time time) const ABSL_LOCKS_EXCLUDED(mutex_);
  // Names of who takes the set, members of organisations too (WithMembers), and since when.
  std::map<std::string, core::Time> receivers() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // How far a partition has been read, and where it ended when that began.
  struct Input {
    runtime::TopicPartition partition;
    int64_t next = 0;
    int64_t end = 0;
  };

  void Run(const std::stop_token& stop);
  // True where there were any records.
  absl::StatusOr<bool> ReadOn();
  absl::Status Open(std::string_view topic, std::vector<Input>& inputs) const;
  absl::StatusOr<bool> Read(Input& input) ABSL_LOCKS_EXCLUDED(mutex_);
  void Take(const runtime::LogRecord& record, bool is_decision)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  runtime::Log& log_;
  // The thread's own.
  std::vector<Input> decisions_;
  std::vector<Input> indicators_;

  mutable absl::Mutex mutex_;
  bool complete_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<std::string, core::Time> receivers_ ABSL_GUARDED_BY(mutex_);
  internal::v1::Organisations organisations_ ABSL_GUARDED_BY(mutex_);
  // Since when above MONITOR; core::kTimeMax where it is not.
  absl::flat_hash_map<core::Id, core::Time> listed_ ABSL_GUARDED_BY(mutex_);
  std::jthread thread_;
};

}  // namespace ringfence::intake_service
