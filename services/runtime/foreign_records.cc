#include "services/runtime/foreign_records.h"

#include <algorithm>
#include <optional>

#include "pipelines/core/recheck.h"
#include "pipelines/core/stage.h"

namespace ringfence::runtime {
namespace {

constexpr char kReader[] = "recheck";

// Records of one key whose answers are the same at the same time, but for their places.
std::string KindOf(const std::string& key, const internal::v1::Recheck& recheck) {
  return key + (core::IsPurged(recheck) ? 'p' : recheck.removed() ? 'r' : 'i');
}

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
  taken_.clear();
  if (checked_ >= pass_end_) asked_.clear();
  const auto now = std::chrono::steady_clock::now();
  if (now - looked_at_ < look_every_) return absl::OkStatus();
  const absl::StatusOr<int64_t> end = log_.EndOffset(indicators_);
  if (!end.ok()) return end.status();
  if (checked_ >= *end) {
    looked_at_ = now;
    return absl::OkStatus();
  }
  if (checked_ >= pass_end_) pass_end_ = *end;
  Rechecks rechecks;
  for (size_t reads = 0; reads < kReadsMax && taken_until_ < pass_end_ && rechecks.empty();
       ++reads) {
    const absl::StatusOr<std::vector<LogRecord>> records =
        log_.Read(indicators_, taken_until_, kRecordsMax, kBytesMax);
    if (!records.ok()) return records.status();
    taken_until_ = pass_end_;
    for (const LogRecord& record : *records) {
      if (record.offset >= pass_end_) break;
      Look(record, rechecks);
      taken_until_ = record.offset + 1;
    }
  }
  if (rechecks.empty()) {
    checked_ = taken_until_;
    return absl::OkStatus();
  }
  internal::v1::Envelope envelope;
  envelope.set_format(core::kEnvelopeFormat);
  envelope.set_source_partition(partition_);
  for (auto& [key, recheck] : rechecks) {
    taken_.emplace_back(KindOf(key, recheck), recheck.place());
    *envelope.add_rechecks() = std::move(recheck);
  }
  sent.push_back({mailbox_, "", envelope.SerializeAsString()});
  metrics_.Add(Metric::kRechecks, {{"stage", "cluster"}}, static_cast<double>(rechecks.size()));
  return absl::OkStatus();
}

void ForeignRecords::Look(const LogRecord& record, Rechecks& rechecks) const {
  if (IsOwn(record.offset)) return;
  std::optional<internal::v1::Recheck> recheck = core::RecheckOf(record.key, record.value);
  if (!recheck) return;
  const auto asked = asked_.find(KindOf(record.key, *recheck));
  if (asked != asked_.end() && asked->second <= recheck->place()) {
    // What was read before it stands there no more.
    rechecks.erase(record.key);
    return;
  }
  rechecks[record.key] = *std::move(recheck);
}

void ForeignRecords::Appended(const std::vector<AppendRecord>& sent,
                              const std::vector<int64_t>& offsets) {
  checked_ = std::max(checked_, taken_until_);
  for (auto& [kind, place] : taken_) {
    if (asked_.size() >= kAskedMax && !asked_.contains(kind)) continue;
    const auto [asked, is_new] = asked_.try_emplace(std::move(kind), place);
    if (!is_new) asked->second = std::min(asked->second, place);
  }
  taken_.clear();
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
