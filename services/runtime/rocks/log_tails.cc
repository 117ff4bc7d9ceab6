#include "services/runtime/rocks/log_tails.h"

#include <utility>

namespace ringfence::runtime {
namespace {

size_t BytesOf(const LogRecord& record) {
  return record.key.size() + record.value.size() + sizeof(LogRecord);
}

}  // namespace

void LogTails::Push(const PartitionKey& partition, LogRecord record) {
  bytes_ += BytesOf(record);
  records_[partition].push_back(std::move(record));
  order_.push_back(partition);
  while (bytes_ > bytes_max_) {
    auto oldest = records_.find(order_.front());
    bytes_ -= BytesOf(oldest->second.front());
    oldest->second.pop_front();
    if (oldest->second.empty()) records_.erase(oldest);
    order_.pop_front();
  }
}

std::optional<std::vector<LogRecord>> LogTails::Read(const PartitionKey& partition, int64_t offset,
                                                     size_t records_max, size_t bytes_max) const {
  const auto found = records_.find(partition);
  if (found == records_.end()) return std::nullopt;
  const std::deque<LogRecord>& tail = found->second;
  if (offset < tail.front().offset) return std::nullopt;
  std::vector<LogRecord> read;
  size_t bytes = 0;
  // Offsets are consecutive.
  for (auto i = static_cast<size_t>(offset - tail.front().offset);
       i < tail.size() && read.size() < records_max; ++i) {
    bytes += tail[i].value.size();
    if (!read.empty() && bytes > bytes_max) break;
    read.push_back(tail[i]);
  }
  return read;
}

void LogTails::Clear() {
  records_.clear();
  order_.clear();
  bytes_ = 0;
}

}  // namespace ringfence::runtime
