#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/runtime/log/log.h"
#include "services/runtime/metrics.h"

namespace ringfence::runtime {

// What others have written to the partition of `indicators` of which this process owns the stage. A
// former owner that was paused, or whose sends were under way, can leave an older version of an
// identifier last in the compacted topic, even over a removal. So each key that somebody else wrote
// is asked about in the stage's own mailbox (Recheck): the stage, which has by then applied all
// that the record could come from, writes it again where it knows a later version. What this owner
// appended itself, it knows by its offsets, and does not read.
//
// It begins where the last owner was (reader "recheck"). Owned by one thread.
class ForeignRecords {
 public:
  // In one call of TakeRechecks.
  static constexpr size_t kRecordsMax = 500;
  static constexpr size_t kBytesMax = size_t{2} << 20;

  // How often it looks for records of others while there are none.
  static constexpr std::chrono::milliseconds kLookEvery{500};

  // `log` and `metrics` must outlive it.
  static absl::StatusOr<std::unique_ptr<ForeignRecords>> Open(
      const TopicPartition& mailbox, uint32_t partition, Log& log, Metrics& metrics,
      std::chrono::milliseconds look_every = kLookEvery);

  // Adds rechecks for the next records of others, if there are any.
  absl::Status TakeRechecks(std::vector<AppendRecord>& sent);
  // `sent` is in the log: its own records of `indicators` need no recheck, and what TakeRechecks
  // added is done. Not called where the append failed; then the same are taken again.
  void Appended(const std::vector<AppendRecord>& sent, const std::vector<int64_t>& offsets);
  absl::Status Commit();

 private:
  ForeignRecords(const TopicPartition& mailbox, uint32_t partition, Log& log, Metrics& metrics,
                 std::chrono::milliseconds look_every);
  // Beyond what it appended itself.
  void SkipOwn();
  bool IsOwn(int64_t offset) const;

  const TopicPartition mailbox_;
  const TopicPartition indicators_;
  const uint32_t partition_;
  Log& log_;
  Metrics& metrics_;
  const std::chrono::milliseconds look_every_;
  std::chrono::steady_clock::time_point looked_at_;
  // All before it has been rechecked, or is its own.
  int64_t checked_ = 0;
  // `checked_` once what was taken last is in the log.
  int64_t taken_until_ = 0;
  // What it appended at or above `checked_`: [first, last), ascending.
  std::deque<std::pair<int64_t, int64_t>> own_;
};

}  // namespace ringfence::runtime
