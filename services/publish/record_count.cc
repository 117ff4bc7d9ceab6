#include "services/publish/record_count.h"

#include <algorithm>

#include "services/runtime/log/time_index.h"

namespace ringfence::publish {

absl::StatusOr<uint64_t> CountRecords(runtime::Log& log, const std::string& partner,
                                      core::Time from, core::Time until) {
  const std::string topic = std::string(runtime::kReportsPrefix) + partner;
  const absl::StatusOr<int32_t> partitions = log.Partitions(topic);
  if (!partitions.ok()) return partitions.status();
  uint64_t count = 0;
  for (int32_t p = 0; p < *partitions; ++p) {
    const absl::StatusOr<int64_t> first = runtime::OffsetAt(log, {topic, p}, from);
    if (!first.ok()) return first.status();
    const absl::StatusOr<int64_t> end = runtime::OffsetAt(log, {topic, p}, until);
    if (!end.ok()) return end.status();
    // Retention may have moved the start in between.
    count += static_cast<uint64_t>(std::max(int64_t{0}, *end - *first));
  }
  return count;
}

}  // namespace ringfence::publish
