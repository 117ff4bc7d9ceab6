#include "services/gateway/report_service.h"

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "services/runtime/grpc/grpc_caller.h"
#include "services/runtime/logging.h"

namespace ringfence::gateway {
namespace {

using runtime::ToGrpc;

grpc::Status Answer(Receiver& receiver, const std::string& partner,
                    const grpc::CallbackServerContext& context,
                    const v1::SubmitReportsRequest& request, v1::SubmitReportsResponse& response) {
  // Nobody waits for the answer any more, and who asks again sends it again.
  if (context.IsCancelled()) return grpc::Status::CANCELLED;
  absl::StatusOr<v1::SubmitReportsResponse> received = receiver.Receive(partner, request);
  if (received.ok()) response = *std::move(received);
  return ToGrpc(Told(received.status()));
}

}  // namespace

absl::Status Told(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return status;
    case absl::StatusCode::kNotFound:
      // A partner's topics, which another call or process is making.
      return absl::UnavailableError("the partner's topic is being made: try again");
    default:
      runtime::LogLine(runtime::LogLevel::kError, "gateway could not append",
                       {{"error", status.ToString()}});
      return absl::InternalError("the log cannot take reports; see the gateway's log");
  }
}

grpc::ServerUnaryReactor* ReportService::SubmitReports(grpc::CallbackServerContext* context,
                                                       const v1::SubmitReportsRequest* request,
                                                       v1::SubmitReportsResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const absl::StatusOr<runtime::Caller> caller = runtime::CallerOf(gate_, *context);
  if (!caller.ok()) {
    reactor->Finish(ToGrpc(caller.status()));
    return reactor;
  }
  if (caller->partner.empty()) {
    reactor->Finish(
        {grpc::StatusCode::UNAUTHENTICATED,
         "metadata " + std::string(runtime::kPartnerHeader) + ", the partner's name, is missing"});
    return reactor;
  }
  const size_t bytes = request->ByteSizeLong();
  const std::optional<std::chrono::milliseconds> retry_after =
      gate_.meter().Take(*caller, runtime::Quota::kReports,
                         CostOf(static_cast<size_t>(request->reports_size()), bytes));
  if (retry_after) {
    reactor->Finish(runtime::PastQuota(*context, runtime::Quota::kReports, *retry_after));
    return reactor;
  }
  // The call's messages are gRPC's, and stay until the reactor finishes.
  const bool has_place =
      receivers_.Submit(caller->partner, bytes, [=, partner = caller->partner](Receiver& receiver) {
        reactor->Finish(Answer(receiver, partner, *context, *request, *response));
      });
  if (!has_place)
    reactor->Finish({grpc::StatusCode::UNAVAILABLE, "busy: send it again a little later"});
  return reactor;
}

}  // namespace ringfence::gateway
