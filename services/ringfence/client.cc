#include "services/ringfence/client.h"

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ringfence/v1/admin_service.grpc.pb.h"
#include "ringfence/v1/indicator_service.grpc.pb.h"
#include "ringfence/v1/report_service.grpc.pb.h"

namespace ringfence::cli {
namespace {

constexpr std::chrono::seconds kCallTimeout{60};
constexpr std::chrono::minutes kPackTimeout{10};
// So long a first connection is tried again. gRPC may call one failed that has only begun (it asks
// for connect's errno after other calls that set it), and a server may just be starting.
constexpr std::chrono::seconds kConnectWithin{1};
// A referral pack comes in one message.
constexpr int kReceivedBytesMax = 64 << 20;

}  // namespace

struct Client::Impl {
  explicit Impl(const Endpoint& endpoint)
      : server(endpoint.address),
        channel(client::Connect(endpoint, kReceivedBytesMax)),
        reports(v1::ReportService::NewStub(channel)),
        indicators(v1::IndicatorService::NewStub(channel)),
        admin(v1::AdminService::NewStub(channel)) {}

  // Of the context of a call that is about to begin.
  void SetDeadline(grpc::ClientContext& context, std::chrono::seconds timeout = kCallTimeout) {
    AwaitConnection();
    context.set_deadline(std::chrono::system_clock::now() + timeout);
  }

  void AwaitConnection() {
    std::call_once(connected, [this] {
      channel->WaitForConnected(std::chrono::system_clock::now() + kConnectWithin);
    });
  }

  // Names the server where it cannot be reached.
  absl::Status Converted(const grpc::Status& status) const {
    const absl::Status converted = client::FromGrpc(status);
    return absl::IsUnavailable(converted)
               ? absl::UnavailableError(absl::StrCat(server, ": ", converted.message()))
               : converted;
  }

  template <typename Response, typename Stub, typename Method, typename Request>
  absl::StatusOr<Response> Call(Stub& stub, Method method, const Request& request) {
    grpc::ClientContext context;
    SetDeadline(context);
    Response response;
    const grpc::Status status = (stub.*method)(&context, request, &response);
    if (!status.ok()) return Converted(status);
    return response;
  }

