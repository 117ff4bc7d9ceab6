#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "pipelines/core/time.h"
#include "ringfence/console/v1/console.pb.h"
#include "services/runtime/log/log.h"

namespace ringfence::publish {

// What partners send and what of it is rejected, read from their topics. For a log whose records
// can be read anywhere at little cost: times are sought in it. Thread-safe.
class PartnerWatch {
 public:
  struct Options {
    // At most so many, the first by name.
    size_t partners_max = 200;
    // Of each partner's rejects the latest so many are counted by problem.
    size_t rejects_max = 2'000;
    std::chrono::milliseconds keep{5'000};
    // Nanoseconds since the Unix epoch, as the log's append times.
    std::function<core::Time()> clock;
  };

  // `log` must outlive it.
  PartnerWatch(const Options& options, runtime::Log& log) : options_(options), log_(log) {}

  // May be as old as Options::keep. An error of the log's.
  absl::StatusOr<std::shared_ptr<const console::v1::Partners>> Get() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  absl::StatusOr<console::v1::Partners> Look() const;
  absl::Status AddReports(const std::string& topic, core::Time now,
                          console::v1::PartnerStatus& partner) const;
  absl::Status AddRejects(const std::string& topic, core::Time now,
                          console::v1::PartnerStatus& partner) const;
  // The first offset from `start` on that was appended at `time` or later; `end` where none was.
  absl::StatusOr<int64_t> OffsetAt(const runtime::TopicPartition& from, core::Time time,
                                   int64_t start, int64_t end) const;

  const Options options_;
  runtime::Log& log_;

  absl::Mutex mutex_;
  std::shared_ptr<const console::v1::Partners> kept_ ABSL_GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point due_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ringfence::publish
