#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "pipelines/campaigns/record_testing.h"
#include "services/runtime/log/log.h"

namespace ringfence::publish {

// A compacted `indicators` in memory, as hard as a log may be: only the last record of a key is
// there. Reads can be told to fail and where to end, and so can the asking for the end.
class MemoryLog : public runtime::Log {
 public:
  explicit MemoryLog(int32_t partitions, std::string incarnation = "memory")
      : incarnation_(std::move(incarnation)), partitions_(static_cast<size_t>(partitions)) {}

  // The record, behind that of its label if it has one; its offset. `append_time` is
  // campaigns::kNow unless it was told another.
  int64_t Append(int32_t partition, const internal::v1::IndicatorRecord& record) {
    int64_t offset = 0;
    for (const campaigns::Written& written : campaigns::AsWritten(record))
      offset = AppendBytes(partition, written.key, written.value);
    return offset;
  }
  int64_t AppendBytes(int32_t partition, const std::string& key, const std::string& value) {
    absl::MutexLock lock(&mutex_);
    Partition& to = partitions_.at(static_cast<size_t>(partition));
    auto [last, inserted] = to.last.try_emplace(key, to.end);
    if (!inserted) to.records.erase(last->second);
    last->second = to.end;
    to.records[to.end] = {to.end, now_, key, value};
    return to.end++;
  }
  void SetNow(core::Time now) {
    absl::MutexLock lock(&mutex_);
    now_ = now;
  }
  // As if what is below had been removed.
  void BeginAt(int32_t partition, int64_t offset) {
    absl::MutexLock lock(&mutex_);
    Partition& of = partitions_.at(static_cast<size_t>(partition));
    of.start = offset;
    of.records.erase(of.records.begin(), of.records.lower_bound(offset));
  }
  // Readers get nothing at or above this offset until it is raised.
  void HoldReadsAt(int64_t offset) {
    absl::MutexLock lock(&mutex_);
    readable_until_ = offset;
  }
  void ReleaseReads() { HoldReadsAt(std::numeric_limits<int64_t>::max()); }
  void FailReads(absl::StatusCode code) {
    absl::MutexLock lock(&mutex_);
    for (Partition& partition : partitions_) partition.read_code = code;
  }
  void FailReadsOf(int32_t partition, absl::StatusCode code) {
    absl::MutexLock lock(&mutex_);
    partitions_.at(static_cast<size_t>(partition)).read_code = code;
  }
  // EndOffset fails.
  void FailEnds(absl::StatusCode code) {
    absl::MutexLock lock(&mutex_);
    ends_code_ = code;
  }
  // EndOffset does not return until it is released, as where a broker does not answer.
  void HoldEnds(bool hold) {
    absl::MutexLock lock(&mutex_);
    ends_are_held_ = hold;
  }

  absl::Status CreateTopic(const std::string&, const runtime::TopicOptions&) override {
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<std::string>> Topics(std::string_view) override {
    return std::vector<std::string>{std::string(runtime::kIndicatorsTopic)};
  }
  absl::StatusOr<int32_t> Partitions(const std::string& topic) override {
    if (topic != runtime::kIndicatorsTopic) return absl::NotFoundError("no topic");
    return static_cast<int32_t>(partitions_.size());
  }
  absl::StatusOr<std::vector<int64_t>> Append(std::vector<runtime::AppendRecord> records) override {
    std::vector<int64_t> offsets;
    for (const runtime::AppendRecord& record : records)
      offsets.push_back(AppendBytes(record.to.partition, record.key, record.value));
    return offsets;
  }
  absl::StatusOr<std::vector<runtime::LogRecord>> Read(const runtime::TopicPartition& from,
                                                       int64_t offset, size_t records_max,
                                                       size_t) override {
    absl::MutexLock lock(&mutex_);
    const Partition& of = partitions_.at(static_cast<size_t>(from.partition));
    if (of.read_code != absl::StatusCode::kOk) return absl::Status(of.read_code, "told to fail");
    if (offset < of.start) return absl::OutOfRangeError("gone");
    std::vector<runtime::LogRecord> records;
    for (auto it = of.records.lower_bound(offset);
         it != of.records.end() && it->first < readable_until_ && records.size() < records_max;
         ++it) {
      records.push_back(it->second);
    }
    return records;
  }
  absl::StatusOr<int64_t> EndOffset(const runtime::TopicPartition& partition) override {
    const auto is_released = [this]()
                                 ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !ends_are_held_; };
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&is_released));
    if (ends_code_ != absl::StatusCode::kOk) return absl::Status(ends_code_, "told to fail");
    return partitions_.at(static_cast<size_t>(partition.partition)).end;
  }
  absl::StatusOr<int64_t> StartOffset(const runtime::TopicPartition& partition) override {
    absl::MutexLock lock(&mutex_);
    return partitions_.at(static_cast<size_t>(partition.partition)).start;
  }
  bool WaitForAny(std::span<const Position> positions, std::chrono::milliseconds timeout) override {
    const auto has_any = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return std::any_of(positions.begin(), positions.end(), [&](const Position& position) {
        const int64_t end = partitions_.at(static_cast<size_t>(position.partition.partition)).end;
        return std::min(end, readable_until_) > position.offset;
      });
    };
    absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(&has_any), absl::FromChrono(timeout));
  }
  absl::Status Commit(const std::string&, const runtime::TopicPartition& partition,
                      int64_t offset) override {
    absl::MutexLock lock(&mutex_);
    committed_[partition.partition] = offset;
    return absl::OkStatus();
  }
  absl::StatusOr<std::optional<int64_t>> Committed(
      const std::string&, const runtime::TopicPartition& partition) override {
    absl::MutexLock lock(&mutex_);
    auto found = committed_.find(partition.partition);
    return found == committed_.end() ? std::nullopt : std::optional(found->second);
  }
  std::string Incarnation() const override { return incarnation_; }

 private:
  struct Partition {
    int64_t start = 0;
    int64_t end = 0;
    absl::StatusCode read_code = absl::StatusCode::kOk;
    std::map<int64_t, runtime::LogRecord> records;
    std::map<std::string, int64_t> last;
  };

  const std::string incarnation_;
  absl::Mutex mutex_;
  std::vector<Partition> partitions_;
  std::map<int32_t, int64_t> committed_;
  core::Time now_ = campaigns::kNow;
  absl::StatusCode ends_code_ = absl::StatusCode::kOk;
  bool ends_are_held_ = false;
  int64_t readable_until_ = std::numeric_limits<int64_t>::max();
};

}  // namespace ringfence::publish
