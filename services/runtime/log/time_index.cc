#include "services/runtime/log/time_index.h"

#include <algorithm>

namespace ringfence::runtime {

absl::StatusOr<int64_t> OffsetAt(Log& log, const TopicPartition& partition, core::Time time) {
  if (auto* const index = dynamic_cast<TimeIndex*>(&log)) return index->OffsetAt(partition, time);
  const absl::StatusOr<int64_t> end = log.EndOffset(partition);
  if (!end.ok()) return end.status();
  const absl::StatusOr<int64_t> start = log.StartOffset(partition);
  if (!start.ok()) return start.status();
  int64_t low = *start;
  int64_t high = *end;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    const absl::StatusOr<std::vector<LogRecord>> records = log.Read(partition, middle, 1, 1);
    if (!records.ok()) return records.status();
    if (records->empty() || records->front().append_time >= time) {
      high = middle;
    } else {
      low = records->front().offset + 1;
    }
  }
  return std::min(low, *end);
}

}  // namespace ringfence::runtime
