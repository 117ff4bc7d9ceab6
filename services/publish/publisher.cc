#include "services/publish/publisher.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <utility>

#include "absl/time/time.h"
#include "pipelines/campaigns/read_view.h"
#include "pipelines/core/removals.h"
#include "pipelines/identifiers/normalise.h"
#include "services/publish/superseded.h"
#include "services/runtime/log/time_index.h"
#include "services/runtime/logging.h"
#include "services/runtime/reaction.h"
#include "services/runtime/thread_name.h"

namespace ringfence::publish {
namespace {

using runtime::Metric;

constexpr std::chrono::milliseconds kWait{100};
constexpr std::chrono::seconds kReportSetEvery{1};
constexpr char kReader[] = "publish";
constexpr char kStage[] = "publish";

const char* WordOf(v1::Action action) {
  switch (action) {
    case v1::ACTION_MONITOR:
      return "monitor";
    case v1::ACTION_CHALLENGE:
      return "challenge";
    case v1::ACTION_BLOCK:
      return "block";
    default:
      return "unspecified";
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Publisher>> Publisher::Start(const Options& options,
                                                            runtime::Log& log,
                                                            runtime::Metrics& metrics) {
  const absl::StatusOr<int32_t> partitions = log.Partitions(std::string(runtime::kIndicatorsTopic));
  if (!partitions.ok()) return partitions.status();
  std::unique_ptr<Publisher> publisher(new Publisher(options, log, metrics, *partitions));
  if (absl::Status status = publisher->OpenState(); !status.ok()) return status;
  Publisher* self = publisher.get();
  publisher->thread_ = std::jthread([self](std::stop_token stop) { self->Run(std::move(stop)); });
  publisher->ends_thread_ =
      std::jthread([self](const std::stop_token& stop) { self->FollowEnds(stop); });
  return publisher;
}

Publisher::Publisher(const Options& options, runtime::Log& log, runtime::Metrics& metrics,
                     int32_t partitions)
    : options_(options),
      log_(log),
      metrics_(metrics),
      names_(options.naming_key),
      retries_(static_cast<size_t>(partitions)),
      empty_since_(static_cast<size_t>(partitions)),
      revocations_(static_cast<size_t>(partitions), options.revocations_max),
      recent_(options.recent_changes_max) {
  for (int32_t p = 0; p < partitions; ++p)
    partitions_.push_back({std::string(runtime::kIndicatorsTopic), p});
}

Publisher::~Publisher() {
  for (std::jthread* const thread : {&thread_, &ends_thread_}) thread->request_stop();
  for (std::jthread* const thread : {&thread_, &ends_thread_}) {
    if (thread->joinable()) thread->join();
  }
  if (!state_) return;
  {
    absl::MutexLock lock(&mutex_);
    latest_.reset();
  }
  AwaitFlush();
  if (absl::Status status = state_->Flush(); !status.ok()) {
    runtime::LogLine(runtime::LogLevel::kError, "state was not flushed",
                     {{"stage", kStage}, {"error", std::string(status.message())}});
    return;
  }
  CommitFlushed();
}

// A state in another format needs no replay of the reports.
absl::Status Publisher::WithWayOut(const absl::Status& status) const {
  const absl::StatusOr<runtime::StateHeader> header = runtime::ReadStateHeader(options_.state_dir);
  if (!header.ok() || header->format == campaigns::kReadModelFormat) return status;
  return absl::FailedPreconditionError(
      "the state of publish has format " + std::to_string(header->format) +
      ", this release reads " + std::to_string(campaigns::kReadModelFormat) +
      ": run the release that wrote it, or remove the state of publish alone, " +
      options_.state_dir + ": the log has all that is in it");
}

absl::Status Publisher::OpenModel() {
  absl::StatusOr<std::unique_ptr<runtime::RocksState>> state =
      runtime::RocksState::Open({options_.state_dir, options_.placement, options_.memory,
                                 campaigns::kReadModelFormat, log_.Incarnation()});
  if (!state.ok()) return WithWayOut(state.status());
  if ((*state)->log_incarnation() != log_.Incarnation()) {
    return absl::FailedPreconditionError(
        "the state of publish is of another log: topics were made anew, or the folder is another "
        "deployment's. Remove the state of publish alone, " +
        options_.state_dir + ": the log has all that is in it");
  }
  state_ = *std::move(state);
  model_ = std::make_unique<campaigns::ReadModel>(*state_, options_.model);
  // The state's own offset counts batches: that of the partitions stands in the read model.
  batches_ = state_->NextOffset();
  return absl::OkStatus();
}

absl::StatusOr<bool> Publisher::MayHaveMissedRemovals() {
  const core::Time oldest = options_.clock() - options_.model.keep_removals + core::kDay;
  for (const runtime::TopicPartition& partition : partitions_) {
    const campaigns::Progress progress = model_->ProgressOf(partition.partition);
    if (progress.next_offset == 0 || progress.append_time >= oldest) continue;
    const absl::StatusOr<int64_t> end = log_.EndOffset(partition);
    if (!end.ok()) return end.status();
    if (progress.next_offset < *end) return true;
  }
  return false;
}

absl::Status Publisher::OpenState() {
  if (absl::Status status = OpenModel(); !status.ok()) return status;
  const absl::StatusOr<bool> is_too_old = MayHaveMissedRemovals();
  if (!is_too_old.ok()) return is_too_old.status();
  if (*is_too_old) {
    runtime::LogLine(runtime::LogLevel::kWarning,
                     "state is older than removals are kept: it is made anew from the log",
                     {{"stage", kStage}});
    model_.reset();
    state_.reset();
    std::error_code error;
    std::filesystem::remove_all(options_.state_dir, error);
    if (error) return absl::InternalError(options_.state_dir + ": " + error.message());
    if (absl::Status status = OpenModel(); !status.ok()) return status;
  }
  for (const runtime::TopicPartition& partition : partitions_) {
    if (absl::Status status = OpenPartition(partition); !status.ok()) return status;
  }
  {
    absl::MutexLock lock(&mutex_);
    ends_ = ends_at_start_;
  }
  model_->EndBatch();
  if (absl::Status status = state_->Commit(batches_); !status.ok()) return status;
  AwaitFlush();
  Show();
  return absl::OkStatus();
}

absl::Status Publisher::OpenPartition(const runtime::TopicPartition& partition) {
  const absl::StatusOr<int64_t> start = log_.StartOffset(partition);
  if (!start.ok()) return start.status();
  const absl::StatusOr<int64_t> end = log_.EndOffset(partition);
  if (!end.ok()) return end.status();
  int64_t next = model_->ProgressOf(partition.partition).next_offset;
  if (next == 0 && *end > 0) {
    const absl::StatusOr<int64_t> remembered = runtime::OffsetAt(
        log_, partition, options_.clock() - options_.model.keep_removals + core::kRemovalsLate);
    // Where the log cannot be read now, no cursor from before is trusted.
    model_->BeginAt(partition.partition, *start, remembered.ok() ? *remembered : *end);
    next = *start;
  }
  if (next < *start || next > *end) {
    return absl::OutOfRangeError(
        "the state of publish/" + std::to_string(partition.partition) + " goes on at offset " +
        std::to_string(next) + ", its log holds " + std::to_string(*start) + " to " +
        std::to_string(*end) +
        ": state and log do not belong together. Restore both from one copy of the data "
        "directory, or remove the state of publish alone: the log has all that is in it");
  }
  revocations_.BeginAt(partition.partition, next);
  ends_at_start_.push_back(*end);
  complete_.push_back(next == *end);
  return absl::OkStatus();
}

void Publisher::Run(std::stop_token stop) {
  runtime::NameThread("publish");
  while (!stop.stop_requested()) {
    pulse_.Beat();
    if (options_.has_room && !options_.has_room()) {
      runtime::SleepUnlessStopped(stop, kWait);
      continue;
    }
    const absl::StatusOr<size_t> applied = RunBatch();
    if (!applied.ok()) return Stop(applied.status());
    ReportSetIfDue();
    const bool behind = *applied >= options_.batch_records_max;
    if (*applied > 0 && !behind) runtime::SleepUnlessStopped(stop, options_.coalesce);
    if (*applied > 0) continue;
    std::vector<runtime::Log::Position> next;
    const auto now = std::chrono::steady_clock::now();
    for (size_t p = 0; p < partitions_.size(); ++p) {
      if (now < retries_[p].at) continue;
      next.push_back({partitions_[p], model_->ProgressOf(partitions_[p].partition).next_offset});
    }
    log_.WaitForAny(next, kWait);
  }
}

absl::StatusOr<size_t> Publisher::RunBatch() {
  const auto start = std::chrono::steady_clock::now();
  size_t applied = 0;
  // The first error that no retry heals.
  absl::Status stop_because;
  const bool was_complete = Latest()->complete;
  for (size_t p = 0; p < partitions_.size(); ++p) {
    if (start < retries_[p].at) continue;
    const absl::StatusOr<size_t> records = ApplyPartition(p);
    if (records.ok()) {
      retries_[p].backoff.Reset();
      applied += *records;
    } else if (runtime::ReactionTo(records.status()) != runtime::Reaction::kStop) {
      RetryLater(p, records.status());
    } else if (stop_because.ok()) {
      stop_because = records.status();
    }
  }
  const bool is_complete =
      std::all_of(complete_.begin(), complete_.end(), [](bool c) { return c; });
  if (applied == 0 && batch_changes_.empty() && was_complete == is_complete) {
    if (!stop_because.ok()) return stop_because;
    return 0;
  }
  model_->EndBatch();
  // After an error the state must not be used on.
  if (absl::Status status = state_->Commit(++batches_); !status.ok()) return status;
  Show();
  CommitFlushed();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  metrics_.Observe(Metric::kStageBatchSeconds, {{"stage", kStage}}, took.count());
  metrics_.Observe(Metric::kStageBatchRecords, {{"stage", kStage}}, static_cast<double>(applied));
  metrics_.Add(Metric::kStageRecords, {{"stage", kStage}}, static_cast<double>(applied));
  if (!stop_because.ok()) return stop_because;
  return applied;
}

void Publisher::RetryLater(size_t partition, const absl::Status& status) {
  const char* const reaction = runtime::ReactionWord(runtime::ReactionTo(status));
  metrics_.Add(Metric::kStageErrors, {{"stage", kStage}, {"reaction", reaction}});
  runtime::LogLine(runtime::LogLevel::kWarning, "stage failed",
                   {{"stage", kStage},
                    {"partition", int64_t{partitions_[partition].partition}},
                    {"reaction", reaction},
                    {"error", std::string(status.message())}});
  Retry& retry = retries_[partition];
  retry.at = std::chrono::steady_clock::now() + retry.backoff.Next();
}

absl::StatusOr<size_t> Publisher::ApplyPartition(size_t partition) {
  const runtime::TopicPartition& from = partitions_[partition];
  const size_t share = partitions_.size();
  const absl::StatusOr<std::vector<runtime::LogRecord>> records =
      log_.Read(from, model_->ProgressOf(from.partition).next_offset,
                std::max<size_t>(1, options_.batch_records_max / share),
                std::max<size_t>(1, options_.batch_bytes_max / share));
  if (!records.ok()) return records.status();
  const Superseded superseded(*records);
  for (const runtime::LogRecord& record : *records) {
    if (superseded.Contains(record)) continue;
    const absl::StatusOr<campaigns::Changes> changes =
        model_->Apply(from.partition, record.offset, record.key, record.value, record.append_time);
    if (!changes.ok()) return changes.status();
    const core::Time append_time = superseded.FirstAppend(record);
    for (const campaigns::Change& change : *changes) {
      if (change.node) {
        batch_changes_.push_back(
            {{}, std::nullopt, append_time, from.partition, record.offset, change.node});
        continue;
      }
      if (!change.before && complete_[partition]) CountNew(record.value);
      batch_changes_.push_back(
          {change.id, change.before, append_time, from.partition, record.offset});
      if (change.before && Revocation::Is(*change.before, change.after)) {
        batch_revocations_.push_back({from.partition, record.offset, append_time,
                                      core::TypeOf(change.id), *change.before, change.after});
      }
    }
  }
  if (!records->empty()) model_->ReadTo(from.partition, records->back().offset + 1);
  NoteCompleteness(partition, records->size());
  return records->size();
}

void Publisher::CountNew(const std::string& record) {
  internal::v1::IndicatorRecord parsed;
  if (!parsed.ParseFromString(record)) return;
  for (const internal::v1::PartnerCount& share : parsed.share().partners())
    metrics_.Add(Metric::kNewIndicators, {{"partner", share.partner()}});
}

void Publisher::NoteCompleteness(size_t partition, size_t records) {
  if (complete_[partition]) return;
  const runtime::TopicPartition& of = partitions_[partition];
  const int64_t next = model_->ProgressOf(of.partition).next_offset;
  std::optional<std::chrono::steady_clock::time_point>& since = empty_since_[partition];
  if (next >= ends_at_start_[partition]) {
    complete_[partition] = true;
  } else if (records > 0) {
    since.reset();
  } else if (!since) {
    // A read may give nothing because it is slow. Or the last records were compacted away.
    since = std::chrono::steady_clock::now();
  } else if (std::chrono::steady_clock::now() - *since >= options_.believe_empty_after) {
    complete_[partition] = !log_.WaitForAny(std::array{runtime::Log::Position{of, next}},
                                            std::chrono::milliseconds(0));
  }
}

void Publisher::Show() {
  auto moment = std::make_shared<Moment>();
  moment->state = state_->View();
  moment->as_of = core::kTimeMax;
  for (const runtime::TopicPartition& partition : partitions_) {
    const campaigns::Progress progress = model_->ProgressOf(partition.partition);
    moment->offsets.push_back(progress.next_offset);
    moment->remembered_from.push_back(progress.remembered_from);
    moment->as_of = std::min(moment->as_of, progress.mark);
    moment->appended_until = std::min(moment->appended_until, progress.append_time);
  }
  moment->complete = std::all_of(complete_.begin(), complete_.end(), [](bool c) { return c; });
  {
    absl::MutexLock lock(&mutex_);
    // Before anybody can acknowledge them.
    for (const Revocation& revocation : batch_revocations_) revocations_.Push(revocation);
    for (const RecentChange& change : batch_changes_) recent_.Push(change);
    moment->changes = recent_.end();
    latest_ = moment;
  }
  batch_changes_.clear();
  batch_revocations_.clear();
  set_reported_ = false;
  ReportProgress(*moment);
}

void Publisher::Stop(const absl::Status& status) {
  metrics_.Add(Metric::kStageErrors,
               {{"stage", kStage}, {"reaction", runtime::ReactionWord(runtime::Reaction::kStop)}});
  runtime::LogLine(runtime::LogLevel::kError, "stage stopped",
                   {{"stage", kStage}, {"error", std::string(status.message())}});
  for (const runtime::TopicPartition& partition : partitions_) {
    const std::string label = std::to_string(partition.partition);
    metrics_.Set(Metric::kStageStopped, {{"stage", kStage}, {"partition", label}}, 1);
  }
  absl::MutexLock lock(&mutex_);
  stopped_because_ = status;
}

absl::Status Publisher::Health() const {
  absl::MutexLock lock(&mutex_);
  return stopped_because_;
}

std::shared_ptr<const Moment> Publisher::Latest() const {
  absl::MutexLock lock(&mutex_);
  return latest_;
}

std::shared_ptr<const Moment> Publisher::AwaitOther(const Moment* known,
                                                    std::chrono::milliseconds timeout) const {
  const auto is_other = [this, known]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return latest_.get() != known;
  };
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(&is_other), absl::FromChrono(timeout));
  return latest_;
}

std::optional<std::vector<RecentChange>> Publisher::ChangesBetween(uint64_t from, uint64_t until,
                                                                   size_t max) const {
  absl::MutexLock lock(&mutex_);
  return recent_.Between(from, until, max);
}

std::vector<runtime::Progress> Publisher::progress() const {
  const std::shared_ptr<const Moment> moment = Latest();
  const std::string stopped_because(Health().message());
  const Offsets ends = KnownEnds(*moment);
  std::vector<runtime::Progress> progress;
  for (size_t p = 0; p < partitions_.size(); ++p) {
    runtime::Progress& of = progress.emplace_back();
    of.stage = kStage;
    of.input = partitions_[p];
    of.applied = moment->offsets[p];
    of.end = ends[p];
    of.as_of = moment->as_of;
    of.stopped_because = stopped_because;
  }
  return progress;
}

Offsets Publisher::KnownEnds(const Moment& moment) const {
  absl::MutexLock lock(&mutex_);
  Offsets ends = ends_;
  for (size_t p = 0; p < ends.size(); ++p) ends[p] = std::max(ends[p], moment.offsets[p]);
  return ends;
}

absl::StatusOr<bool> Publisher::IsBeyondLog(const Offsets& offsets) const {
  // A log's end never goes back.
  const Offsets ends = KnownEnds(*Latest());
  for (size_t p = 0; p < partitions_.size(); ++p) {
    if (offsets[p] <= ends[p]) continue;
    const absl::StatusOr<int64_t> end = log_.EndOffset(partitions_[p]);
    if (!end.ok()) return end.status();
    if (offsets[p] > *end) return true;
  }
  return false;
}

void Publisher::ReportProgress(const Moment& moment) {
  for (size_t p = 0; p < partitions_.size(); ++p) {
    const std::string partition = std::to_string(p);
    const runtime::Labels labels = {{"stage", kStage}, {"partition", partition}};
    metrics_.Set(Metric::kStageStopped, labels, 0);
    if (moment.as_of != core::kTimeMin) {
      metrics_.Set(Metric::kStageTime, labels,
                   static_cast<double>(moment.as_of) / static_cast<double>(core::kSecond));
    }
  }
}

void Publisher::FollowEnds(const std::stop_token& stop) {
  runtime::NameThread("publish/ends");
  while (!stop.stop_requested()) {
    for (size_t p = 0; p < partitions_.size() && !stop.stop_requested(); ++p) {
      const absl::StatusOr<int64_t> end = log_.EndOffset(partitions_[p]);
      // What was said last stays: nobody is at the end because it is not known.
      if (!end.ok()) continue;
      {
        absl::MutexLock lock(&mutex_);
        ends_[p] = *end;
      }
      const int64_t behind = std::max(int64_t{0}, *end - Latest()->offsets[p]);
      metrics_.Set(Metric::kStageLag, {{"stage", kStage}, {"partition", std::to_string(p)}},
                   static_cast<double>(behind));
    }
    runtime::SleepUnlessStopped(stop, options_.ask_ends_every);
  }
}

void Publisher::ReportSetIfDue() {
  const auto now = std::chrono::steady_clock::now();
  if (set_reported_ || now - set_reported_at_ < kReportSetEvery) return;
  set_reported_ = true;
  set_reported_at_ = now;
  const std::shared_ptr<const Moment> moment = Latest();
  campaigns::ReadView view(*moment->state, names_);
  std::map<std::pair<v1::IdentifierType, v1::Action>, uint64_t> counts;
  for (int type = v1::IdentifierType_MIN + 1; type <= v1::IdentifierType_MAX; ++type) {
    for (v1::Action action : {v1::ACTION_MONITOR, v1::ACTION_CHALLENGE, v1::ACTION_BLOCK})
      counts[{static_cast<v1::IdentifierType>(type), action}] = 0;
  }
  view.Cells([&](const campaigns::CellKey& key, const campaigns::Cell& cell) {
    counts[{key.type, key.action}] += cell.count;
  });
  for (const auto& [key, count] : counts) {
    metrics_.Set(Metric::kIndicators,
                 {{"type", identifiers::TypeWord(key.first)}, {"action", WordOf(key.second)}},
                 static_cast<double>(count));
  }
  metrics_.Set(Metric::kCampaigns, {}, static_cast<double>(view.Campaigns()));
}

// Tells the log what need not be kept for this reader. One batch at a time is waited for.
void Publisher::CommitFlushed() {
  if (state_->FlushedOffset() < unflushed_batch_) return;
  for (size_t p = 0; p < unflushed_offsets_.size(); ++p) {
    if (absl::Status status = log_.Commit(kReader, partitions_[p], unflushed_offsets_[p]);
        !status.ok()) {
      runtime::LogLine(runtime::LogLevel::kWarning, "flushed offset was not committed",
                       {{"stage", kStage}, {"error", std::string(status.message())}});
    }
  }
  AwaitFlush();
}

void Publisher::AwaitFlush() {
  unflushed_batch_ = batches_;
  unflushed_offsets_.clear();
  for (const runtime::TopicPartition& partition : partitions_)
    unflushed_offsets_.push_back(model_->ProgressOf(partition.partition).next_offset);
}

}  // namespace ringfence::publish
