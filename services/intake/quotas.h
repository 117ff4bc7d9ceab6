#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"
#include "pipelines/core/id.h"
#include "pipelines/core/time.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::intake_service {

// Quotas against floods: how many reports, and how many different identifiers that are not known
// yet, a partner may send in an hour. Hours are those of the reports' arrival, so that a backlog
// that is caught up with is judged as it came. Retractions are never beyond a quota.
//
// Of a process: each counts what it takes. Kept in memory alone: after a restart an hour begins
// anew. Memory: 8 bytes for each identifier up to the quota, of two hours of each partner.
// Thread-safe.
class Quotas {
 public:
  struct Limits {
    // 0: as many as come.
    uint64_t reports = 0;
    uint64_t new_identifiers = 0;
  };
  struct Options {
    Limits limits;
    // Is it in the set? Null: no identifier is known.
    std::function<bool(const core::Id& identifier)> is_known = nullptr;
  };
  explicit Quotas(Options options) : options_(std::move(options)) {}

  // What one report has used up.
  struct Counted {
    std::string partner;
    int64_t hour = 0;
    std::vector<uint64_t> identifiers;
    // The report is beyond its partner's quota.
    bool beyond = false;
  };
  // nullopt where there is no quota, or none for the report.
  std::optional<Counted> Count(const internal::v1::ReportRevision& revision, core::Time arrival)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Of a report that is taken again, since what came of it did not get into the log.
  void Undo(const Counted& counted) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Hour {
    int64_t number = -1;
    uint64_t reports = 0;
    absl::flat_hash_set<uint64_t> identifiers;
  };
  // An hour and the one before: partitions are not read in step.
  using Hours = std::array<Hour, 2>;

  // Takes those that are new into the hour; true where there is no room for one.
  bool TakeIdentifiers(const internal::v1::ReportRevision& revision, Hour& hour,
                       std::vector<uint64_t>& taken) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, Hours> partners_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ringfence::intake_service
