#include "services/runtime/foreign_records.h"

#include <algorithm>
#include <map>
#include <optional>

#include "pipelines/core/recheck.h"
#include "pipelines/core/stage.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::runtime {
namespace {

constexpr char kReader[] = "recheck";

}  // namespace

absl::StatusOr<std::unique_ptr<ForeignRecords>> ForeignRecords::Open(
    const TopicPartition& mailbox, uint32_t partition, Log& log, Metrics& metrics,
    std::chrono::milliseconds look_every) {
  std::unique_ptr<ForeignRecords> foreign(
      new ForeignRecords(mailbox, partition, log, metrics, look_every));
  const absl::StatusOr<std::optional<int64_t>> committed =
      log.Committed(kReader, foreign->indicators_);
  if (!committed.ok()) return committed.status();
  const absl::StatusOr<int64_t> start = log.StartOffset(foreign->indicators_);
  if (!start.ok()) return start.status();
  foreign->checked_ = std::max(committed->value_or(*start), *start);
  foreign->taken_until_ = foreign->checked_;
  return foreign;
}

ForeignRecords::ForeignRecords(const TopicPartition& mailbox, uint32_t partition, Log& log,
                               Metrics& metrics, std::chrono::milliseconds look_every)
    : mailbox_(mailbox),
      indicators_{std::string(kIndicatorsTopic), mailbox.partition},
      partition_(partition),
      log_(log),
      metrics_(metrics),
      look_every_(look_every) {}

absl::Status ForeignRecords::TakeRechecks(std::vector<AppendRecord>& sent) {
  SkipOwn();
  taken_until_ = checked_;
  const auto now = std::chrono::steady_clock::now();
  if (now - looked_at_ < look_every_) return absl::OkStatus();
  const absl::StatusOr<int64_t> end = log_.EndOffset(indicators_);
  if (!end.ok()) return end.status();
  if (checked_ >= *end) {
    looked_at_ = now;
    return absl::OkStatus();
  }
  const absl::StatusOr<std::vector<LogRecord>> records =
      log_.Read(indicators_, checked_, kRecordsMax, kBytesMax);
  if (!records.ok()) return records.status();
  // Of each key the last.
  std::map<std::string, internal::v1::Recheck> rechecks;
  for (const LogRecord& record : *records) {
    if (IsOwn(record.offset)) continue;
    if (std::optional<internal::v1::Recheck> recheck = core::RecheckOf(record.key, record.value)) {
      rechecks[record.key] = *std::move(recheck);
    }
  }
  taken_until_ = records->empty() ? *end : records->back().offset + 1;
  if (rechecks.empty()) {
    checked_ = taken_until_;
    return absl::OkStatus();
  }
  internal::v1::Envelope envelope;
  envelope.set_format(core::kEnvelopeFormat);
  envelope.set_source_partition(partition_);
  for (auto& [key, recheck] : rechecks) *envelope.add_rechecks() = std::move(recheck);
  sent.push_back({mailbox_, "", envelope.SerializeAsString()});
  metrics_.Add(Metric::kRechecks, {{"stage", "cluster"}}, static_cast<double>(rechecks.size()));
  return absl::OkStatus();
}

void ForeignRecords::Appended(const std::vector<AppendRecord>& sent,
                              const std::vector<int64_t>& offsets) {
  checked_ = std::max(checked_, taken_until_);
  for (size_t i = 0; i < sent.size() && i < offsets.size(); ++i) {
    if (sent[i].to != indicators_) continue;
    if (!own_.empty() && own_.back().second == offsets[i]) {
      ++own_.back().second;
    } else {
      own_.emplace_back(offsets[i], offsets[i] + 1);
    }
  }
  SkipOwn();
}

void ForeignRecords::SkipOwn() {
  while (!own_.empty() && own_.front().first <= checked_) {
    checked_ = std::max(checked_, own_.front().second);
    own_.pop_front();
  }
}

bool ForeignRecords::IsOwn(int64_t offset) const {
  const auto after = std::upper_bound(own_.begin(), own_.end(), offset,
                                      [](int64_t o, const auto& range) { return o < range.first; });
  return after != own_.begin() && offset < std::prev(after)->second;
}

absl::Status ForeignRecords::Commit() { return log_.Commit(kReader, indicators_, checked_); }

}  // namespace ringfence::runtime
