#include "services/intake/intake_runner.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <chrono>
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

bool IsPartnerName(std::string_view name) {
  return !name.empty() && name.size() <= 40 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

std::string PartnerOf(const std::string& reports_topic) {
  return reports_topic.substr(runtime::kReportsPrefix.size());
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
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

IntakeRunner::~IntakeRunner() {
  thread_.request_stop();
  thread_.join();
  for (const Metric metric : {Metric::kStageLag, Metric::kStageStopped, Metric::kStageTime})
    metrics_.Remove(metric, {{"stage", kReader}, {"partition", partition_label_}});
}

std::vector<runtime::Progress> IntakeRunner::progress() const {
  std::vector<runtime::Progress> progress;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [input, next] : next_) {
      runtime::Progress& entry = progress.emplace_back();
      entry.stage = kReader;
      entry.input = input;
      entry.applied = next;
      entry.stopped_because = stopped_because_;
    }
  }
  for (runtime::Progress& entry : progress) {
    entry.end = std::max(entry.applied, log_.EndOffset(entry.input).value_or(0));
  }
  return progress;
}

void IntakeRunner::Run(const std::stop_token& stop) {
  runtime::NameThread("intake");
  metrics_.Set(Metric::kStageStopped, {{"stage", kReader}, {"partition", partition_label_}}, 0);
  runtime::Backoff backoff;
  while (!stop.stop_requested()) {
    pulse_.Beat();
    const absl::StatusOr<bool> worked = RunRound();
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
    std::vector<runtime::Log::Position> positions;
    {
      absl::MutexLock lock(&mutex_);
      for (const auto& [input, next] : next_) positions.push_back({input, next});
    }
    log_.WaitForAny(positions, kWait);
  }
  // Stopped by an error: the lag goes on growing, and has to be seen.
  while (!stop.stop_requested()) {
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

absl::Status IntakeRunner::FindTopics() {
  const absl::StatusOr<std::vector<std::string>> topics = log_.Topics(runtime::kReportsPrefix);
  if (!topics.ok()) return topics.status();
  for (const std::string& topic : *topics) {
    if (topics_.contains(topic)) continue;
    if (IsPartnerName(PartnerOf(topic))) {
      absl::Status status = AddTopic(topic);
      // It is being made, or has just been deleted.
      if (absl::IsNotFound(status)) continue;
      if (!status.ok()) return status;
    } else {
      runtime::LogLine(runtime::LogLevel::kWarning, "topic is no partner's, and is not read",
                       {{"topic", topic}});
    }
    topics_.insert(topic);
  }
  return absl::OkStatus();
}

absl::Status IntakeRunner::AddTopic(const std::string& topic) {
  const absl::StatusOr<int32_t> partitions = log_.Partitions(topic);
  if (!partitions.ok()) return partitions.status();
  for (int32_t p = options_.partition; p < *partitions; p += options_.partitions) {
    const TopicPartition input{topic, p};
    const absl::StatusOr<std::optional<int64_t>> committed = log_.Committed(kReader, input);
    if (!committed.ok()) return committed.status();
    const absl::StatusOr<int64_t> start = log_.StartOffset(input);
    if (!start.ok()) return start.status();
    const absl::StatusOr<int64_t> end = log_.EndOffset(input);
    if (!end.ok()) return end.status();
    const int64_t next = committed->value_or(*start);
    if (next > *end) {
      return absl::OutOfRangeError("intake was at offset " + std::to_string(next) + " of " + topic +
                                   "/" + std::to_string(p) + ", which ends at " +
                                   std::to_string(*end) + ": it is another log");
    }
    absl::MutexLock lock(&mutex_);
    next_[input] = next;
  }
  return absl::OkStatus();
}

bool IntakeRunner::MayTake() const { return !options_.may_take || options_.may_take(); }

absl::StatusOr<bool> IntakeRunner::RunRound() {
  Round round;
  absl::StatusOr<bool> worked = RunRound(round);
  // What is in no log yet is taken again, and counts once.
  if (!worked.ok()) {
    for (const Quotas::Counted& counted : round.counted) options_.quotas->Undo(counted);
  }
  return worked;
}

absl::StatusOr<bool> IntakeRunner::RunRound(Round& round) {
  if (absl::Status status = FindTopics(); !status.ok()) return status;
  // Its topics are known all the same, so that what waits in them shows.
  if (!MayTake()) return false;
  std::map<TopicPartition, int64_t> inputs;
  {
    absl::MutexLock lock(&mutex_);
    inputs = next_;
  }
  bool worked = false;
  for (const auto& [input, next] : inputs) {
    const absl::StatusOr<std::vector<LogRecord>> records =
        log_.Read(input, next, options_.records_max, options_.bytes_max);
    if (!records.ok()) return records.status();
    if (records->empty()) continue;
    worked = true;
    const std::string partner = PartnerOf(input.topic);
    for (const LogRecord& record : *records) {
      if (absl::Status status = Take(partner, input, record, round); !status.ok()) return status;
    }
    if (round.bytes < kRoundBytesMax) continue;
    if (absl::Status status = Finish(round); !status.ok()) return status;
  }
  if (absl::Status status = Finish(round); !status.ok()) return status;
  return worked;
}

absl::Status IntakeRunner::Take(const std::string& partner, const TopicPartition& input,
                                const LogRecord& record, Round& round) {
  intake::Intake::Result result = intake_.FromRecord(partner, record.value, record.append_time);
  if (result.revision_message) Decide(record.append_time, result, round);
  round.bytes += record.value.size();
  round.next[input] = record.offset + 1;
  round.taken[input] = record.append_time;
  ++round.outcomes[{partner, result.outcome}];
  for (const v1::Problem& problem : result.problems) ++round.problems[problem.code()];
  if (result.unknown_fields > 0) round.unknown_fields[partner] += result.unknown_fields;
  if (const std::optional<v1::Rejection> rejection =
          intake::RejectionOf(partner, result, input.partition, record.offset)) {
    if (absl::Status status = Reject(partner, *rejection, round); !status.ok()) return status;
  }
  if (!result.revision_message) return absl::OkStatus();
  const core::Id key = core::ReportKey(partner, result.report_id);
  *output_.To(core::Mailbox::kDedupe, core::PartitionOf(key, options_.dedupe_partitions))
       .add_revisions() = std::move(*result.revision_message);
  return absl::OkStatus();
}

void IntakeRunner::Decide(core::Time arrival, intake::Intake::Result& result, Round& round) {
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
  round.counted.push_back(*std::move(counted));
}

void IntakeRunner::Tell(std::string_view code, intake::Intake::Result& result) {
  const intake::ProblemCode& row = *intake::FindProblemCode(code);
  v1::Problem& problem = result.problems.emplace_back();
  problem.set_code(std::string(row.code));
  problem.set_message(std::string(row.message));
}

absl::Status IntakeRunner::Reject(const std::string& partner, const v1::Rejection& rejection,
                                  Round& round) {
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
  round.rejections.push_back(
      {{topic, 0},
       std::to_string(rejection.partition()) + "/" + std::to_string(rejection.offset()),
       std::move(json)});
  return absl::OkStatus();
}

absl::Status IntakeRunner::Finish(Round& round) {
  if (round.next.empty()) return absl::OkStatus();
  std::vector<AppendRecord> sent = output_.Take();
  sent.insert(sent.end(), std::make_move_iterator(round.rejections.begin()),
              std::make_move_iterator(round.rejections.end()));
  if (!sent.empty()) {
    absl::Status appended = log_.Append(std::move(sent)).status();
    if (!appended.ok()) return appended;
  }
  Count(round);
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [input, next] : round.next) next_[input] = next;
    for (const auto& [input, time] : round.taken) taken_[input] = time;
  }
  for (const auto& [input, next] : std::exchange(round, {}).next) {
    if (absl::Status status = log_.Commit(kReader, input, next); !status.ok()) return status;
  }
  return absl::OkStatus();
}

