#include "services/intake/intake_runner.h"

#include <google/protobuf/util/json_util.h>

#include <chrono>
#include <utility>

#include "pipelines/core/id.h"
#include "services/runtime/logging.h"
#include "services/runtime/reaction.h"

namespace ringfence::intake_service {
namespace {

using runtime::AppendRecord;
using runtime::LogRecord;
using runtime::Metric;
using runtime::TopicPartition;

constexpr char kReader[] = "intake";
constexpr std::chrono::milliseconds kWait{50};

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
      intake_(options.intake),
      output_({.source_partition = static_cast<uint32_t>(options.partition),
               .dedupe_partitions = options.dedupe_partitions,
               .cluster_partitions = options.cluster_partitions}),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

IntakeRunner::~IntakeRunner() {
  thread_.request_stop();
  thread_.join();
}

std::vector<runtime::Progress> IntakeRunner::progress() const {
  std::lock_guard lock(mutex_);
  std::vector<runtime::Progress> progress;
  for (const auto& [topic, next] : next_) {
    runtime::Progress& entry = progress.emplace_back();
    entry.stage = kReader;
    entry.input = {topic, options_.partition};
    entry.applied = next;
    entry.stopped_because = stopped_because_;
  }
  return progress;
}

void IntakeRunner::Run(const std::stop_token& stop) {
  runtime::Backoff backoff;
  while (!stop.stop_requested()) {
    absl::StatusOr<bool> worked = RunRound();
    if (worked.ok()) {
      backoff.Reset();
      if (*worked) continue;
      std::vector<runtime::Log::Position> positions;
      for (const auto& [topic, next] : next_)
        positions.push_back({{topic, options_.partition}, next});
      log_.WaitForAny(positions, kWait);
      continue;
    }
    const runtime::Reaction reaction = runtime::ReactionTo(worked.status());
    metrics_.Add(Metric::kStageErrors,
                 {{"stage", kReader}, {"reaction", runtime::ReactionWord(reaction)}});
    runtime::LogLine(runtime::LogLevel::kError, "intake failed",
                     {{"reaction", runtime::ReactionWord(reaction)},
                      {"error", std::string(worked.status().message())}});
    output_.Take();
    if (reaction == runtime::Reaction::kStop) {
      std::lock_guard lock(mutex_);
      stopped_because_ = std::string(worked.status().message());
      return;
    }
    std::this_thread::sleep_for(backoff.Next());
  }
}

absl::Status IntakeRunner::FindTopics() {
  absl::StatusOr<std::vector<std::string>> topics = log_.Topics(runtime::kReportsPrefix);
  if (!topics.ok()) return topics.status();
  for (const std::string& topic : *topics) {
    if (next_.contains(topic)) continue;
    absl::StatusOr<std::optional<int64_t>> committed =
        log_.Committed(kReader, {topic, options_.partition});
    if (!committed.ok()) return committed.status();
    absl::StatusOr<int64_t> start = log_.StartOffset({topic, options_.partition});
    if (!start.ok()) return start.status();
    std::lock_guard lock(mutex_);
    next_[topic] = committed->value_or(*start);
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> IntakeRunner::RunRound() {
  if (absl::Status status = FindTopics(); !status.ok()) return status;
  bool worked = false;
  for (auto& [topic, next] : next_) {
    absl::StatusOr<bool> read = RunTopic(topic, next);
    if (!read.ok()) return read.status();
    worked = worked || *read;
  }
  return worked;
}

absl::StatusOr<bool> IntakeRunner::RunTopic(const std::string& topic, int64_t& next) {
  const TopicPartition input{topic, options_.partition};
  absl::StatusOr<std::vector<LogRecord>> records =
      log_.Read(input, next, options_.records_max, options_.bytes_max);
  if (!records.ok()) return records.status();
  if (records->empty()) return false;
  const std::string partner = topic.substr(runtime::kReportsPrefix.size());
  std::vector<AppendRecord> sent;
  for (const LogRecord& record : *records) Take(partner, record, sent);
  if (!sent.empty()) {
    absl::Status created = log_.CreateTopic(sent.front().to.topic, {.partitions = 1});
    if (!created.ok()) return created;
  }
  for (AppendRecord& record : output_.Take()) sent.push_back(std::move(record));
  if (absl::Status status = log_.Append(std::move(sent)).status(); !status.ok()) return status;
  {
    std::lock_guard lock(mutex_);
    next = records->back().offset + 1;
  }
  if (absl::Status status = log_.Commit(kReader, input, next); !status.ok()) return status;
  return true;
}

void IntakeRunner::Take(const std::string& partner, const LogRecord& record,
                        std::vector<AppendRecord>& rejections) {
  intake::Intake::Result result = intake_.FromRecord(partner, record.value, record.append_time);
  metrics_.Add(Metric::kReports, {{"partner", partner}, {"outcome", OutcomeWord(result.outcome)}});
  for (const v1::Problem& problem : result.problems)
    metrics_.Add(Metric::kProblems, {{"code", problem.code()}});
  if (result.unknown_fields > 0) {
    metrics_.Add(Metric::kUnknownFields, {{"partner", partner}},
                 static_cast<double>(result.unknown_fields));
  }
  if (auto rejection = intake::RejectionOf(partner, result, options_.partition, record.offset)) {
    std::string json;
    // A rejection holds nothing that JSON cannot.
    (void)google::protobuf::util::MessageToJsonString(*rejection, &json);
    rejections.push_back({{std::string(runtime::kRejectsPrefix) + partner, 0},
                          std::to_string(options_.partition) + "/" + std::to_string(record.offset),
                          std::move(json)});
  }
  if (!result.revision_message) return;
  const core::Id key = core::ReportKey(partner, result.report_id);
  *output_.To(core::Mailbox::kDedupe, core::PartitionOf(key, options_.dedupe_partitions))
       .add_revisions() = std::move(*result.revision_message);
}

}  // namespace ringfence::intake_service
