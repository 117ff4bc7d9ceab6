#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/runtime/kafka/client.h"
#include "services/runtime/log/log.h"

namespace ringfence::runtime {

// Readers' positions as committed offsets of consumer groups, one group a reader, which tools that
// show lag know. Commits are written about every second by a thread, and at the end. Groups have no
// members: who owns partitions is decided elsewhere. Thread-safe.
class KafkaPositions {
 public:
  // `client` must outlive it. `end_timeout` bounds the last write.
  KafkaPositions(const KafkaClient& client, std::chrono::milliseconds timeout,
                 std::chrono::milliseconds end_timeout);
  ~KafkaPositions();

  void Commit(const std::string& group, const TopicPartition& partition, int64_t offset);
  absl::StatusOr<std::optional<int64_t>> Committed(const std::string& group,
                                                   const TopicPartition& partition);

 private:
  using Offsets = std::map<TopicPartition, int64_t>;

  void Run(const std::stop_token& stop);
  // What cannot be written is tried again with the next.
  absl::Status WriteAll(std::chrono::milliseconds timeout);
  absl::Status Write(const std::string& group, const Offsets& offsets,
                     std::chrono::milliseconds timeout);
  void Finish(const std::string& group, bool written);

  rd_kafka_t* const client_;
  const std::chrono::milliseconds timeout_;
  const std::chrono::milliseconds end_timeout_;
  absl::Mutex mutex_;
  // By group: what is to be written, and what the thread is writing. What is written is asked for:
  // partitions move between processes.
  std::map<std::string, Offsets> unwritten_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Offsets> writing_ ABSL_GUARDED_BY(mutex_);
  std::jthread writer_;
};

}  // namespace ringfence::runtime
