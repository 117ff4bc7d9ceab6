#pragma once

#include <atomic>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "services/runtime/log/log.h"

namespace ringfence::runtime {

// A log whose appends, reads and ends fail as long as a test wants them to, all or those of one
// topic. Thread-safe.
class FaultyLog : public Log {
 public:
  // `log` must outlive it.
  explicit FaultyLog(Log& log) : log_(log) {}

  // kOk: they work.
  void FailAppends(absl::StatusCode code) { append_code_ = code; }
  void FailReads(absl::StatusCode code) { read_code_ = code; }
  void FailEnds(absl::StatusCode code) { end_code_ = code; }
  // All that is asked of a topic, and appended to it. kNotFound: nor is it among the topics.
  void FailTopic(const std::string& topic, absl::StatusCode code) {
    absl::MutexLock lock(&mutex_);
    topics_[topic] = code;
  }
  // An append that fails is there nevertheless, as after a lost answer.
  void LoseAnswers(bool lose) { lose_answers_ = lose; }
  int failed() const { return failed_; }

  absl::Status CreateTopic(const std::string& topic, const TopicOptions& options) override {
    return log_.CreateTopic(topic, options);
  }
  absl::StatusOr<std::vector<std::string>> Topics(std::string_view prefix) override {
    absl::StatusOr<std::vector<std::string>> topics = log_.Topics(prefix);
    if (topics.ok()) {
      std::erase_if(*topics, [&](const auto& topic) { return absl::IsNotFound(Of(topic)); });
    }
    return topics;
  }
  absl::StatusOr<int32_t> Partitions(const std::string& topic) override {
    if (absl::IsNotFound(Of(topic))) return Of(topic);
    return log_.Partitions(topic);
  }
  absl::StatusOr<std::vector<int64_t>> Append(std::vector<AppendRecord> records) override {
    absl::StatusCode code = append_code_;
    for (const AppendRecord& record : records) {
      if (absl::Status status = Of(record.to.topic); !status.ok()) code = status.code();
    }
    if (code == absl::StatusCode::kOk) return log_.Append(std::move(records));
    ++failed_;
    if (lose_answers_) log_.Append(std::move(records)).status().IgnoreError();
    return absl::Status(code, "told to fail");
  }
  absl::StatusOr<std::vector<LogRecord>> Read(const TopicPartition& from, int64_t offset,
                                              size_t records_max, size_t bytes_max) override {
    const absl::Status topic = Of(from.topic);
    const absl::StatusCode code = topic.ok() ? read_code_.load() : topic.code();
    if (code == absl::StatusCode::kOk) return log_.Read(from, offset, records_max, bytes_max);
    ++failed_;
    return absl::Status(code, "told to fail");
  }
  absl::StatusOr<int64_t> EndOffset(const TopicPartition& partition) override {
    if (absl::Status status = Of(partition.topic); !status.ok()) return status;
    if (const absl::StatusCode code = end_code_; code != absl::StatusCode::kOk) {
      ++failed_;
      return absl::Status(code, "told to fail");
    }
    return log_.EndOffset(partition);
  }
  absl::StatusOr<int64_t> StartOffset(const TopicPartition& partition) override {
    if (absl::Status status = Of(partition.topic); !status.ok()) return status;
    return log_.StartOffset(partition);
  }
  bool WaitForAny(std::span<const Position> positions, std::chrono::milliseconds timeout) override {
    return log_.WaitForAny(positions, timeout);
  }
  absl::Status Commit(const std::string& reader, const TopicPartition& partition,
                      int64_t offset) override {
    return log_.Commit(reader, partition, offset);
  }
  absl::StatusOr<std::optional<int64_t>> Committed(const std::string& reader,
                                                   const TopicPartition& partition) override {
    return log_.Committed(reader, partition);
  }
  std::string Incarnation() const override { return log_.Incarnation(); }

 private:
  absl::Status Of(const std::string& topic) const {
    absl::MutexLock lock(&mutex_);
    const auto told = topics_.find(topic);
    if (told == topics_.end() || told->second == absl::StatusCode::kOk) return absl::OkStatus();
    return absl::Status(told->second, "told to fail");
  }

  Log& log_;
  mutable absl::Mutex mutex_;
  std::map<std::string, absl::StatusCode> topics_ ABSL_GUARDED_BY(mutex_);
  std::atomic<absl::StatusCode> append_code_{absl::StatusCode::kOk};
  std::atomic<absl::StatusCode> read_code_{absl::StatusCode::kOk};
  std::atomic<absl::StatusCode> end_code_{absl::StatusCode::kOk};
  std::atomic<bool> lose_answers_ = false;
  std::atomic<int> failed_ = 0;
};

}  // namespace ringfence::runtime
