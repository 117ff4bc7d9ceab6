#include "services/intake/known_set.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "ringfence/internal/v1/decision.pb.h"
#include "ringfence/internal/v1/mailbox.pb.h"
#include "services/intake/echoes.h"
#include "services/runtime/clock.h"
#include "services/runtime/logging.h"
#include "services/runtime/reaction.h"
#include "services/runtime/thread_name.h"

namespace ringfence::intake_service {
namespace {

constexpr std::chrono::milliseconds kWait{100};
// Of an identifier's record.
constexpr size_t kIdBytes = 16;

}  // namespace

KnownSet::KnownSet(const Options& options, runtime::Log& log)
    : options_(options), log_(log), thread_([this](const std::stop_token& stop) { Run(stop); }) {}

KnownSet::~KnownSet() {
  thread_.request_stop();
  thread_.join();
}

bool KnownSet::is_complete() const {
  absl::MutexLock lock(&mutex_);
  return complete_;
}

bool KnownSet::Contains(const core::Id& identifier) const {
  absl::MutexLock lock(&mutex_);
  return listed_.contains(identifier);
}

bool KnownSet::ListedBefore(const core::Id& identifier, core::Time time) const {
  absl::MutexLock lock(&mutex_);
  const auto listed = listed_.find(identifier);
  return listed != listed_.end() && listed->second < time;
}

std::map<std::string, core::Time> KnownSet::receivers() const {
  absl::MutexLock lock(&mutex_);
  return WithMembers(receivers_, organisations_);
}

void KnownSet::Run(const std::stop_token& stop) {
  runtime::NameThread("known set");
  runtime::Backoff backoff;
  while (!stop.stop_requested()) {
    const absl::StatusOr<bool> read = ReadOn();
    if (!read.ok()) {
      runtime::LogLine(runtime::LogLevel::kWarning, "intake could not read the set",
                       {{"error", std::string(read.status().message())}});
      runtime::SleepUnlessStopped(stop, backoff.Next());
      continue;
    }
    backoff.Reset();
    if (*read) continue;
    std::vector<runtime::Log::Position> positions;
    for (const auto* inputs : {&decisions_, &indicators_}) {
      for (const Input& input : *inputs) positions.push_back({input.partition, input.next});
    }
    if (positions.empty()) {
      runtime::SleepUnlessStopped(stop, kWait);
    } else {
      log_.WaitForAny(positions, kWait);
    }
  }
}

absl::StatusOr<bool> KnownSet::ReadOn() {
  if (decisions_.empty()) {
    if (absl::Status s = Open(runtime::kOverridesTopic, decisions_); !s.ok()) return s;
  }
  bool any = false;
  bool complete = true;
  const auto read_all = [&](std::vector<Input>& inputs) -> absl::Status {
    for (Input& input : inputs) {
      const absl::StatusOr<bool> read = Read(input);
      if (!read.ok()) return read.status();
      any = any || *read;
      complete = complete && input.next >= input.end;
    }
    return absl::OkStatus();
  };
  if (absl::Status status = read_all(decisions_); !status.ok()) return status;
  if (complete && indicators_.empty() && (options_.needs_indicators || !receivers().empty())) {
    if (absl::Status s = Open(runtime::kIndicatorsTopic, indicators_); !s.ok()) return s;
    absl::MutexLock lock(&mutex_);
    complete_ = complete_ && indicators_.empty();
  }
  if (absl::Status status = read_all(indicators_); !status.ok()) return status;
  absl::MutexLock lock(&mutex_);
  complete_ = complete;
  return any;
}

absl::Status KnownSet::Open(std::string_view topic, std::vector<Input>& inputs) const {
  const absl::StatusOr<int32_t> partitions = log_.Partitions(std::string(topic));
  if (absl::IsNotFound(partitions.status())) return absl::OkStatus();
  if (!partitions.ok()) return partitions.status();
  std::vector<Input> opened;
  for (int32_t partition = 0; partition < *partitions; ++partition) {
    Input& input = opened.emplace_back();
    input.partition = {std::string(topic), partition};
    const absl::StatusOr<int64_t> start = log_.StartOffset(input.partition);
    if (!start.ok()) return start.status();
    const absl::StatusOr<int64_t> end = log_.EndOffset(input.partition);
    if (!end.ok()) return end.status();
    input.next = *start;
    input.end = *end;
  }
  inputs = std::move(opened);
  return absl::OkStatus();
}

absl::StatusOr<bool> KnownSet::Read(Input& input) {
  const auto records =
      log_.Read(input.partition, input.next, options_.records_max, options_.bytes_max);
  if (!records.ok()) return records.status();
  if (records->empty()) {
    // In a compacted topic offsets may be missing up to its end.
    input.next = std::max(input.next, input.end);
    return false;
  }
  absl::MutexLock lock(&mutex_);
  const bool is_decision = input.partition.topic == runtime::kOverridesTopic;
  for (const runtime::LogRecord& record : *records) Take(record, is_decision);
  input.next = records->back().offset + 1;
  return true;
}

void KnownSet::Take(const runtime::LogRecord& record, bool is_decision) {
  if (is_decision) {
    internal::v1::DecisionRecord decision;
    if (!decision.ParseFromString(record.value)) return;
    if (decision.has_organisations()) organisations_ = decision.organisations();
    if (!decision.has_set_receiver()) return;
    receivers_[decision.set_receiver().receiver()] = decision.set_receiver().since();
    return;
  }
  if (record.key.size() != kIdBytes) return;
  const core::Id id = core::Id::FromBytes(record.key);
  internal::v1::IndicatorRecord indicator;
  if (record.value.empty() || !indicator.ParseFromString(record.value) ||
      !indicator.has_indicator()) {
    listed_.erase(id);
    return;
  }
  const v1::Indicator& listed = indicator.indicator();
  listed_[id] = listed.action() >= v1::ACTION_CHALLENGE ? core::FromProto(listed.action_since())
                                                        : core::kTimeMax;
}

}  // namespace ringfence::intake_service
