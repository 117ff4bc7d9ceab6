#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "pipelines/campaigns/tables.h"
#include "pipelines/core/time.h"
#include "services/publish/cursor.h"
#include "services/publish/filter.h"

namespace ringfence::publish {

// A change that took something away from somebody: the end of an indicator, a lower action or
// score, a stricter level, a new epoch.
struct Revocation {
  int32_t partition = 0;
  int64_t offset = 0;
  // Of the record that says it.
  core::Time append_time = 0;
  v1::IdentifierType type = v1::IDENTIFIER_TYPE_UNSPECIFIED;
  campaigns::Listed before;
  // Nothing: it is gone.
  std::optional<campaigns::Listed> after;

  static bool Is(const campaigns::Listed& before, const std::optional<campaigns::Listed>& after);
  // Must one with this filter, who holds what was before, take it out of his set?
  bool Concerns(const Filter& filter) const;
};

// The latest revocations of each partition, in the log's order. Thread-safe.
class Revocations {
 public:
  // Of each partition at most `each_max` are kept.
  Revocations(size_t partitions, size_t each_max)
      : each_max_(each_max), partitions_(partitions), gone_before_(partitions, 0) {}

  // What stands before is not known here.
  void BeginAt(int32_t partition, int64_t offset) ABSL_LOCKS_EXCLUDED(mutex_);
  void Push(const Revocation& revocation) ABSL_LOCKS_EXCLUDED(mutex_);
  // Those that stand at or behind `from` and before `until`, as far as they are still kept. `visit`
  // must not call this.
  void Visit(const Offsets& from, const Offsets& until,
             const std::function<void(const Revocation&)>& visit) const ABSL_LOCKS_EXCLUDED(mutex_);
  // Are all behind `from` still kept?
  bool Reach(const Offsets& from) const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  const size_t each_max_;
  mutable absl::Mutex mutex_;
  std::vector<std::deque<Revocation>> partitions_ ABSL_GUARDED_BY(mutex_);
  // Below these offsets some are not kept any more.
  Offsets gone_before_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ringfence::publish
