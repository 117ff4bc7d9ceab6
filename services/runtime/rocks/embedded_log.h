#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "services/runtime/log/log.h"
#include "services/runtime/rocks/memory.h"

namespace ringfence::runtime {

// The log of a single machine, on RocksDB with its write-ahead log. Concurrent appends are gathered
// by the first of them and written with one sync. Records of compacted topics are replaced as soon
// as a later one of their key is there.
class EmbeddedLog : public Log {
 public:
  struct Options {
    std::string dir;
    // Gives the append times; those of a partition never go back.
    std::function<core::Time()> clock;
    std::shared_ptr<RocksMemory> memory;
    // With less free space than this nothing is appended (kResourceExhausted).
    uint64_t reserve_bytes = uint64_t{256} << 20;
    // Of the latest records of each partition that are kept in memory for their readers.
    size_t tail_bytes_max = size_t{4} << 20;
  };

  static absl::StatusOr<std::unique_ptr<EmbeddedLog>> Open(const Options& options);
  ~EmbeddedLog() override;

  absl::Status CreateTopic(const std::string& topic, const TopicOptions& options) override;
  absl::StatusOr<std::vector<std::string>> Topics(std::string_view prefix) override;
  absl::StatusOr<int32_t> Partitions(const std::string& topic) override;
  absl::StatusOr<std::vector<int64_t>> Append(std::vector<AppendRecord> records) override;
  absl::StatusOr<std::vector<LogRecord>> Read(const TopicPartition& from, int64_t offset,
                                              size_t records_max, size_t bytes_max) override;
  absl::StatusOr<int64_t> EndOffset(const TopicPartition& partition) override;
  absl::StatusOr<int64_t> StartOffset(const TopicPartition& partition) override;
  bool WaitForAny(std::span<const Position> positions, std::chrono::milliseconds timeout) override;
  absl::Status Commit(const std::string& reader, const TopicPartition& partition,
                      int64_t offset) override;
  absl::StatusOr<std::optional<int64_t>> Committed(const std::string& reader,
                                                   const TopicPartition& partition) override;
  std::string Incarnation() const override;

  // Removes records that are older than their topic's retention and below every committed position
  // of their partition. To be called now and then.
  absl::Status ApplyRetention();

 private:
  class Impl;
  explicit EmbeddedLog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ringfence::runtime
