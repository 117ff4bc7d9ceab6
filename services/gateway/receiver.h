#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "pipelines/core/time.h"
#include "pipelines/intake/intake.h"
#include "ringfence/v1/report_service.pb.h"
#include "services/runtime/log/log.h"
#include "services/runtime/metrics.h"

namespace ringfence::gateway {

// Takes partners' reports into the log: checks each as intake will, appends those that it will
// accept to reports.<partner> as they were sent, and a Rejection of every other one, which holds
// nothing of the report but its id, to rejects.<partner>. Owned by one thread.
class Receiver {
 public:
  static constexpr int kReportsMax = 500;

  struct Options {
    intake::Intake::Options intake;
    // Of a partner's topic, where it is created here.
    int32_t partitions = 1;
    // Of whom the log holds topics. More are refused: topics and metrics' labels are bounded.
    size_t partners_max = 1'000;
    // Gives the time at which a report is taken to arrive.
    std::function<core::Time()> clock;
  };

  // `log` and `metrics` must outlive it.
  Receiver(const Options& options, runtime::Log& log, runtime::Metrics& metrics);

  // One result per report, in the request's order, once all that it says would survive a crash. On
  // an error nothing of the request was taken. kInvalidArgument: more than kReportsMax reports, or
  // none; kResourceExhausted: no room in the log, or for another partner; kUnavailable: try again.
  // `partner` must be a partner name.
  absl::StatusOr<v1::SubmitReportsResponse> Receive(const std::string& partner,
                                                    const v1::SubmitReportsRequest& request);
  // The same, of reports in protobuf's JSON mapping.
  absl::StatusOr<v1::SubmitReportsResponse> ReceiveJson(
      const std::string& partner, const std::vector<std::string_view>& reports);

 private:
  // The number of partitions of the partner's topic, which is created where there is none.
  absl::StatusOr<int32_t> ReportPartitions(const std::string& partner);
  absl::Status CreateReportsTopic(const std::string& topic);
  // Adds what becomes of one report to the answer, and its record to those to append. `record` is
  // the report as it was sent.
  absl::Status Add(const std::string& partner, const intake::Intake::Result& result,
                   std::string record, v1::SubmitReportsResponse& response,
                   std::vector<runtime::AppendRecord>& records);
  absl::StatusOr<v1::SubmitReportsResponse> Append(const std::string& partner,
                                                   v1::SubmitReportsResponse response,
                                                   std::vector<runtime::AppendRecord> records);
  absl::StatusOr<runtime::AppendRecord> AcceptedRecord(const std::string& partner,
                                                       const std::string& report_id,
                                                       std::string record);
  absl::StatusOr<runtime::AppendRecord> RejectedRecord(const std::string& partner,
                                                       const intake::Intake::Result& result);
  void CountRejected(const std::string& partner, const v1::SubmitReportsResponse& response);

  const Options options_;
  runtime::Log& log_;
  runtime::Metrics& metrics_;
  intake::Intake intake_;
  // Partitions of topics that are known to be there.
  std::map<std::string, int32_t> topics_;
};

}  // namespace ringfence::gateway
