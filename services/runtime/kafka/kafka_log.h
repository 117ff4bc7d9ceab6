#pragma once

#include <memory>
#include <string>
#include <vector>

#include "services/runtime/kafka/kafka_options.h"
#include "services/runtime/log/log.h"
#include "services/runtime/log/time_index.h"
#include "services/runtime/metrics.h"

namespace ringfence::runtime {

// The log on a Kafka cluster, for services that run on several machines.
//
// Kept as everywhere: an append is acknowledged once it would survive a crash of the machine, which
// takes a replication factor of 3 and min.insync.replicas of 2; an append's records of one
// partition are in order; only durable records are read.
//
// Other than in the embedded log:
// - An append that failed may be there in part; the same records again come with other offsets.
//   Who sends to stages may do that: receivers know records by their versions.
// - Where a broker fails or leads no more while an append is under way, its records may be there
//   twice, the second time again in order: librdkafka raises its producer's epoch when any message
//   times out, or comes before one that failed, and sends what was unanswered anew, which brokers
//   then cannot know (confluentinc/librdkafka#4953). It ends before the append does.
// - Kafka removes records by its own retention, whatever was committed. What a position needs and
//   is gone is kOutOfRange.
// - Append times are milliseconds of the brokers' clocks, and may go back where a partition's
//   leader changes.
// - Positions are committed offsets of the group <prefix>ringfence.<reader>, written about every
//   second, and may be older after a crash.
// - Reading a partition alternately at far offsets is slow: one place of each is read ahead.
// - What is appended by others is seen a moment after they know of it.
//
// Calls wait for the brokers, at most about the timeouts of the options: then kUnavailable.
class KafkaLog : public Log, public TimeIndex {
 public:
  // `metrics` may be null, and must outlive it. kUnavailable where no broker answers,
  // kInvalidArgument where the options are wrong.
  static absl::StatusOr<std::unique_ptr<KafkaLog>> Open(const KafkaOptions& options,
                                                        Metrics* metrics);
  // Nobody may be in a call. Commits the last positions; takes the close timeout at most five
  // times.
  ~KafkaLog() override;

  absl::Status CreateTopic(const std::string& topic, const TopicOptions& options) override;
  absl::StatusOr<std::vector<std::string>> Topics(std::string_view prefix) override;
  absl::StatusOr<int32_t> Partitions(const std::string& topic) override;
  absl::StatusOr<std::vector<int64_t>> Append(std::vector<AppendRecord> records) override;
  absl::StatusOr<std::vector<LogRecord>> Read(const TopicPartition& from, int64_t offset,
                                              size_t records_max, size_t bytes_max) override;
  absl::StatusOr<int64_t> EndOffset(const TopicPartition& partition) override;
  absl::StatusOr<int64_t> StartOffset(const TopicPartition& partition) override;
  // Asks the broker.
  absl::StatusOr<int64_t> OffsetAt(const TopicPartition& partition, core::Time time) override;
  bool WaitForAny(std::span<const Position> positions, std::chrono::milliseconds timeout) override;
  absl::Status Commit(const std::string& reader, const TopicPartition& partition,
                      int64_t offset) override;
  absl::StatusOr<std::optional<int64_t>> Committed(const std::string& reader,
                                                   const TopicPartition& partition) override;
  // The cluster's id, and a number that is made anew when topics are (see incarnation.h): as of the
  // last CreateTopic of a mailbox or `indicators`, which has to come before it is used.
  std::string Incarnation() const override;

  // As after a fatal error of the producer, for tests.
  absl::Status BreakProducerForTest();

 private:
  class Impl;
  explicit KafkaLog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ringfence::runtime
