#include "services/intake/report_inputs.h"

#include <algorithm>
#include <utility>

#include "services/runtime/logging.h"

namespace ringfence::intake_service {
namespace {

using runtime::LogRecord;
using runtime::Metric;
using runtime::Reaction;
using runtime::TopicPartition;

constexpr const char* kReader = runtime::kIntakeReader.data();
constexpr std::chrono::milliseconds kAskEndEvery{500};
// Of what a failure took: so much longer the next try waits.
constexpr int kWaitForOthers = 4;

bool IsPartnerName(std::string_view name) {
  return !name.empty() && name.size() <= 40 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

std::string NameOf(const TopicPartition& input) {
  return input.topic + "/" + std::to_string(input.partition);
}

}  // namespace

std::string PartnerOf(const std::string& reports_topic) {
  return reports_topic.substr(runtime::kReportsPrefix.size());
}

ReportInputs::~ReportInputs() {
  absl::MutexLock lock(&mutex_);
  for (const auto& [input, state] : inputs_) {
    metrics_.Remove(Metric::kInputStopped, {{"partner", PartnerOf(input.topic)},
                                            {"partition", std::to_string(input.partition)}});
  }
}

absl::Status ReportInputs::Find() {
  const absl::StatusOr<std::vector<std::string>> topics = log_.Topics(runtime::kReportsPrefix);
  if (!topics.ok()) return topics.status();
  std::map<std::string, int32_t> listed;
  for (const std::string& topic : *topics) {
    if (!IsPartnerName(PartnerOf(topic))) {
      if (!foreign_.insert(topic).second) continue;
      runtime::LogLine(runtime::LogLevel::kWarning, "topic is no partner's, and is not read",
                       {{"topic", topic}});
      continue;
    }
    const absl::StatusOr<int32_t> partitions = log_.Partitions(topic);
    // It is being made, or has just been deleted: the next look tells.
    if (partitions.ok()) listed[topic] = *partitions;
  }
  listed_ = std::move(listed);
  for (const auto& [topic, partitions] : listed_) {
    for (int32_t p = options_.partition; p < partitions; p += options_.partitions) {
      {
        absl::MutexLock lock(&mutex_);
        if (!inputs_.try_emplace({topic, p}).second) continue;
      }
      // So that the first that are lost show as an increase.
      metrics_.Add(Metric::kLostOffsets, {{"partner", PartnerOf(topic)}}, 0);
    }
  }
  return absl::OkStatus();
}

bool ReportInputs::IsListed(const TopicPartition& input) const {
  const auto listed = listed_.find(input.topic);
  return listed != listed_.end() && input.partition < listed->second;
}

std::vector<TopicPartition> ReportInputs::Due() const {
  const Clock::time_point now = Clock::now();
  std::vector<TopicPartition> due;
  absl::MutexLock lock(&mutex_);
  const std::pair<const TopicPartition, Input>* retried = nullptr;
  for (const auto& entry : inputs_) {
    if (!entry.second.failing) continue;
    if (entry.second.try_at > now) continue;
    if (retried == nullptr || entry.second.try_at < retried->second.try_at) retried = &entry;
  }
  for (const auto& entry : inputs_) {
    if (!entry.second.failing || &entry == retried) due.push_back(entry.first);
  }
  return due;
}

bool ReportInputs::Look(const TopicPartition& input) {
  bool is_open = false;
  bool ask_end = false;
  {
    const Clock::time_point now = Clock::now();
    absl::MutexLock lock(&mutex_);
    Input& state = inputs_.at(input);
    state.tried_at = now;
    // One that was stopped may have been put right by moving its reader, or made anew.
    is_open = state.next && state.stopped_because.empty();
    ask_end = state.failing || now >= state.ask_end_at;
  }
  absl::Status status;
  if (!is_open) {
    status = Open(input);
  } else if (ask_end) {
    status = AskEnd(input);
  }
  if (!status.ok()) Fail(input, status);
  return status.ok();
}

absl::StatusOr<int64_t> ReportInputs::Place(const TopicPartition& input, int64_t start,
                                            int64_t end) {
  const absl::StatusOr<std::optional<int64_t>> committed = log_.Committed(kReader, input);
  if (!committed.ok()) return committed.status();
  const int64_t next = committed->value_or(start);
  if (next <= end) return next;
  return absl::FailedPreconditionError("intake was at offset " + std::to_string(next) + " of " +
                                       NameOf(input) + ", which ends at " + std::to_string(end) +
                                       ": it is another log, or has lost records");
}

absl::Status ReportInputs::Open(const TopicPartition& input) {
  const absl::StatusOr<int64_t> start = log_.StartOffset(input);
  if (!start.ok()) return start.status();
  if (absl::Status status = AskEnd(input); !status.ok()) return status;
  int64_t end = 0;
  {
    absl::MutexLock lock(&mutex_);
    end = inputs_.at(input).end;
  }
  const absl::StatusOr<int64_t> next = Place(input, *start, end);
  if (!next.ok()) return next.status();
  if (*next < *start) return SkipLost(input, *next, *start);
  absl::MutexLock lock(&mutex_);
  inputs_.at(input).next = *next;
  return absl::OkStatus();
}

absl::Status ReportInputs::AskEnd(const TopicPartition& input) {
  const absl::StatusOr<int64_t> end = log_.EndOffset(input);
  if (!end.ok()) return end.status();
  absl::MutexLock lock(&mutex_);
  Input& state = inputs_.at(input);
  state.end = *end;
  state.ask_end_at = Clock::now() + kAskEndEvery;
  return absl::OkStatus();
}

absl::Status ReportInputs::SkipLost(const TopicPartition& input, int64_t next, int64_t start) {
  // So that a start tells of them once.
  if (absl::Status status = log_.Commit(kReader, input, start); !status.ok()) return status;
  metrics_.Add(Metric::kLostOffsets, {{"partner", PartnerOf(input.topic)}},
               static_cast<double>(start - next));
  runtime::LogLine(runtime::LogLevel::kError, "reports were removed before they were read",
                   {{"topic", input.topic},
                    {"partition", int64_t{input.partition}},
                    {"from_offset", next},
                    {"goes_on_at_offset", start},
                    {"lost_offsets", start - next}});
  absl::MutexLock lock(&mutex_);
  Input& state = inputs_.at(input);
  state.next = start;
  state.end = std::max(state.end, start);
  return absl::OkStatus();
}

std::vector<LogRecord> ReportInputs::Read(const TopicPartition& input, size_t records_max,
                                          size_t bytes_max) {
  int64_t next = 0;
  {
    absl::MutexLock lock(&mutex_);
    next = *inputs_.at(input).next;
  }
  absl::StatusOr<std::vector<LogRecord>> records = log_.Read(input, next, records_max, bytes_max);
  absl::Status status = records.status();
  if (absl::IsOutOfRange(status)) {
    const absl::StatusOr<int64_t> start = log_.StartOffset(input);
    if (!start.ok()) {
      status = start.status();
    } else if (*start > next) {
      status = SkipLost(input, next, *start);
      if (status.ok()) return {};
    }
  }
  if (!status.ok()) {
    Fail(input, status);
    return {};
  }
  // What comes of records may fail still.
  if (records->empty()) Recover(input);
  return *std::move(records);
}

void ReportInputs::Advance(const TopicPartition& input, int64_t next, core::Time taken) {
  {
    absl::MutexLock lock(&mutex_);
    const auto known = inputs_.find(input);
    if (known == inputs_.end()) return;
    known->second.next = next;
    known->second.end = std::max(known->second.end, next);
    known->second.taken = taken;
  }
  Recover(input);
}

void ReportInputs::Fail(const TopicPartition& input, const absl::Status& error) {
  Reaction reaction = runtime::ReactionTo(error);
  if (absl::IsNotFound(error)) {
    if (!IsListed(input)) return Drop(input);
    // It is being made, or not all brokers know it yet.
    reaction = Reaction::kRetry;
  }
  const std::string why(error.message());
  {
    const Clock::time_point now = Clock::now();
    absl::MutexLock lock(&mutex_);
    const auto known = inputs_.find(input);
    if (known == inputs_.end()) return;
    Input& state = known->second;
    state.failing = true;
    if (reaction == Reaction::kStop) {
      state.try_at = now + options_.look_again;
      if (state.stopped_because == why) return;
      state.stopped_because = why;
    } else {
      std::chrono::nanoseconds wait = state.backoff.Next();
      // One that may be gone is asked again soon: only so it is found to be.
      if (IsListed(input)) wait = std::max(wait, kWaitForOthers * (now - state.tried_at));
      state.try_at = now + std::min<std::chrono::nanoseconds>(wait, options_.look_again);
    }
  }
  ReportFailure(input, reaction, error);
}

void ReportInputs::ReportFailure(const TopicPartition& input, Reaction reaction,
                                 const absl::Status& error) {
  metrics_.Add(Metric::kStageErrors,
               {{"stage", kReader}, {"reaction", runtime::ReactionWord(reaction)}});
  runtime::LogLine(
      reaction == Reaction::kStop ? runtime::LogLevel::kError : runtime::LogLevel::kWarning,
      "partner's topic cannot be read, others are",
      {{"topic", input.topic},
       {"partition", int64_t{input.partition}},
       {"reaction", runtime::ReactionWord(reaction)},
       {"error", std::string(error.message())}});
  if (reaction != Reaction::kStop) return;
  metrics_.Set(
      Metric::kInputStopped,
      {{"partner", PartnerOf(input.topic)}, {"partition", std::to_string(input.partition)}}, 1);
}

void ReportInputs::Recover(const TopicPartition& input) {
  {
    absl::MutexLock lock(&mutex_);
    Input& state = inputs_.at(input);
    // It may have failed since it was tried, behind records that were taken.
    if (!state.failing || state.try_at > state.tried_at) return;
    state.failing = false;
    state.backoff.Reset();
    if (state.stopped_because.empty()) return;
    state.stopped_because.clear();
  }
  metrics_.Remove(Metric::kInputStopped, {{"partner", PartnerOf(input.topic)},
                                          {"partition", std::to_string(input.partition)}});
  runtime::LogLine(runtime::LogLevel::kInfo, "partner's topic is read again",
                   {{"topic", input.topic}, {"partition", int64_t{input.partition}}});
}

void ReportInputs::Drop(const TopicPartition& input) {
  {
    absl::MutexLock lock(&mutex_);
    inputs_.erase(input);
  }
  metrics_.Remove(Metric::kInputStopped, {{"partner", PartnerOf(input.topic)},
                                          {"partition", std::to_string(input.partition)}});
  runtime::LogLine(runtime::LogLevel::kWarning, "partner's topic is gone",
                   {{"topic", input.topic}, {"partition", int64_t{input.partition}}});
}

std::vector<runtime::Log::Position> ReportInputs::Positions() const {
  std::vector<runtime::Log::Position> positions;
  absl::MutexLock lock(&mutex_);
  for (const auto& [input, state] : inputs_) {
    if (!state.failing && state.next) positions.push_back({input, *state.next});
  }
  return positions;
}

ReportInputs::Lag ReportInputs::LagAt(core::Time now) const {
  Lag lag{.records = 0, .reached = now};
  absl::MutexLock lock(&mutex_);
  for (const auto& [input, state] : inputs_) {
    if (!state.next || !state.stopped_because.empty() || state.end <= *state.next) continue;
    lag.records += state.end - *state.next;
    // Nothing taken yet since the start: how far it had come is not known.
    lag.reached = std::min(lag.reached, state.taken.value_or(core::kTimeMin));
  }
  return lag;
}

std::vector<runtime::Progress> ReportInputs::progress() const {
  std::vector<runtime::Progress> progress;
  absl::MutexLock lock(&mutex_);
  for (const auto& [input, state] : inputs_) {
    if (!state.next && state.stopped_because.empty()) continue;
    runtime::Progress& entry = progress.emplace_back();
    entry.stage = kReader;
    entry.input = input;
    entry.applied = state.next.value_or(0);
    entry.end = std::max(entry.applied, state.end);
    entry.stopped_because = state.stopped_because;
    entry.fails_alone = state.failing;
  }
  return progress;
}

}  // namespace ringfence::intake_service
