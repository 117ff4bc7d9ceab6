#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "services/runtime/log/log.h"
#include "services/runtime/rocks/memory.h"

namespace ringfence::runtime {

// The log of a single machine, on RocksDB with its write-ahead log. Records of compacted topics are
// replaced as soon as a later one of their key is there; readers that are at the end may still see
// those that were replaced.
//
// Appends that come while another is being written are written together with one sync, by the first
// of them; so offsets become visible in order and without gaps. An append fails as a whole, with
// kResourceExhausted while less than the reserve is free on the disk. After an error of the disk
// the log opens its database again by itself, with the next append that finds room; until then
// it is read only, from memory. An append that failed may nevertheless be there after that or after
// a crash.
class EmbeddedLog : public Log {
 public:
  struct Options {
    std::string dir;
    // Gives the append times; those of a partition never go back. Any thread calls it.
    std::function<core::Time()> clock;
    std::shared_ptr<RocksMemory> memory;
    // With less free space than this nothing is appended. What is in memory has to find room there
    // too, and RocksDB while it rearranges files.
    uint64_t reserve_bytes = uint64_t{256} << 20;
    // Where there is one, what retention removes is safe from a `clock` that is ahead for a while:
    // a time more than an hour ahead of the last append, and of what has passed since by this, is
    // believed once it has been so for a day. Null: `clock` is believed.
    std::function<core::Time()> steady = nullptr;
    // Of topics `reports.`, those that are there already too. Unset: as each was made.
    std::optional<std::chrono::hours> report_retention = std::nullopt;
    // Of the latest records, of all partitions, that are kept in memory for their readers.
    size_t tail_bytes_max = size_t{32} << 20;
  };

  // kFailedPrecondition if another process has it open.
  static absl::StatusOr<std::unique_ptr<EmbeddedLog>> Open(const Options& options);
  // Nobody may be in a call.
  ~EmbeddedLog() override;

  // kInvalidArgument for names that Kafka would not take, and without partitions.
  absl::Status CreateTopic(const std::string& topic, const TopicOptions& options) override;
  absl::StatusOr<std::vector<std::string>> Topics(std::string_view prefix) override;
  absl::StatusOr<int32_t> Partitions(const std::string& topic) override;
  absl::StatusOr<std::vector<int64_t>> Append(std::vector<AppendRecord> records) override;
  absl::StatusOr<std::vector<LogRecord>> Read(const TopicPartition& from, int64_t offset,
                                              size_t records_max, size_t bytes_max) override;
  absl::StatusOr<int64_t> EndOffset(const TopicPartition& partition) override;
  // 0 in a compacted topic.
  absl::StatusOr<int64_t> StartOffset(const TopicPartition& partition) override;
  bool WaitForAny(std::span<const Position> positions, std::chrono::milliseconds timeout) override;
  // Reaches the disk with the next append, retention or orderly end.
  absl::Status Commit(const std::string& reader, const TopicPartition& partition,
                      int64_t offset) override;
  absl::StatusOr<std::optional<int64_t>> Committed(const std::string& reader,
                                                   const TopicPartition& partition) override;
  std::string Incarnation() const override;

  // Removes what is older than its topic's retention: records below every committed position of
  // their partition (none where nobody has committed any; in `rejects.` topics, which are read
  // from outside, all), and removals in compacted topics. The last record of a partition stays. To
  // be called now and then; does not hold up appends.
  absl::Status ApplyRetention();

 private:
  class Impl;
  explicit EmbeddedLog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ringfence::runtime
