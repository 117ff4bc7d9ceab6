#include "services/runtime/runner.h"

#include <chrono>
#include <utility>

#include "services/runtime/logging.h"
#include "services/runtime/reaction.h"

namespace ringfence::runtime {
namespace {

constexpr core::Time kTickEvery = core::kSecond;
constexpr std::chrono::milliseconds kWait{20};
// How often the log is told what need not be kept for this partition.
constexpr int64_t kBatchesBetweenCommits = 1'000;

}  // namespace

absl::StatusOr<std::unique_ptr<Runner>> Runner::Start(const Options& options, StageFactory factory,
                                                      Log& log, Metrics& metrics) {
  std::unique_ptr<Runner> runner(new Runner(options, std::move(factory), log, metrics));
  if (absl::Status status = runner->OpenState(); !status.ok()) return status;
  Runner* self = runner.get();
  runner->thread_ = std::jthread([self](std::stop_token stop) { self->Run(std::move(stop)); });
  return runner;
}

Runner::Runner(const Options& options, StageFactory factory, Log& log, Metrics& metrics)
    : options_(options),
      factory_(std::move(factory)),
      log_(log),
      metrics_(metrics),
      input_{MailboxTopic(options.mailbox), static_cast<int32_t>(options.output.source_partition)},
      output_(options.output) {
  progress_.stage = options.stage;
  progress_.input = input_;
}

Runner::~Runner() {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  if (!state_) return;
  stage_.reset();
  if (absl::Status status = state_->Flush(); !status.ok()) {
    LogLine(LogLevel::kError, "state was not flushed",
            {{"stage", options_.stage}, {"error", std::string(status.message())}});
    return;
  }
  CommitFlushed();
}

absl::Status Runner::OpenState() {
  RocksState::Options options{options_.state_dir, options_.placement, options_.memory};
  absl::StatusOr<std::unique_ptr<RocksState>> state = RocksState::Open(options);
  if (!state.ok()) return state.status();
  absl::StatusOr<int64_t> start = log_.StartOffset(input_);
  if (!start.ok()) return start.status();
  absl::StatusOr<int64_t> end = log_.EndOffset(input_);
  if (!end.ok()) return end.status();
  const int64_t next = (*state)->NextOffset();
  if (next < *start || next > *end) {
    return absl::OutOfRangeError(
        "the state of " + options_.stage + "/" + std::to_string(input_.partition) +
        " goes on at offset " + std::to_string(next) + ", its log holds " + std::to_string(*start) +
        " to " + std::to_string(*end) +
        ": state and log do not belong together. Restore both from one copy of the data "
        "directory, or replay the reports into a new one");
  }
  state_ = *std::move(state);
  stage_ = factory_(*state_);
  Publish("");
  return absl::OkStatus();
}

void Runner::Run(std::stop_token stop) {
  stop_ = stop;
  while (!stop.stop_requested()) {
    absl::Status status = AppendTickIfDue();
    absl::StatusOr<bool> worked = status.ok() ? RunBatch() : absl::StatusOr<bool>(status);
    if (worked.ok()) {
      const Log::Position next{input_, state_->NextOffset()};
      if (!*worked) log_.WaitForAny({&next, 1}, kWait);
      continue;
    }
    if (stop.stop_requested()) return;
    // What was not committed is thrown away with the stage; a later start goes on from the state.
    LogLine(LogLevel::kError, "stage stopped",
            {{"stage", options_.stage},
             {"partition", int64_t{input_.partition}},
             {"error", std::string(worked.status().message())}});
    Publish(std::string(worked.status().message()));
    return;
  }
}

absl::StatusOr<bool> Runner::RunBatch() {
  const auto start = std::chrono::steady_clock::now();
  absl::StatusOr<std::vector<LogRecord>> records =
      log_.Read(input_, state_->NextOffset(), options_.batch_records_max, options_.batch_bytes_max);
  if (!records.ok()) return records.status();
  if (records->empty()) return false;
  if (absl::Status status = ApplyBatch(*records); !status.ok()) return status;
  std::vector<AppendRecord> sent = output_.Take();
  ReportMessages(sent);
  if (absl::Status status = AppendAll(std::move(sent)); !status.ok()) return status;
  if (absl::Status status = state_->Commit(records->back().offset + 1); !status.ok()) return status;
  Publish("");
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  metrics_.Observe(Metric::kStageBatchSeconds, {{"stage", options_.stage}}, took.count());
  metrics_.Observe(Metric::kStageBatchRecords, {{"stage", options_.stage}},
                   static_cast<double>(records->size()));
  metrics_.Add(Metric::kStageRecords, {{"stage", options_.stage}},
               static_cast<double>(records->size()));
  if (++batches_ % kBatchesBetweenCommits == 0) CommitFlushed();
  return true;
}

absl::Status Runner::ApplyBatch(const std::vector<LogRecord>& records) {
  for (const LogRecord& record : records) {
    const core::Record view{record.offset, record.append_time, record.key, record.value};
    if (absl::Status status = stage_->Apply(view, output_); !status.ok()) return status;
  }
  return stage_->EndBatch(output_);
}

absl::Status Runner::AppendTickIfDue() {
  const core::Time now = options_.clock();
  if (now - kTickEvery < last_tick_) return absl::OkStatus();
  last_tick_ = now;
  internal::v1::Envelope tick;
  tick.set_format(core::kEnvelopeFormat);
  tick.set_source_partition(options_.output.source_partition);
  tick.set_tick(now);
  std::vector<AppendRecord> records;
  records.push_back({input_, "", tick.SerializeAsString()});
  return AppendAll(std::move(records));
}

absl::Status Runner::AppendAll(std::vector<AppendRecord> records) {
  if (records.empty()) return absl::OkStatus();
  Backoff backoff;
  while (true) {
    absl::Status status = log_.Append(records).status();
    if (status.ok()) return status;
    const Reaction reaction = ReactionTo(status);
    metrics_.Add(Metric::kStageErrors,
                 {{"stage", options_.stage}, {"reaction", ReactionWord(reaction)}});
    if (reaction == Reaction::kStop || stop_.stop_requested()) return status;
    LogLine(LogLevel::kWarning, "append failed, trying again",
            {{"stage", options_.stage}, {"error", std::string(status.message())}});
    std::this_thread::sleep_for(backoff.Next());
  }
}

void Runner::ReportMessages(const std::vector<AppendRecord>& records) {
  double envelopes = 0;
  double indicators = 0;
  for (const AppendRecord& record : records) (record.key.empty() ? envelopes : indicators) += 1;
  if (envelopes > 0) {
    metrics_.Add(Metric::kStageMessages, {{"stage", options_.stage}, {"kind", "envelope"}},
                 envelopes);
  }
  if (indicators > 0) {
    metrics_.Add(Metric::kStageMessages, {{"stage", options_.stage}, {"kind", "indicator"}},
                 indicators);
  }
}

void Runner::CommitFlushed() {
  absl::Status status = log_.Commit("stage", input_, state_->FlushedOffset());
  if (!status.ok()) {
    LogLine(LogLevel::kWarning, "flushed offset was not committed",
            {{"stage", options_.stage}, {"error", std::string(status.message())}});
  }
}

void Runner::Publish(const std::string& stopped_because) {
  const int64_t applied = state_->NextOffset();
  const core::Time as_of = stage_->AsOf();
  {
    std::lock_guard lock(mutex_);
    progress_.applied = applied;
    progress_.as_of = as_of;
    progress_.stopped_because = stopped_because;
  }
  const std::string partition = std::to_string(input_.partition);
  if (absl::StatusOr<int64_t> end = log_.EndOffset(input_); end.ok()) {
    metrics_.Set(Metric::kStageLag, {{"stage", options_.stage}, {"partition", partition}},
                 static_cast<double>(*end - applied));
  }
  metrics_.Set(Metric::kStageTime, {{"stage", options_.stage}, {"partition", partition}},
               static_cast<double>(as_of) / static_cast<double>(core::kSecond));
}

Progress Runner::progress() const {
  std::lock_guard lock(mutex_);
  return progress_;
}

}  // namespace ringfence::runtime
