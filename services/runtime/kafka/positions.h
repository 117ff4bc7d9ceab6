#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/runtime/kafka/client.h"
#include "services/runtime/kafka/kafka_options.h"
#include "services/runtime/log/log.h"

namespace ringfence::runtime {

// Readers' positions as committed offsets of consumer groups, one group a reader, which tools that
// show lag know. Commits are written about every second by a thread, and at the end. Groups have no
// members: who owns partitions is decided elsewhere. Thread-safe.
//
// Each group has a client of its own, made when it is first asked for. The admin API would do with
// one for all, but in librdkafka up to 2.x it ends the process where a group's coordinator moves
// while it is asked (confluentinc/librdkafka#3663, #4605).
class KafkaPositions {
 public:
  // Options as KafkaLog's.
  explicit KafkaPositions(const KafkaOptions& options);
  // Takes the close timeout at most twice.
  ~KafkaPositions();

  void Commit(const std::string& group, const TopicPartition& partition, int64_t offset);
  absl::StatusOr<std::optional<int64_t>> Committed(const std::string& group,
                                                   const TopicPartition& partition);

 private:
  using Offsets = std::map<TopicPartition, int64_t>;

  void Run(const std::stop_token& stop);
  absl::StatusOr<rd_kafka_t*> ClientOf(const std::string& group) ABSL_LOCKS_EXCLUDED(mutex_);
  // What cannot be written is tried again with the next.
  absl::Status WriteAll(std::chrono::milliseconds timeout);
  absl::Status Write(const std::string& group, const Offsets& offsets,
                     std::chrono::milliseconds timeout);
  void Finish(const std::string& group, bool written);

  const KafkaOptions options_;
  absl::Mutex mutex_;
  std::map<std::string, std::unique_ptr<KafkaClient>> clients_ ABSL_GUARDED_BY(mutex_);
  // By group: what is to be written, and what the thread is writing. What is written is asked for:
  // partitions move between processes.
  std::map<std::string, Offsets> unwritten_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Offsets> writing_ ABSL_GUARDED_BY(mutex_);
  std::jthread writer_;
};

}  // namespace ringfence::runtime
