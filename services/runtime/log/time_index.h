#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "pipelines/core/time.h"
#include "services/runtime/log/log.h"

namespace ringfence::runtime {

// What a log is too that knows by itself where a time begins in a partition. Thread-safe.
class TimeIndex {
 public:
  virtual ~TimeIndex() = default;

  // The first offset that was appended at `time` or later; the end where none was. Errors as of the
  // log.
  virtual absl::StatusOr<int64_t> OffsetAt(const TopicPartition& partition, core::Time time) = 0;
};

// The same of any log: one that is no TimeIndex is searched, by reading one record for each
// doubling of their number.
absl::StatusOr<int64_t> OffsetAt(Log& log, const TopicPartition& partition, core::Time time);

}  // namespace ringfence::runtime
