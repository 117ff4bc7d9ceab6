#pragma once

#include <chrono>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "pipelines/core/id.h"
#include "pipelines/core/time.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::intake_service {

// Echoes: a partner that takes the set and then reports an indicator of it without a victim of its
// own (no token of a victim's, no payment) does not confirm it. Decided once, by what is known when
// the report is taken; the decision travels with the report. Thread-safe.
class Echoes {
 public:
  // Names of the consumers that have taken the set, as they call themselves.
  using Consumers = std::function<std::set<std::string>()>;
  // Has it been in the set, above MONITOR, since before `time`?
  using ListedBefore = std::function<bool(const core::Id& identifier, core::Time time)>;

  explicit Echoes(ListedBefore listed_before) : listed_before_(std::move(listed_before)) {}

  // From now on; without, nobody takes the set. Asked at most every few seconds.
  void set_consumers(Consumers consumers) ABSL_LOCKS_EXCLUDED(mutex_);

  // Marks the identifiers of the report that are echoes.
  void Mark(core::Time arrival, internal::v1::ReportRevision& revision);

 private:
  bool Receives(std::string_view partner) ABSL_LOCKS_EXCLUDED(mutex_);

  const ListedBefore listed_before_;
  absl::Mutex mutex_;
  Consumers consumers_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> names_ ABSL_GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point asked_at_ ABSL_GUARDED_BY(mutex_);
};

// A consumer is a partner's where its name is the partner's, alone or before '/', ':' or '.':
// "harbour-bank/edge-1".
bool IsConsumerOf(std::string_view consumer, std::string_view partner);

}  // namespace ringfence::intake_service
