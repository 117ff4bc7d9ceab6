#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ringfence/internal/v1/mailbox.pb.h"
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
// It goes through them in passes, each up to where the partition ended when the pass began. What
// the stage answers stands behind all of a pass, so that a key is asked about once a pass, however
// often it was written: again only where the record is of an earlier place than was asked about,
// for then the answer may have been that nothing is to be written. Else each of many records of a
// key would bring another one, for the next owner to ask about.
//
// It begins where the last owner was (reader "recheck"). Owned by one thread.
class ForeignRecords {
 public:
  // In one call of TakeRechecks.
  static constexpr size_t kRecordsMax = 500;
  static constexpr size_t kBytesMax = size_t{2} << 20;
  static constexpr size_t kReadsMax = 8;
  // Keys that are remembered in a pass, of a hundred bytes or so; further ones may be asked about
  // more than once.
  static constexpr size_t kAskedMax = 200'000;

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
  // By key: the last of what was read together.
  using Rechecks = std::map<std::string, internal::v1::Recheck>;

  ForeignRecords(const TopicPartition& mailbox, uint32_t partition, Log& log, Metrics& metrics,
                 std::chrono::milliseconds look_every);
  // Adds one to `rechecks` where the record calls for it.
  void Look(const LogRecord& record, Rechecks& rechecks) const;
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
  int64_t pass_end_ = 0;
  // What has been asked about in this pass, and the least place of its records; what was taken last
  // comes here once it is in the log.
  absl::flat_hash_map<std::string, uint64_t> asked_;
  std::vector<std::pair<std::string, uint64_t>> taken_;
  // What it appended at or above `checked_`: [first, last), ascending.
  std::deque<std::pair<int64_t, int64_t>> own_;
};

}  // namespace ringfence::runtime
