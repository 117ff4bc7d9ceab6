#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "pipelines/core/time.h"
#include "ringfence/console/v1/console.pb.h"
#include "services/publish/console/keeper.h"
#include "services/runtime/log/log.h"

namespace ringfence::publish {

// What partners send and what of it is rejected, read from their topics. Thread-safe.
class PartnerWatch {
 public:
  struct Options {
    // At most so many, the first by name.
    size_t partners_max = 200;
    // Of each partner's rejects the latest so many are counted by problem.
    size_t rejects_max = 2'000;
    // Nanoseconds since the Unix epoch, as the log's append times.
    std::function<core::Time()> clock;
  };

  // `log` must outlive it.
  PartnerWatch(const Options& options, runtime::Log& log) : options_(options), log_(log) {}

  // At most a second old, or twenty times what looking takes. An error of the log's.
  absl::StatusOr<std::shared_ptr<const console::v1::Partners>> Get();

 private:
  using Looked = absl::StatusOr<std::shared_ptr<const console::v1::Partners>>;
  // What was read at the end of a partition: nothing is read again before there is more.
  struct Latest {
    int64_t end = -1;
    core::Time append_time = 0;
    std::map<std::string, uint32_t> problems;
  };

  absl::StatusOr<console::v1::Partners> Look() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status AddReports(const std::string& topic, core::Time now,
                          console::v1::PartnerStatus& partner)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status AddRejects(const std::string& topic, core::Time now,
                          console::v1::PartnerStatus& partner)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status ReadProblems(const runtime::TopicPartition& from, int64_t start, int64_t end,
                            std::map<std::string, uint32_t>& problems) const;

  const Options options_;
  runtime::Log& log_;

  Keeper<int, Looked> kept_{1};
  // One looks at a time.
  absl::Mutex mutex_;
  std::map<runtime::TopicPartition, Latest> latest_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ringfence::publish