  const std::string server;
  const std::shared_ptr<grpc::Channel> channel;
  std::once_flag connected;
  const std::unique_ptr<v1::ReportService::Stub> reports;
  const std::unique_ptr<v1::IndicatorService::Stub> indicators;
  const std::unique_ptr<v1::AdminService::Stub> admin;
};

Client::Client(const Endpoint& endpoint) : impl_(std::make_unique<Impl>(endpoint)) {}
Client::~Client() = default;

absl::StatusOr<v1::SubmitReportsResponse> Client::SubmitReports(
    const std::string& partner, const v1::SubmitReportsRequest& request) {
  grpc::ClientContext context;
  impl_->SetDeadline(context);
  context.AddMetadata("x-ringfence-partner", partner);
  v1::SubmitReportsResponse response;
  const grpc::Status status = impl_->reports->SubmitReports(&context, request, &response);
  if (!status.ok()) return impl_->Converted(status);
  return response;
}

absl::Status Client::Subscribe(const v1::SubscribeRequest& request, const std::stop_token& stop,
                               const Visitor& visit) {
  impl_->AwaitConnection();
  grpc::ClientContext context;
  const std::stop_callback cancel(stop, [&context] { context.TryCancel(); });
  const auto stream = impl_->indicators->Subscribe(&context, request);
  v1::SubscribeResponse event;
  bool enough = false;
  while (!enough && stream->Read(&event)) enough = !visit(event);
  if (enough) context.TryCancel();
  const grpc::Status status = stream->Finish();
  if (enough) return absl::OkStatus();
  return stop.stop_requested() ? absl::CancelledError("interrupted") : impl_->Converted(status);
}

absl::Status Client::Acknowledge(const v1::AcknowledgeRequest& request,
                                 const std::stop_token& stop) {
  grpc::ClientContext context;
  impl_->SetDeadline(context);
  const std::stop_callback cancel(stop, [&context] { context.TryCancel(); });
  v1::AcknowledgeResponse response;
  return impl_->Converted(impl_->indicators->Acknowledge(&context, request, &response));
}

absl::StatusOr<v1::SubmitFeedbackResponse> Client::SubmitFeedback(
    const v1::SubmitFeedbackRequest& request) {
  return impl_->Call<v1::SubmitFeedbackResponse>(
      *impl_->indicators, &v1::IndicatorService::Stub::SubmitFeedback, request);
}

absl::StatusOr<v1::ListConsumersResponse> Client::ListConsumers() {
  return impl_->Call<v1::ListConsumersResponse>(
      *impl_->admin, &v1::AdminService::Stub::ListConsumers, v1::ListConsumersRequest());
}

absl::StatusOr<v1::LookupResponse> Client::Lookup(const v1::LookupRequest& request) {
  return impl_->Call<v1::LookupResponse>(*impl_->indicators, &v1::IndicatorService::Stub::Lookup,
                                         request);
}

absl::StatusOr<v1::GetCampaignResponse> Client::GetCampaign(const v1::GetCampaignRequest& request) {
  return impl_->Call<v1::GetCampaignResponse>(*impl_->indicators,
                                              &v1::IndicatorService::Stub::GetCampaign, request);
}

absl::StatusOr<v1::ListCampaignsResponse> Client::ListCampaigns(
    const v1::ListCampaignsRequest& request) {
  return impl_->Call<v1::ListCampaignsResponse>(
      *impl_->indicators, &v1::IndicatorService::Stub::ListCampaigns, request);
}

absl::StatusOr<v1::GetStatusResponse> Client::GetStatus() {
  return impl_->Call<v1::GetStatusResponse>(*impl_->admin, &v1::AdminService::Stub::GetStatus,
                                            v1::GetStatusRequest());
}

absl::StatusOr<v1::PutOverrideResponse> Client::PutOverride(const v1::PutOverrideRequest& request) {
  return impl_->Call<v1::PutOverrideResponse>(*impl_->admin, &v1::AdminService::Stub::PutOverride,
                                              request);
}

absl::StatusOr<v1::DeleteOverrideResponse> Client::DeleteOverride(
    const v1::DeleteOverrideRequest& request) {
  return impl_->Call<v1::DeleteOverrideResponse>(*impl_->admin,
                                                 &v1::AdminService::Stub::DeleteOverride, request);
}

absl::StatusOr<v1::ListOverridesResponse> Client::ListOverrides(
    const v1::ListOverridesRequest& request) {
  return impl_->Call<v1::ListOverridesResponse>(*impl_->admin,
                                                &v1::AdminService::Stub::ListOverrides, request);
}

absl::StatusOr<v1::RetractPartnerResponse> Client::RetractPartner(
    const v1::RetractPartnerRequest& request) {
  return impl_->Call<v1::RetractPartnerResponse>(*impl_->admin,
                                                 &v1::AdminService::Stub::RetractPartner, request);
}

absl::StatusOr<std::string> Client::CreateReferral(const v1::CreateReferralRequest& request) {
  grpc::ClientContext context;
  impl_->SetDeadline(context, kPackTimeout);
  const auto stream = impl_->admin->CreateReferral(&context, request);
  std::string pack;
  v1::CreateReferralResponse piece;
  while (stream->Read(&piece)) pack += piece.data();
  if (const grpc::Status status = stream->Finish(); !status.ok()) return impl_->Converted(status);
  return pack;
}

absl::StatusOr<v1::ListHoldsResponse> Client::ListHolds() {
  return impl_->Call<v1::ListHoldsResponse>(*impl_->admin, &v1::AdminService::Stub::ListHolds,
                                            v1::ListHoldsRequest());
}

absl::StatusOr<v1::LiftHoldResponse> Client::LiftHold(const v1::LiftHoldRequest& request) {
  return impl_->Call<v1::LiftHoldResponse>(*impl_->admin, &v1::AdminService::Stub::LiftHold,
                                           request);
}

absl::StatusOr<v1::GetPolicyResponse> Client::GetPolicy() {
  return impl_->Call<v1::GetPolicyResponse>(*impl_->admin, &v1::AdminService::Stub::GetPolicy,
                                            v1::GetPolicyRequest());
}

absl::StatusOr<v1::ListHeldResponse> Client::ListHeld() {
  return impl_->Call<v1::ListHeldResponse>(*impl_->admin, &v1::AdminService::Stub::ListHeld,
                                           v1::ListHeldRequest());
}

absl::StatusOr<v1::DecideHeldResponse> Client::DecideHeld(const v1::DecideHeldRequest& request) {
  return impl_->Call<v1::DecideHeldResponse>(*impl_->admin, &v1::AdminService::Stub::DecideHeld,
                                             request);
}

absl::StatusOr<v1::ExplainReportResponse> Client::ExplainReport(
    const v1::ExplainReportRequest& request) {
  return impl_->Call<v1::ExplainReportResponse>(*impl_->admin,
                                                &v1::AdminService::Stub::ExplainReport, request);
}

absl::StatusOr<v1::ExplainIndicatorResponse> Client::ExplainIndicator(
    const v1::ExplainIndicatorRequest& request) {
  return impl_->Call<v1::ExplainIndicatorResponse>(
      *impl_->admin, &v1::AdminService::Stub::ExplainIndicator, request);
}

absl::StatusOr<v1::ExplainCampaignResponse> Client::ExplainCampaign(
    const v1::ExplainCampaignRequest& request) {
  return impl_->Call<v1::ExplainCampaignResponse>(
      *impl_->admin, &v1::AdminService::Stub::ExplainCampaign, request);
}

bool WaitFor(std::chrono::milliseconds time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any woken;
  std::unique_lock lock(mutex);
  woken.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace ringfence::cli
