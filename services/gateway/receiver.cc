#include "services/gateway/receiver.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <optional>
#include <utility>

#include "pipelines/core/id.h"

namespace ringfence::gateway {
namespace {

using runtime::AppendRecord;

// A report that was rejected here stands in no partition of reports.<partner>.
constexpr int32_t kNoPartition = -1;
constexpr int64_t kNoOffset = -1;

absl::Status CheckNumber(int64_t reports) {
  if (reports == 0) return absl::InvalidArgumentError("reports: none given");
  if (reports <= Receiver::kReportsMax) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("reports: {} given, at most {} may be", reports, Receiver::kReportsMax));
}

}  // namespace

Receiver::Receiver(const Options& options, runtime::Log& log, runtime::Metrics& metrics)
    : options_(options), log_(log), metrics_(metrics), intake_(options.intake) {}

absl::StatusOr<v1::SubmitReportsResponse> Receiver::Receive(
    const std::string& partner, const v1::SubmitReportsRequest& request) {
  if (absl::Status status = CheckNumber(request.reports().size()); !status.ok()) return status;
  const core::Time arrival = options_.clock();
  v1::SubmitReportsResponse response;
  std::vector<AppendRecord> records;
  for (const v1::Report& report : request.reports()) {
    const absl::Status status = Add(partner, intake_.FromReport(partner, report, arrival),
                                    report.SerializeAsString(), response, records);
    if (!status.ok()) return status;
  }
  return Append(partner, std::move(response), std::move(records));
}

absl::StatusOr<v1::SubmitReportsResponse> Receiver::ReceiveJson(
    const std::string& partner, const std::vector<std::string_view>& reports) {
  if (absl::Status status = CheckNumber(static_cast<int64_t>(reports.size())); !status.ok())
    return status;
  const core::Time arrival = options_.clock();
  v1::SubmitReportsResponse response;
  std::vector<AppendRecord> records;
  for (const std::string_view report : reports) {
    const absl::Status status = Add(partner, intake_.FromJson(partner, report, arrival),
                                    std::string(report), response, records);
    if (!status.ok()) return status;
  }
  return Append(partner, std::move(response), std::move(records));
}

absl::Status Receiver::Add(const std::string& partner, const intake::Intake::Result& result,
                           std::string record, v1::SubmitReportsResponse& response,
                           std::vector<AppendRecord>& records) {
  absl::StatusOr<AppendRecord> to_append =
      result.outcome == v1::OUTCOME_REJECTED
          ? RejectedRecord(partner, result)
          : AcceptedRecord(partner, result.report_id, std::move(record));
  if (!to_append.ok()) return to_append.status();
  records.push_back(*std::move(to_append));
  v1::SubmitResult& answer = *response.add_results();
  answer.set_report_id(result.report_id);
  answer.set_outcome(result.outcome);
  answer.mutable_problems()->Assign(result.problems.begin(), result.problems.end());
  return absl::OkStatus();
}

absl::StatusOr<v1::SubmitReportsResponse> Receiver::Append(const std::string& partner,
                                                           v1::SubmitReportsResponse response,
                                                           std::vector<AppendRecord> records) {
  if (absl::Status status = log_.Append(std::move(records)).status(); !status.ok()) return status;
  CountRejected(partner, response);
  return response;
}

absl::StatusOr<AppendRecord> Receiver::AcceptedRecord(const std::string& partner,
                                                      const std::string& report_id,
                                                      std::string record) {
  absl::StatusOr<int32_t> partitions = ReportPartitions(partner);
  if (!partitions.ok()) return partitions.status();
  const core::Id key = core::ReportKey(partner, report_id);
  const uint32_t partition = core::PartitionOf(key, static_cast<uint32_t>(*partitions));
  return AppendRecord{
      {std::string(runtime::kReportsPrefix) + partner, static_cast<int32_t>(partition)},
      key.Bytes(),
      std::move(record)};
}

absl::StatusOr<AppendRecord> Receiver::RejectedRecord(const std::string& partner,
                                                      const intake::Intake::Result& result) {
  const std::string topic = std::string(runtime::kRejectsPrefix) + partner;
  if (!topics_.contains(topic)) {
    // A partner is known by its reports' topic, so that rejected reports alone make no new ones.
    if (absl::Status known = ReportPartitions(partner).status(); !known.ok()) return known;
    if (absl::Status status = log_.CreateTopic(topic, {.partitions = 1}); !status.ok()) {
      return status;
    }
    topics_[topic] = 1;
  }
  const std::optional<v1::Rejection> rejection =
      intake::RejectionOf(partner, result, kNoPartition, kNoOffset);
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(*rejection, &json).ok()) {
    return absl::InternalError("a rejection cannot be written as JSON");
  }
  return AppendRecord{
      {topic, 0}, core::ReportKey(partner, result.report_id).Bytes(), std::move(json)};
}

absl::StatusOr<int32_t> Receiver::ReportPartitions(const std::string& partner) {
  const std::string topic = std::string(runtime::kReportsPrefix) + partner;
  if (auto known = topics_.find(topic); known != topics_.end()) return known->second;
  absl::StatusOr<int32_t> partitions = log_.Partitions(topic);
  if (absl::IsNotFound(partitions.status())) {
    if (absl::Status status = CreateReportsTopic(topic); !status.ok()) return status;
    partitions = log_.Partitions(topic);
  }
  if (!partitions.ok()) return partitions.status();
  topics_[topic] = *partitions;
  return *partitions;
}

absl::Status Receiver::CreateReportsTopic(const std::string& topic) {
  const absl::StatusOr<std::vector<std::string>> topics = log_.Topics(runtime::kReportsPrefix);
  if (!topics.ok()) return topics.status();
  if (topics->size() >= options_.partners_max) {
    return absl::ResourceExhaustedError(
        fmt::format("there are {} partners, and no more may be", topics->size()));
  }
  return log_.CreateTopic(topic, {.partitions = options_.partitions});
}

// What was accepted is counted by the intake that reads it from the log.
void Receiver::CountRejected(const std::string& partner,
                             const v1::SubmitReportsResponse& response) {
  for (const v1::SubmitResult& result : response.results()) {
    if (result.outcome() != v1::OUTCOME_REJECTED) continue;
    metrics_.Add(runtime::Metric::kReports, {{"partner", partner}, {"outcome", "rejected"}});
    for (const v1::Problem& problem : result.problems())
      metrics_.Add(runtime::Metric::kProblems, {{"code", problem.code()}});
  }
}

}  // namespace ringfence::gateway
