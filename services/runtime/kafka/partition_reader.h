#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "services/runtime/kafka/client.h"
#include "services/runtime/log/log.h"

namespace ringfence::runtime {

// Wakes who waits for records of any partition. Outlives the queues that it is told of by.
class ArrivalSignal {
 public:
  void Raise();
  uint64_t Count();
  // Until it was raised since `seen`, or the deadline.
  void Wait(uint64_t seen, absl::Time deadline);

 private:
  absl::Mutex mutex_;
  uint64_t count_ ABSL_GUARDED_BY(mutex_) = 0;
};

// Reads one partition of Kafka ahead from where it was last asked, through a queue of its own:
// librdkafka stops fetching while that holds as much as the options allow. Asking for another
// offset throws away what was fetched, and costs a few round trips. Thread-safe; one call at a
// time.
//
// It never gives a record below the offset that it was asked for, whatever the library delivers.
class PartitionReader {
 public:
  // `reader` fetches, `asker` asks for offsets; both must outlive it. `signal` is shared with the
  // library's threads.
  PartitionReader(const KafkaClient& reader, const KafkaClient& asker, TopicPartition partition,
                  std::chrono::milliseconds timeout, std::shared_ptr<ArrivalSignal> signal);
  ~PartitionReader();

  // As Log::Read.
  absl::StatusOr<std::vector<LogRecord>> Read(int64_t offset, size_t records_max, size_t bytes_max);
  // Whether a record at or above `offset` is known of; begins to read ahead from there.
  bool HasAt(int64_t offset);
  // Asks the broker.
  struct Bounds {
    int64_t start = 0;
    int64_t end = 0;
  };
  absl::StatusOr<Bounds> AskBounds();
  // As TimeIndex::OffsetAt.
  absl::StatusOr<int64_t> AskOffsetAt(core::Time time);
  // The partition has records below `end`: they were appended by this process.
  void Raise(int64_t end);
  // What was read ahead is to be fetched again.
  void Reset();

 private:
  absl::StatusOr<Bounds> AskBoundsLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Makes `offset` the next that is given; what lies beyond the end is not followed.
  absl::Status Follow(int64_t offset) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Assign(int64_t offset) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The reading client learns of the topic at once, where it would look about for new ones every
  // second. Without an answer it does so.
  void Introduce() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void LeaveQueue() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Unassign() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Takes over what the queue holds, up to a few. Does not wait.
  absl::Status Pull() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Take(const rd_kafka_message_t& message) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The next offset was below the start, or beyond the end where it had been before.
  absl::Status OutOfRange() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Nothing is to come for now.
  bool IsAtEnd() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::string Name() const;

  rd_kafka_t* const client_;
  rd_kafka_t* const asker_;
  const TopicPartition partition_;
  const std::chrono::milliseconds timeout_;
  const std::shared_ptr<ArrivalSignal> signal_;

  absl::Mutex mutex_;
  // Of what it was assigned last.
  QueueHandle queue_ ABSL_GUARDED_BY(mutex_);
  bool follows_ ABSL_GUARDED_BY(mutex_) = false;
  bool introduced_ ABSL_GUARDED_BY(mutex_) = false;
  // The next that is given, and the next that is taken from the queue.
  int64_t position_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  // Below it there is nothing from `position_` on: what was there was compacted, or is a mark of a
  // transaction.
  int64_t empty_below_ ABSL_GUARDED_BY(mutex_) = 0;
  // The library said that from `next_` on there is nothing up to its end, and offsets are missing
  // in between. It is asked anew before that is believed: after a leader has changed it may say so
  // of records that are there.
  bool doubts_end_ ABSL_GUARDED_BY(mutex_) = false;
  // From where on it was asked anew; -1 nowhere.
  int64_t asked_anew_ ABSL_GUARDED_BY(mutex_) = -1;
  std::deque<LogRecord> ahead_ ABSL_GUARDED_BY(mutex_);

  // Durable records are below it. Appends raise it while a read waits.
  std::atomic<int64_t> known_end_ = 0;
};

}  // namespace ringfence::runtime
