#pragma once

#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "services/runtime/log/log.h"

namespace ringfence::subscribers {

// One replica's view of a log that several share: it can be told to see nothing from some offset of
// a partition on. `log` must outlive it.
class ReplicaLog : public runtime::Log {
 public:
  explicit ReplicaLog(runtime::Log& log) : log_(log) {}

  // Nothing at or above these offsets is read, until it is released. As if it were far behind.
  void HoldAt(std::vector<int64_t> offsets) {
    const absl::MutexLock lock(&mutex_);
    held_at_ = std::move(offsets);
  }
  void Release() { HoldAt({}); }
  bool IsHeld() const {
    const absl::MutexLock lock(&mutex_);
    return !held_at_.empty();
  }

  absl::Status CreateTopic(const std::string& topic,
                           const runtime::TopicOptions& options) override {
    return log_.CreateTopic(topic, options);
  }
  absl::StatusOr<std::vector<std::string>> Topics(std::string_view prefix) override {
    return log_.Topics(prefix);
  }
  absl::StatusOr<int32_t> Partitions(const std::string& topic) override {
    return log_.Partitions(topic);
  }
  absl::StatusOr<std::vector<int64_t>> Append(std::vector<runtime::AppendRecord> records) override {
    return log_.Append(std::move(records));
  }
  absl::StatusOr<std::vector<runtime::LogRecord>> Read(const runtime::TopicPartition& from,
                                                       int64_t offset, size_t records_max,
                                                       size_t bytes_max) override {
    auto records = log_.Read(from, offset, records_max, bytes_max);
    const absl::MutexLock lock(&mutex_);
    if (!records.ok() || held_at_.empty()) return records;
    const int64_t end = held_at_[static_cast<size_t>(from.partition)];
    while (!records->empty() && records->back().offset >= end) records->pop_back();
    return records;
  }
  absl::StatusOr<int64_t> EndOffset(const runtime::TopicPartition& partition) override {
    return log_.EndOffset(partition);
  }
  absl::StatusOr<int64_t> StartOffset(const runtime::TopicPartition& partition) override {
    return log_.StartOffset(partition);
  }
  bool WaitForAny(std::span<const Position> positions, std::chrono::milliseconds timeout) override {
    // A held replica looks again and again, and finds nothing.
    return log_.WaitForAny(positions, std::min(timeout, std::chrono::milliseconds(2)));
  }
  absl::Status Commit(const std::string& reader, const runtime::TopicPartition& partition,
                      int64_t offset) override {
    return log_.Commit(reader, partition, offset);
  }
  absl::StatusOr<std::optional<int64_t>> Committed(
      const std::string& reader, const runtime::TopicPartition& partition) override {
    return log_.Committed(reader, partition);
  }
  std::string Incarnation() const override { return log_.Incarnation(); }

 private:
  runtime::Log& log_;
  mutable absl::Mutex mutex_;
  std::vector<int64_t> held_at_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ringfence::subscribers
