#include "services/intake/intake_runner.h"

#include <google/protobuf/util/json_util.h>

#include <chrono>
#include <iterator>
#include <utility>

#include "pipelines/core/id.h"
#include "pipelines/intake/problems.h"
#include "services/runtime/clock.h"
#include "services/runtime/logging.h"
#include "services/runtime/thread_name.h"

namespace ringfence::intake_service {
namespace {

using runtime::AppendRecord;
using runtime::LogRecord;
using runtime::Metric;
using runtime::Reaction;
using runtime::TopicPartition;

constexpr const char* kReader = runtime::kIntakeReader.data();
// How long it waits for records before it looks for new topics, and whether it is to stop.
constexpr std::chrono::milliseconds kWait{50};
constexpr std::chrono::milliseconds kStoppedReportEvery{1'000};
constexpr std::chrono::milliseconds kReportLagEvery{500};
// What came of so much of reports is appended at once.
constexpr size_t kRoundBytesMax = size_t{8} << 20;

const char* OutcomeWord(v1::Outcome outcome) {
  switch (outcome) {
    case v1::OUTCOME_ACCEPTED:
      return "accepted";
    case v1::OUTCOME_HELD:
      return "held";
    default:
      return "rejected";
  }
}

}  // namespace

IntakeRunner::IntakeRunner(const Options& options, runtime::Log& log, runtime::Metrics& metrics)
    : options_(options),
      log_(log),
      metrics_(metrics),
      partition_label_(std::to_string(options.partition)),
      intake_(options.intake),
      output_({.source_partition = static_cast<uint32_t>(options.partition),
               .dedupe_partitions = options.dedupe_partitions}),
      inputs_({options.partition, options.partitions, options.look_again}, log, metrics),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

IntakeRunner::~IntakeRunner() {
  thread_.request_stop();
  thread_.join();
  for (const Metric metric : {Metric::kStageLag, Metric::kStageStopped, Metric::kStageTime})
    metrics_.Remove(metric, {{"stage", kReader}, {"partition", partition_label_}});
}

std::vector<runtime::Progress> IntakeRunner::progress() const {
  std::vector<runtime::Progress> progress = inputs_.progress();
  absl::MutexLock lock(&mutex_);
  if (stopped_because_.empty()) return progress;
  for (runtime::Progress& entry : progress) {
    entry.stopped_because = stopped_because_;
    entry.fails_alone = false;
  }
  return progress;
}

void IntakeRunner::Run(const std::stop_token& stop) {
  runtime::NameThread("intake");
  metrics_.Set(Metric::kStageStopped, {{"stage", kReader}, {"partition", partition_label_}}, 0);
  runtime::Backoff backoff;
  while (!stop.stop_requested()) {
    pulse_.Beat();
    const absl::StatusOr<bool> worked = RunRound(stop);
    if (!worked.ok()) {
      if (!React(worked.status(), backoff, stop)) break;
      continue;
    }
    backoff.Reset();
    ReportLag();
    if (*worked) continue;
    if (!MayTake()) {
      runtime::SleepUnlessStopped(stop, kWait);
      continue;
    }
    log_.WaitForAny(inputs_.Positions(), kWait);
  }
  // Stopped by an error: the lag goes on growing, and has to be seen.
  while (!stop.stop_requested()) {
    for (const TopicPartition& input : inputs_.Due()) {
      pulse_.Beat();
      if (stop.stop_requested()) return;
      inputs_.Look(input);
    }
    pulse_.Beat();
    ReportLag();
    runtime::SleepUnlessStopped(stop, kStoppedReportEvery);
  }
}

bool IntakeRunner::React(const absl::Status& error, runtime::Backoff& backoff,
                         const std::stop_token& stop) {
  const Reaction reaction = runtime::ReactionTo(error);
  metrics_.Add(Metric::kStageErrors,
               {{"stage", kReader}, {"reaction", runtime::ReactionWord(reaction)}});
  runtime::LogLine(
      reaction == Reaction::kStop ? runtime::LogLevel::kError : runtime::LogLevel::kWarning,
      "stage failed",
      {{"stage", kReader},
       {"partition", int64_t{options_.partition}},
       {"reaction", runtime::ReactionWord(reaction)},
       {"error", std::string(error.message())}});
  output_.Take();
  if (reaction != Reaction::kStop) {
    runtime::SleepUnlessStopped(stop, backoff.Next());
    return true;
  }
  metrics_.Set(Metric::kStageStopped, {{"stage", kReader}, {"partition", partition_label_}}, 1);
  absl::MutexLock lock(&mutex_);
  stopped_because_ = std::string(error.message());
  return false;
}

bool IntakeRunner::MayTake() const { return !options_.may_take || options_.may_take(); }

absl::StatusOr<bool> IntakeRunner::RunRound(const std::stop_token& stop) {
  Round round;
  absl::StatusOr<bool> worked = RunRound(stop, round);
  // What is in no log yet is taken again, and counts once.
  if (!worked.ok()) {
    for (const auto& [input, taken] : round.taken) Undo(taken);
  }
  return worked;
}

absl::StatusOr<bool> IntakeRunner::RunRound(const std::stop_token& stop, Round& round) {
  if (absl::Status status = inputs_.Find(); !status.ok()) return status;
  // Its topics are looked at all the same, so that what waits in them shows.
  const bool may_take = MayTake();
  bool worked = false;
  for (const TopicPartition& input : inputs_.Due()) {
    // A partition without a leader takes its time to fail.
    pulse_.Beat();
    if (stop.stop_requested()) break;
    if (!inputs_.Look(input) || !may_take) continue;
    for (const LogRecord& record : inputs_.Read(input, options_.records_max, options_.bytes_max)) {
      worked = true;
      if (absl::Status status = Take(input, record, round); !status.ok()) {
        inputs_.Fail(input, status);
        break;
      }
    }
    if (round.bytes < kRoundBytesMax) continue;
    if (absl::Status status = Finish(round); !status.ok()) return status;
  }
  if (absl::Status status = Finish(round); !status.ok()) return status;
  return worked;
}

absl::Status IntakeRunner::Take(const TopicPartition& input, const LogRecord& record,
                                Round& round) {
  const std::string partner = PartnerOf(input.topic);
  intake::Intake::Result result = intake_.FromRecord(partner, record.value, record.append_time);
  Taken one;
  if (result.revision_message) Decide(record.append_time, result, one);
  if (const std::optional<v1::Rejection> rejection =
          intake::RejectionOf(partner, result, input.partition, record.offset)) {
    if (absl::Status status = Reject(partner, *rejection, one); !status.ok()) {
      Undo(one);
      return status;
    }
  }
  round.bytes += record.value.size();
  Taken& taken = round.taken[input];
  taken.next = record.offset + 1;
  taken.time = record.append_time;
  std::move(one.rejections.begin(), one.rejections.end(), std::back_inserter(taken.rejections));
  std::move(one.counted.begin(), one.counted.end(), std::back_inserter(taken.counted));
  ++taken.outcomes[result.outcome];
  for (const v1::Problem& problem : result.problems) ++taken.problems[problem.code()];
  taken.unknown_fields += result.unknown_fields;
  if (!result.revision_message) return absl::OkStatus();
  const core::Id key = core::ReportKey(partner, result.report_id);
  *output_.To(core::Mailbox::kDedupe, core::PartitionOf(key, options_.dedupe_partitions))
       .add_revisions() = std::move(*result.revision_message);
  return absl::OkStatus();
}

void IntakeRunner::Decide(core::Time arrival, intake::Intake::Result& result, Taken& taken) {
  internal::v1::ReportRevision& revision = *result.revision_message;
  if (options_.echoes != nullptr && options_.echoes->Mark(arrival, revision) > 0) {
    Tell("identifier.echo", result);
  }
  if (options_.quotas == nullptr) return;
  std::optional<Quotas::Counted> counted = options_.quotas->Count(revision, arrival);
  if (!counted) return;
  if (counted->beyond) {
    revision.set_held(true);
    result.outcome = v1::OUTCOME_HELD;
    Tell("report.held", result);
  }
  taken.counted.push_back(*std::move(counted));
}

void IntakeRunner::Undo(const Taken& taken) {
  for (const Quotas::Counted& counted : taken.counted) options_.quotas->Undo(counted);
}

void IntakeRunner::Tell(std::string_view code, intake::Intake::Result& result) {
  const intake::ProblemCode& row = *intake::FindProblemCode(code);
  v1::Problem& problem = result.problems.emplace_back();
  problem.set_code(std::string(row.code));
  problem.set_message(std::string(row.message));
}

absl::Status IntakeRunner::Reject(const std::string& partner, const v1::Rejection& rejection,
                                  Taken& taken) {
  const std::string topic = std::string(runtime::kRejectsPrefix) + partner;
  if (!rejects_topics_.contains(topic)) {
    absl::Status found = log_.Partitions(topic).status();
    if (absl::IsNotFound(found)) found = log_.CreateTopic(topic, {.partitions = 1});
    if (!found.ok()) return found;
    rejects_topics_.insert(topic);
  }
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(rejection, &json).ok()) {
    return absl::InternalError("a rejection cannot be written as JSON");
  }
  taken.rejections.push_back(
      {{topic, 0},
       std::to_string(rejection.partition()) + "/" + std::to_string(rejection.offset()),
       std::move(json)});
  return absl::OkStatus();
}

absl::Status IntakeRunner::Finish(Round& round) {
  if (round.taken.empty()) return absl::OkStatus();
  if (absl::Status status = Send(round); !status.ok()) return status;
  const Round sent = std::exchange(round, {});
  for (const auto& [input, taken] : sent.taken) {
    Count(PartnerOf(input.topic), taken);
    inputs_.Advance(input, taken.next, taken.time);
  }
  for (const auto& [input, taken] : sent.taken) {
    absl::Status status = log_.Commit(kReader, input, taken.next);
    if (!status.ok()) inputs_.Fail(input, status);
  }
  return absl::OkStatus();
}

absl::Status IntakeRunner::Send(Round& round) {
  std::vector<AppendRecord> revisions = output_.Take();
  std::vector<AppendRecord> all;
  for (const auto& [input, taken] : round.taken) {
    all.insert(all.end(), taken.rejections.begin(), taken.rejections.end());
  }
  if (all.empty()) {
    return revisions.empty() ? absl::OkStatus() : log_.Append(std::move(revisions)).status();
  }
  all.insert(all.end(), revisions.begin(), revisions.end());
  absl::Status status = log_.Append(std::move(all)).status();
  if (status.ok()) return status;
  // It may be one partner's topic: all but that go on.
  if (!revisions.empty()) {
    status = log_.Append(std::move(revisions)).status();
    if (!status.ok()) return status;
  }
  for (auto it = round.taken.begin(); it != round.taken.end();) {
    const auto& [input, taken] = *it;
    pulse_.Beat();
    if (!taken.rejections.empty()) status = log_.Append(taken.rejections).status();
    if (taken.rejections.empty() || status.ok()) {
      ++it;
      continue;
    }
    if (absl::IsNotFound(status)) rejects_topics_.erase(taken.rejections.front().to.topic);
    inputs_.Fail(input, status);
    Undo(taken);
    it = round.taken.erase(it);
  }
  return absl::OkStatus();
}

void IntakeRunner::Count(const std::string& partner, const Taken& taken) {
  for (const auto& [outcome, reports] : taken.outcomes) {
    metrics_.Add(Metric::kReports, {{"partner", partner}, {"outcome", OutcomeWord(outcome)}},
                 static_cast<double>(reports));
  }
  for (const auto& [code, problems] : taken.problems) {
    metrics_.Add(Metric::kProblems, {{"code", code}}, static_cast<double>(problems));
  }
  if (taken.unknown_fields > 0) {
    metrics_.Add(Metric::kUnknownFields, {{"partner", partner}},
                 static_cast<double>(taken.unknown_fields));
  }
}

void IntakeRunner::ReportLag() {
  const auto now = std::chrono::steady_clock::now();
  if (now - lag_reported_at_ < kReportLagEvery) return;
  lag_reported_at_ = now;
  const ReportInputs::Lag lag = inputs_.LagAt(runtime::SystemNow());
  const runtime::Labels labels = {{"stage", kReader}, {"partition", partition_label_}};
  metrics_.Set(Metric::kStageLag, labels, static_cast<double>(lag.records));
  if (lag.reached == core::kTimeMin) return;
  metrics_.Set(Metric::kStageTime, labels,
               static_cast<double>(lag.reached) / static_cast<double>(core::kSecond));
}

}  // namespace ringfence::intake_service
