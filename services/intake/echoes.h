#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
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
  // Names of who takes the set, and since when.
  using Receivers = std::function<std::map<std::string, core::Time>()>;
  // Has it been in the set, above MONITOR, since before `time`?
  using ListedBefore = std::function<bool(const core::Id& identifier, core::Time time)>;

  // `receivers` is asked at most every second. Both are called by who marks.
  Echoes(Receivers receivers, ListedBefore listed_before)
      : receivers_(std::move(receivers)), listed_before_(std::move(listed_before)) {}

  // Marks the identifiers of the report that are echoes; how many they are.
  size_t Mark(core::Time arrival, internal::v1::ReportRevision& revision)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  bool Receives(std::string_view partner, core::Time arrival) ABSL_LOCKS_EXCLUDED(mutex_);

  const Receivers receivers_;
  const ListedBefore listed_before_;
  absl::Mutex mutex_;
  std::map<std::string, core::Time> known_ ABSL_GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point asked_at_ ABSL_GUARDED_BY(mutex_);
};

// A receiver is a partner where its name is the partner's, alone or before '/', ':' or '.':
// "harbour-bank/edge-1".
bool IsReceiver(std::string_view receiver, std::string_view partner);

// Where an organisation takes the set, all its partners do.
std::map<std::string, core::Time> WithMembers(std::map<std::string, core::Time> receivers,
                                              const internal::v1::Organisations& organisations);

}  // namespace ringfence::intake_service
