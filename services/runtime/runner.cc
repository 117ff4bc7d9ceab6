#include "services/runtime/runner.h"

#include <chrono>
#include <iterator>
#include <utility>

#include "services/runtime/log/retention.h"
#include "services/runtime/logging.h"
#include "services/runtime/thread_name.h"

namespace ringfence::runtime {
namespace {

constexpr core::Time kTickEvery = core::kSecond;
// Who reads the state sees it at most so late, while there is always more to apply. What is hot
// changes in most batches: the rarer it is written, the better.
constexpr core::Time kCommitEvery = 3 * core::kSecond;
// How long it waits for records before it looks at the clock, and whether it is to stop.
constexpr std::chrono::milliseconds kWait{50};
// So long at most a quiet partition's state is not durable, and its log must keep what led to it.
constexpr core::Time kFlushEvery = 600 * core::kSecond;
constexpr core::Time kPositionEvery = 10 * core::kSecond;
constexpr std::chrono::milliseconds kStoppedReportEvery{1'000};
// A state that was left on a disk while others had the partition is brought up to date from the log
// if it is no further behind; else a snapshot that is further is taken.
constexpr core::Time kReplayMax = core::kDay;
// So long receivers remember what was taken back (cluster's tombstones, publish's removals).
constexpr core::Time kRemembered = 7 * core::kDay;

// Also where the clock has gone back: it would be waited for until it is there again.
bool IsDue(core::Time now, core::Time last, core::Time every) {
  return now < last || now - every >= last;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Runner>> Runner::Start(const Options& options, StageFactory factory,
                                                      Log& log, Metrics& metrics,
                                                      const std::stop_token& stop) {
  std::unique_ptr<Runner> runner(new Runner(options, std::move(factory), log, metrics));
  if (absl::Status status = runner->OpenState(stop); !status.ok()) return status;
  Runner* const self = runner.get();
  runner->thread_ = std::jthread([self](const std::stop_token& token) { self->Run(token); });
  return runner;
}

Runner::Runner(const Options& options, StageFactory factory, Log& log, Metrics& metrics)
    : options_(options),
      factory_(std::move(factory)),
      log_(log),
      metrics_(metrics),
      input_{MailboxTopic(options.mailbox), static_cast<int32_t>(options.output.source_partition)},
      partition_label_(std::to_string(input_.partition)),
      output_(options.output) {
  progress_.stage = options.stage;
  progress_.input = input_;
}

Runner::~Runner() {
  Stop().IgnoreError();  // was logged
  // Another process may own the partition now: it speaks for it.
  for (const Metric metric : {Metric::kStageLag, Metric::kStageStopped, Metric::kStageTime})
    metrics_.Remove(metric, {{"stage", options_.stage}, {"partition", partition_label_}});
}

absl::Status Runner::Stop() {
  if (!thread_.joinable()) return absl::OkStatus();
  thread_.request_stop();
  thread_.join();
  // What is not flushed is replayed.
  const bool is_open = state_ && !state_->broken();
  absl::Status status = is_open ? CommitState() : absl::OkStatus();
  stage_.reset();
  if (!is_open) return absl::OkStatus();
  if (status.ok()) status = state_->Flush();
  if (status.ok()) status = CommitPositions();
  ReportProgress();
  if (!status.ok()) {
    LogLine(LogLevel::kError, "state was not flushed",
            {{"stage", options_.stage},
             {"partition", int64_t{input_.partition}},
             {"error", std::string(status.message())}});
  }
  return status;
}

absl::Status Runner::OpenState(const std::stop_token& stop) {
  const absl::StatusOr<int64_t> start = log_.StartOffset(input_);
  if (!start.ok()) return start.status();
  const absl::StatusOr<int64_t> end = log_.EndOffset(input_);
  if (!end.ok()) return end.status();
  absl::StatusOr<std::unique_ptr<RocksState>> state = OpenFitting(*start, *end, stop);
  if (!state.ok()) return state.status();
  if (options_.recheck && !foreign_) {
    auto foreign = ForeignRecords::Open(input_, options_.output.source_partition, log_, metrics_);
    if (!foreign.ok()) return foreign.status();
    foreign_ = *std::move(foreign);
  }
  {
    absl::MutexLock lock(&opening_);
    state_ = *std::move(state);
  }
  stage_ = factory_(*state_);
  next_offset_ = state_->NextOffset();
  last_flush_ = options_.clock();
  metrics_.Set(Metric::kStageStopped, {{"stage", options_.stage}, {"partition", partition_label_}},
               0);
  ReportProgress();
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<RocksState>> Runner::OpenOnDisk() const {
  return RocksState::Open({options_.state_dir, options_.placement, options_.memory,
                           core::kStateFormat, log_.Incarnation()});
}

absl::StatusOr<std::unique_ptr<RocksState>> Runner::OpenFitting(int64_t start, int64_t end,
                                                                const std::stop_token& stop) const {
  const bool had_state = HasState(options_.state_dir);
  if (options_.restore && !had_state) {
    if (absl::Status status = options_.restore(start, end, -1, stop); !status.ok()) return status;
  }
  absl::StatusOr<std::unique_ptr<RocksState>> state = OpenOnDisk();
  if (!state.ok()) return state;
  // Another log's offsets say nothing here.
  const bool is_of_log = CheckLog(**state).ok();
  const int64_t found = is_of_log ? (*state)->NextOffset() : -1;
  core::Time behind = core::kTimeMax;
  if (found >= start) {
    const absl::StatusOr<core::Time> asked = Behind(found, end);
    if (!asked.ok()) return asked.status();
    behind = *asked;
  }
  if (behind > kReplayMax && had_state && options_.restore) {
    state->reset();
    if (absl::Status status = options_.restore(start, end, found, stop); !status.ok())
      return status;
    state = OpenOnDisk();
    if (!state.ok()) return state;
  }
  if (absl::Status status = CheckLog(**state); !status.ok()) return status;
  const int64_t next = (*state)->NextOffset();
  if (absl::Status status = CheckOffset(next, start, end); !status.ok()) return status;
  if (next == found && behind > kRemembered) {
    LogLine(LogLevel::kWarning,
            "state is far behind: what is sent again may bring back what was retracted, until that "
            "has been sent again too",
            {{"stage", options_.stage},
             {"partition", int64_t{input_.partition}},
             {"offset", next},
             {"days", behind / core::kDay}});
  }
  return state;
}

absl::StatusOr<core::Time> Runner::Behind(int64_t next, int64_t end) const {
  if (next >= end) return 0;
  const absl::StatusOr<std::vector<LogRecord>> first = log_.Read(input_, next, 1, 1);
  if (!first.ok()) return first.status();
  return first->empty() ? 0 : options_.clock() - first->front().append_time;
}

absl::Status Runner::CheckLog(const RocksState& state) const {
  if (state.log_incarnation() == log_.Incarnation()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "the state of " + options_.stage + "/" + partition_label_ +
      " is of another log: topics were made anew, or the folder is another deployment's. Move the "
      "folder " +
      options_.state_dir +
      " away: the newest snapshot of this log takes its place, or the log from its start on");
}

absl::Status Runner::CheckOffset(int64_t next, int64_t start, int64_t end) const {
  if (next >= start && next <= end) return absl::OkStatus();
  const std::string holds = "the state of " + options_.stage + "/" + partition_label_ +
                            " goes on at offset " + std::to_string(next) + ", its log holds " +
                            std::to_string(start) + " to " + std::to_string(end);
  if (next == 0) {
    return absl::OutOfRangeError(
        holds +
        ": there is no state and no snapshot that fits, and the log's beginning is gone. Restore "
        "the state's folder or a snapshot from a copy, or begin anew: " +
        std::string(kBeginAnew));
  }
  if (next < start) {
    return absl::OutOfRangeError(
        holds +
        ": it is older than the log, and there is no snapshot that fits. Bring a snapshot back "
        "from a copy, or begin anew: " +
        std::string(kBeginAnew));
  }
  return absl::OutOfRangeError(
      holds +
      ": state and log do not belong together. Restore both from one copy of the data directory, "
      "or begin anew: " +
      std::string(kBeginAnew));
}

void Runner::CloseState() {
  stage_.reset();
  absl::MutexLock lock(&opening_);
  state_.reset();
}

absl::Status Runner::Checkpoint(const std::string& dir) {
  // Shared with nobody who waits long: opening again waits for it.
  absl::ReaderMutexLock lock(&opening_);
  if (!state_) return absl::UnavailableError("the state is closed, after an error of the disk");
  return state_->Checkpoint(dir);
}

absl::Status Runner::WithView(const std::function<void(StateView&)>& read) {
  absl::ReaderMutexLock lock(&opening_);
  if (!state_) return absl::UnavailableError("the state is closed, after an error of the disk");
  read(*state_->View());
  return absl::OkStatus();
}

void Runner::Run(const std::stop_token& stop) {
  NameThread(options_.stage + "/" + partition_label_);
  Backoff backoff;
  while (!stop.stop_requested()) {
    pulse_.Beat();
    absl::Status status = RunBatch(stop);
    if (status.ok()) status = Keep();
    if (status.ok()) {
      backoff.Reset();
    } else if (stop.stop_requested() && absl::IsCancelled(status)) {
      break;
    } else if (!React(status, backoff, stop)) {
      break;
    }
  }
  // Stopped by an error: the lag goes on growing, and has to be seen.
  while (!stop.stop_requested()) {
    pulse_.Beat();
    ReportProgress();
    SleepUnlessStopped(stop, kStoppedReportEvery);
  }
}

bool Runner::React(const absl::Status& error, Backoff& backoff, const std::stop_token& stop) {
  const Reaction reaction = ReactionTo(error);
  metrics_.Add(Metric::kStageErrors,
               {{"stage", options_.stage}, {"reaction", ReactionWord(reaction)}});
  LogLine(reaction == Reaction::kStop ? LogLevel::kError : LogLevel::kWarning, "stage failed",
          {{"stage", options_.stage},
           {"partition", int64_t{input_.partition}},
           {"reaction", ReactionWord(reaction)},
           {"error", std::string(error.message())}});
  StartOver();
  if (reaction != Reaction::kStop) {
    SleepUnlessStopped(stop, backoff.Next());
    return true;
  }
  metrics_.Set(Metric::kStageStopped, {{"stage", options_.stage}, {"partition", partition_label_}},
               1);
  absl::MutexLock lock(&mutex_);
  progress_.stopped_because = std::string(error.message());
  return false;
}

void Runner::StartOver() {
  output_.Take();
  stage_.reset();
  if (!state_) return;
  if (state_->broken()) {
    metrics_.Add(Metric::kStateReopened, {{"stage", options_.stage}});
    CloseState();
    return;
  }
  state_->Discard();
  stage_ = factory_(*state_);
  next_offset_ = state_->NextOffset();
}

absl::Status Runner::RunBatch(const std::stop_token& stop) {
  if (!state_) {
    if (absl::Status status = OpenState(stop); !status.ok()) return status;
  }
  if (absl::Status error = state_->background_error(); !error.ok()) return error;
  if (options_.has_room && !options_.has_room()) {
    // Who watches the disk says so.
    ReportProgress();
    SleepUnlessStopped({}, kWait);
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<LogRecord>> records =
      log_.Read(input_, next_offset_, options_.batch_records_max, options_.batch_bytes_max);
  if (!records.ok()) return records.status();
  return ApplyAndSend(*records);
}

absl::Status Runner::ApplyAndSend(const std::vector<LogRecord>& records) {
  const auto start = std::chrono::steady_clock::now();
  const core::Time now = options_.clock();
  const absl::StatusOr<size_t> applied = ApplyBatch(records);
  if (!applied.ok()) return applied.status();
  std::vector<AppendRecord> sent = output_.Take();
  std::optional<AppendRecord> tick = TickIfDue(now);
  const bool ticked = tick.has_value();
  if (ticked) sent.push_back(*std::move(tick));
  if (foreign_) {
    if (absl::Status status = foreign_->TakeRechecks(sent); !status.ok()) return status;
  }
  if (records.empty() && sent.empty()) {
    if (absl::Status status = CommitState(); !status.ok()) return status;
    ReportProgress();
    const Log::Position next{input_, next_offset_};
    log_.WaitForAny({&next, 1}, kWait);
    return absl::OkStatus();
  }
  if (!sent.empty()) {
    const absl::StatusOr<std::vector<int64_t>> offsets = log_.Append(sent);
    if (!offsets.ok()) return offsets.status();
    if (foreign_) foreign_->Appended(sent, *offsets);
  }
  if (ticked) last_tick_ = now;
  if (*applied > 0) next_offset_ = records[*applied - 1].offset + 1;
  if (stage_->UnstoredBytes() > options_.unstored_bytes_max) {
    if (absl::Status status = CommitState(); !status.ok()) return status;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  ReportBatch(*applied, sent, took.count());
  ReportProgress();
  return absl::OkStatus();
}

absl::StatusOr<size_t> Runner::ApplyBatch(const std::vector<LogRecord>& records) {
  if (records.empty()) return 0;
  size_t applied = 0;
  for (const LogRecord& record : records) {
    const core::Record view{record.offset, record.append_time, record.key, record.value};
    if (absl::Status status = stage_->Apply(view, output_); !status.ok()) return status;
    ++applied;
    // What is left is read again.
    if (stage_->UnstoredBytes() > options_.unstored_bytes_max) break;
  }
  if (absl::Status status = stage_->EndBatch(output_); !status.ok()) return status;
  if (absl::Status status = state_->read_error(); !status.ok()) return status;
  return applied;
}

absl::Status Runner::CommitState() {
  last_commit_ = options_.clock();
  if (next_offset_ == state_->NextOffset()) return absl::OkStatus();
  if (absl::Status status = stage_->Store(); !status.ok()) return status;
  return state_->Commit(next_offset_);
}

std::optional<AppendRecord> Runner::TickIfDue(core::Time now) const {
  if (!IsDue(now, last_tick_, kTickEvery)) return std::nullopt;
  internal::v1::Envelope tick;
  tick.set_format(core::kEnvelopeFormat);
  tick.set_source_partition(options_.output.source_partition);
  tick.set_tick(now);
  return AppendRecord{input_, "", tick.SerializeAsString()};
}

absl::Status Runner::Keep() {
  const core::Time now = options_.clock();
  if (IsDue(now, last_commit_, kCommitEvery)) {
    if (absl::Status status = CommitState(); !status.ok()) return status;
  }
  if (IsDue(now, last_flush_, kFlushEvery)) {
    if (absl::Status status = state_->Flush(); !status.ok()) return status;
    last_flush_ = now;
  }
  if (!IsDue(now, last_position_, kPositionEvery)) return absl::OkStatus();
  last_position_ = now;
  return CommitPositions();
}

absl::Status Runner::CommitPositions() {
  if (absl::Status status = log_.Commit(std::string(kStageReader), input_, state_->FlushedOffset());
      !status.ok())
    return status;
  absl::Status status = log_.Commit(std::string(kAppliedReader), input_, state_->NextOffset());
  if (status.ok() && foreign_) status = foreign_->Commit();
  return status;
}

void Runner::ReportBatch(size_t records, const std::vector<AppendRecord>& sent, double seconds) {
  const std::pair<std::string_view, std::string_view> stage{"stage", options_.stage};
  metrics_.Observe(Metric::kStageBatchSeconds, {stage}, seconds);
  metrics_.Observe(Metric::kStageBatchRecords, {stage}, static_cast<double>(records));
  metrics_.Add(Metric::kStageRecords, {stage}, static_cast<double>(records));
  double indicators = 0;
  for (const AppendRecord& record : sent) {
    if (record.to.topic == kIndicatorsTopic) ++indicators;
  }
  const double envelopes = static_cast<double>(sent.size()) - indicators;
  if (envelopes > 0) metrics_.Add(Metric::kStageMessages, {stage, {"kind", "envelope"}}, envelopes);
  if (indicators > 0) {
    metrics_.Add(Metric::kStageMessages, {stage, {"kind", "indicator"}}, indicators);
  }
  for (const core::Stage::Event& event : stage_->TakeEvents()) {
    metrics_.Add(Metric::kStageEvents, {stage, {"event", event.word}},
                 static_cast<double>(event.count));
  }
}

void Runner::ReportProgress() {
  const absl::StatusOr<int64_t> end = log_.EndOffset(input_);
  core::Time as_of = core::kTimeMin;
  int64_t applied = 0;
  {
    absl::MutexLock lock(&mutex_);
    if (state_) progress_.applied = state_->NextOffset();
    if (stage_) progress_.as_of = stage_->AsOf();
    if (end.ok()) progress_.end = *end;
    applied = progress_.applied;
    as_of = progress_.as_of;
  }
  const Labels labels = {{"stage", options_.stage}, {"partition", partition_label_}};
  if (end.ok()) metrics_.Set(Metric::kStageLag, labels, static_cast<double>(*end - applied));
  if (as_of == core::kTimeMin) return;
  metrics_.Set(Metric::kStageTime, labels,
               static_cast<double>(as_of) / static_cast<double>(core::kSecond));
}

Progress Runner::progress() const {
  absl::MutexLock lock(&mutex_);
  return progress_;
}

}  // namespace ringfence::runtime
