#include "services/publish/console/partners.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "google/protobuf/util/json_util.h"
#include "ringfence/v1/report_service.pb.h"
#include "services/runtime/log/time_index.h"

namespace ringfence::publish {
namespace {

using runtime::LogRecord;
using runtime::TopicPartition;

constexpr size_t kProblemsMax = 50;
constexpr size_t kReadBytes = size_t{1} << 20;

void Count(const std::string& json, std::map<std::string, uint32_t>& problems) {
  v1::Rejection rejection;
  if (!google::protobuf::util::JsonStringToMessage(json, &rejection).ok()) return;
  for (const v1::Problem& problem : rejection.problems()) ++problems[problem.code()];
}

uint32_t CountOf(int64_t from, int64_t end) {
  return static_cast<uint32_t>(std::max<int64_t>(0, end - from));
}

void SetLatest(core::Time time, google::protobuf::Timestamp& latest) {
  if (time > core::FromProto(latest)) latest = core::ToProto(time);
}

}  // namespace

absl::StatusOr<std::shared_ptr<const console::v1::Partners>> PartnerWatch::Get() {
  // What partners send changes all the time.
  const auto now = static_cast<uint64_t>(options_.clock());
  return *kept_.Get(0, now, [this]() -> Looked {
    absl::StatusOr<console::v1::Partners> partners = Look();
    if (!partners.ok()) return partners.status();
    return std::make_shared<const console::v1::Partners>(*std::move(partners));
  });
}

absl::StatusOr<console::v1::Partners> PartnerWatch::Look() {
  const absl::MutexLock lock(&mutex_);
  absl::StatusOr<std::vector<std::string>> reports = log_.Topics(runtime::kReportsPrefix);
  if (!reports.ok()) return reports.status();
  absl::StatusOr<std::vector<std::string>> rejects = log_.Topics(runtime::kRejectsPrefix);
  if (!rejects.ok()) return rejects.status();
  console::v1::Partners partners;
  const core::Time now = options_.clock();
  // One whose every report was rejected has no topic for reports.
  std::map<std::string, std::pair<bool, bool>> names;
  for (const std::string& topic : *reports)
    names[topic.substr(runtime::kReportsPrefix.size())].first = true;
  for (const std::string& topic : *rejects)
    names[topic.substr(runtime::kRejectsPrefix.size())].second = true;
  for (const auto& [name, has] : names) {
    if (static_cast<size_t>(partners.partners_size()) == options_.partners_max) {
      partners.set_is_partial(true);
      break;
    }
    console::v1::PartnerStatus& partner = *partners.add_partners();
    partner.set_partner(name);
    absl::Status status;
    if (has.first) status = AddReports(std::string(runtime::kReportsPrefix) + name, now, partner);
    if (status.ok() && has.second)
      status = AddRejects(std::string(runtime::kRejectsPrefix) + name, now, partner);
    if (!status.ok()) return status;
  }
  return partners;
}

absl::Status PartnerWatch::AddReports(const std::string& topic, core::Time now,
                                      console::v1::PartnerStatus& partner) {
  const absl::StatusOr<int32_t> partitions = log_.Partitions(topic);
  if (!partitions.ok()) return partitions.status();
  for (int32_t p = 0; p < *partitions; ++p) {
    const TopicPartition from{topic, p};
    const absl::StatusOr<int64_t> end = log_.EndOffset(from);
    if (!end.ok()) return end.status();
    const absl::StatusOr<int64_t> start = log_.StartOffset(from);
    if (!start.ok()) return start.status();
    partner.set_reports(partner.reports() + static_cast<uint32_t>(*end));
    if (*end == *start) continue;
    const absl::StatusOr<int64_t> day = runtime::OffsetAt(log_, from, now - core::kDay);
    if (!day.ok()) return day.status();
    const absl::StatusOr<int64_t> hour = runtime::OffsetAt(log_, from, now - core::kHour);
    if (!hour.ok()) return hour.status();
    // More may have come meanwhile.
    partner.set_last_day(partner.last_day() + CountOf(*day, *end));
    partner.set_last_hour(partner.last_hour() + CountOf(*hour, *end));
    Latest& latest = latest_[from];
    if (latest.end != *end) {
      const absl::StatusOr<std::vector<LogRecord>> last = log_.Read(from, *end - 1, 1, 1);
      if (!last.ok()) return last.status();
      if (!last->empty()) latest = {*end, last->front().append_time, {}};
    }
    if (latest.append_time != 0) SetLatest(latest.append_time, *partner.mutable_last_report_at());
  }
  return absl::OkStatus();
}

absl::Status PartnerWatch::AddRejects(const std::string& topic, core::Time now,
                                      console::v1::PartnerStatus& partner) {
  const TopicPartition from{topic, 0};
  const absl::StatusOr<int64_t> end = log_.EndOffset(from);
  if (!end.ok()) return end.status();
  const absl::StatusOr<int64_t> start = log_.StartOffset(from);
  if (!start.ok()) return start.status();
  const absl::StatusOr<int64_t> day = runtime::OffsetAt(log_, from, now - core::kDay);
  if (!day.ok()) return day.status();
  partner.set_rejects(static_cast<uint32_t>(*end));
  partner.set_rejects_last_day(CountOf(*day, *end));
  Latest& latest = latest_[from];
  if (latest.end != *end) {
    std::map<std::string, uint32_t> problems;
    if (absl::Status status = ReadProblems(from, *start, *end, problems); !status.ok())
      return status;
    latest = {*end, 0, std::move(problems)};
  }
  std::vector<std::pair<uint32_t, std::string>> sorted;
  for (const auto& [code, count] : latest.problems) sorted.emplace_back(count, code);
  std::sort(sorted.rbegin(), sorted.rend());
  if (sorted.size() > kProblemsMax) sorted.resize(kProblemsMax);
  for (auto& [count, code] : sorted) {
    console::v1::ProblemCount& problem = *partner.add_problems();
    problem.set_code(std::move(code));
    problem.set_count(count);
  }
  return absl::OkStatus();
}

absl::Status PartnerWatch::ReadProblems(const TopicPartition& from, int64_t start, int64_t end,
                                        std::map<std::string, uint32_t>& problems) const {
  const auto looked_at = static_cast<int64_t>(options_.rejects_max);
  for (int64_t next = std::max(start, end - looked_at); next < end;) {
    const absl::StatusOr<std::vector<LogRecord>> records =
        log_.Read(from, next, options_.rejects_max, kReadBytes);
    if (!records.ok()) return records.status();
    if (records->empty()) break;
    for (const LogRecord& record : *records) Count(record.value, problems);
    next = records->back().offset + 1;
  }
  return absl::OkStatus();
}

}  // namespace ringfence::publish
