#include "services/publish/console/partners.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "google/protobuf/util/json_util.h"
#include "ringfence/v1/report_service.pb.h"

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

void SetLatest(core::Time time, google::protobuf::Timestamp& latest) {
  if (time > core::FromProto(latest)) latest = core::ToProto(time);
}

}  // namespace

absl::StatusOr<std::shared_ptr<const console::v1::Partners>> PartnerWatch::Get() {
  const auto now = std::chrono::steady_clock::now();
  {
    const absl::MutexLock lock(&mutex_);
    if (kept_ && now < due_) return kept_;
  }
  absl::StatusOr<console::v1::Partners> partners = Look();
  if (!partners.ok()) return partners.status();
  const absl::MutexLock lock(&mutex_);
  kept_ = std::make_shared<const console::v1::Partners>(*std::move(partners));
  due_ = now + options_.keep;
  return kept_;
}

absl::StatusOr<console::v1::Partners> PartnerWatch::Look() const {
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

absl::StatusOr<int64_t> PartnerWatch::OffsetAt(const TopicPartition& from, core::Time time,
                                               int64_t start, int64_t end) const {
  int64_t low = start;
  int64_t high = end;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    const absl::StatusOr<std::vector<LogRecord>> records = log_.Read(from, middle, 1, 1);
    if (!records.ok()) return records.status();
    if (records->empty() || records->front().append_time >= time) {
      high = middle;
    } else {
      low = records->front().offset + 1;
    }
  }
  return std::min(low, end);
}

absl::Status PartnerWatch::AddReports(const std::string& topic, core::Time now,
                                      console::v1::PartnerStatus& partner) const {
  const absl::StatusOr<int32_t> partitions = log_.Partitions(topic);
  if (!partitions.ok()) return partitions.status();
  for (int32_t p = 0; p < *partitions; ++p) {
    const TopicPartition from{topic, p};
    const absl::StatusOr<int64_t> end = log_.EndOffset(from);
    if (!end.ok()) return end.status();
    const absl::StatusOr<int64_t> start = log_.StartOffset(from);
    if (!start.ok()) return start.status();
    partner.set_reports(partner.reports() + static_cast<uint32_t>(*end));
    const absl::StatusOr<int64_t> day = OffsetAt(from, now - core::kDay, *start, *end);
    if (!day.ok()) return day.status();
    const absl::StatusOr<int64_t> hour = OffsetAt(from, now - core::kHour, *day, *end);
    if (!hour.ok()) return hour.status();
    partner.set_last_day(partner.last_day() + static_cast<uint32_t>(*end - *day));
    partner.set_last_hour(partner.last_hour() + static_cast<uint32_t>(*end - *hour));
    if (*end == *start) continue;
    const absl::StatusOr<std::vector<LogRecord>> last = log_.Read(from, *end - 1, 1, 1);
    if (!last.ok()) return last.status();
    if (!last->empty()) SetLatest(last->front().append_time, *partner.mutable_last_report_at());
  }
  return absl::OkStatus();
}

absl::Status PartnerWatch::AddRejects(const std::string& topic, core::Time now,
                                      console::v1::PartnerStatus& partner) const {
  const TopicPartition from{topic, 0};
  const absl::StatusOr<int64_t> end = log_.EndOffset(from);
  if (!end.ok()) return end.status();
  const absl::StatusOr<int64_t> start = log_.StartOffset(from);
  if (!start.ok()) return start.status();
  const absl::StatusOr<int64_t> day = OffsetAt(from, now - core::kDay, *start, *end);
  if (!day.ok()) return day.status();
  partner.set_rejects(static_cast<uint32_t>(*end));
  partner.set_rejects_last_day(static_cast<uint32_t>(*end - *day));
  std::map<std::string, uint32_t> problems;
  const auto looked_at = static_cast<int64_t>(options_.rejects_max);
  for (int64_t next = std::max(*start, *end - looked_at); next < *end;) {
    const absl::StatusOr<std::vector<LogRecord>> records =
        log_.Read(from, next, options_.rejects_max, kReadBytes);
    if (!records.ok()) return records.status();
    if (records->empty()) break;
    for (const LogRecord& record : *records) Count(record.value, problems);
    next = records->back().offset + 1;
  }
  std::vector<std::pair<uint32_t, std::string>> sorted;
  for (auto& [code, count] : problems) sorted.emplace_back(count, code);
  std::sort(sorted.rbegin(), sorted.rend());
  if (sorted.size() > kProblemsMax) sorted.resize(kProblemsMax);
  for (auto& [count, code] : sorted) {
    console::v1::ProblemCount& problem = *partner.add_problems();
    problem.set_code(std::move(code));
    problem.set_count(count);
  }
  return absl::OkStatus();
}

}  // namespace ringfence::publish
