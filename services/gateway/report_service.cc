#include "services/gateway/report_service.h"

#include <optional>
#include <string>
#include <utility>

#include "services/gateway/caller.h"
#include "services/runtime/logging.h"
#include "services/runtime/thread_name.h"

namespace ringfence::gateway {
namespace {

grpc::Status Finished(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return grpc::Status::OK;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      // The two libraries number their codes alike.
      return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message())};
    default:
      runtime::LogLine(runtime::LogLevel::kError, "gateway could not append",
                       {{"error", status.ToString()}});
      return {grpc::StatusCode::INTERNAL, "the log cannot take reports; see the gateway's log"};
  }
}

Caller CallerOf(const grpc::CallbackServerContext& context) {
  Caller caller;
  caller.peer = context.peer();
  const auto [begin, end] =
      context.client_metadata().equal_range(grpc::string_ref(kPartnerMetadata.data()));
  for (auto it = begin; it != end; ++it)
    caller.partner_names.emplace_back(it->second.data(), it->second.size());
  return caller;
}

}  // namespace

ReportService::ReportService(const Options& options, runtime::Log& log, runtime::Metrics& metrics)
    : options_(options), log_(log), metrics_(metrics) {
  for (int i = 0; i < options.workers; ++i)
    workers_.emplace_back([this] {
      runtime::NameThread("gateway");
      Work();
    });
}

ReportService::~ReportService() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  workers_.clear();
}

grpc::ServerUnaryReactor* ReportService::SubmitReports(grpc::CallbackServerContext* context,
                                                       const v1::SubmitReportsRequest* request,
                                                       v1::SubmitReportsResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  absl::StatusOr<std::string> partner = PartnerOf(CallerOf(*context));
  if (!partner.ok()) {
    reactor->Finish(Finished(partner.status()));
    return reactor;
  }
  Call call{context, request, response, reactor, *std::move(partner), request->ByteSizeLong()};
  if (!Enqueue(std::move(call))) {
    reactor->Finish({grpc::StatusCode::UNAVAILABLE, "busy: send it again a little later"});
  }
  return reactor;
}

bool ReportService::Enqueue(Call call) {
  absl::MutexLock lock(&mutex_);
  const bool has_place =
      waiting_.size() < options_.waiting_max &&
      (waiting_.empty() || waiting_bytes_ + call.bytes <= options_.waiting_bytes_max);
  if (stopping_ || !has_place) return false;
  waiting_bytes_ += call.bytes;
  waiting_.push_back(std::move(call));
  return true;
}

void ReportService::Work() {
  Receiver receiver(options_.receiver, log_, metrics_);
  for (;;) {
    std::optional<Call> call;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &ReportService::HasWork));
      if (waiting_.empty()) return;
      call = std::move(waiting_.front());
      waiting_.pop_front();
      waiting_bytes_ -= call->bytes;
    }
    // Afterwards the reactor, and with it the call's messages, are gone.
    call->reactor->Finish(Answer(receiver, *call));
  }
}

grpc::Status ReportService::Answer(Receiver& receiver, const Call& call) {
  // Nobody waits for the answer any more, and who asks again sends it again.
  if (call.context->IsCancelled()) return grpc::Status::CANCELLED;
  absl::StatusOr<v1::SubmitReportsResponse> response =
      receiver.Receive(call.partner, *call.request);
  if (response.ok()) *call.response = *std::move(response);
  return Finished(response.status());
}

}  // namespace ringfence::gateway