void IntakeRunner::Count(const Round& round) {
  for (const auto& [key, reports] : round.outcomes) {
    metrics_.Add(Metric::kReports, {{"partner", key.first}, {"outcome", OutcomeWord(key.second)}},
                 static_cast<double>(reports));
  }
  for (const auto& [code, problems] : round.problems) {
    metrics_.Add(Metric::kProblems, {{"code", code}}, static_cast<double>(problems));
  }
  for (const auto& [partner, fields] : round.unknown_fields) {
    metrics_.Add(Metric::kUnknownFields, {{"partner", partner}}, static_cast<double>(fields));
  }
}

void IntakeRunner::ReportLag() {
  // Asks the log about every partition.
  const auto now = std::chrono::steady_clock::now();
  if (now - lag_reported_at_ < kReportLagEvery) return;
  lag_reported_at_ = now;
  // All that came by then has been taken.
  core::Time reached = runtime::SystemNow();
  int64_t lag = 0;
  for (const runtime::Progress& entry : progress()) {
    lag += entry.end - entry.applied;
    if (entry.end == entry.applied) continue;
    absl::MutexLock lock(&mutex_);
    const auto taken = taken_.find(entry.input);
    // Nothing taken yet since the start: how far it had come is not known.
    reached = taken == taken_.end() ? core::kTimeMin : std::min(reached, taken->second);
  }
  const runtime::Labels labels = {{"stage", kReader}, {"partition", partition_label_}};
  metrics_.Set(Metric::kStageLag, labels, static_cast<double>(lag));
  if (reached == core::kTimeMin) return;
  metrics_.Set(Metric::kStageTime, labels,
               static_cast<double>(reached) / static_cast<double>(core::kSecond));
}

}  // namespace ringfence::intake_service
