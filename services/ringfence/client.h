#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ringfence/v1/admin_service.pb.h"
#include "ringfence/v1/indicator_service.pb.h"
#include "ringfence/v1/report_service.pb.h"
#include "services/client/channel.h"
#include "services/client/follower.h"

namespace ringfence::cli {

using client::Endpoint;
using client::kDefaultServer;

// The services of a Ringfence. gRPC's errors come back with the same codes; the
// message of kUnavailable names the server. Connects at the first call, for which it waits a second
// at most, and again by itself.
// Thread-safe.
class Client {
 public:
  explicit Client(const Endpoint& endpoint);
  ~Client();

  absl::StatusOr<v1::SubmitReportsResponse> SubmitReports(const std::string& partner,
                                                          const v1::SubmitReportsRequest& request);

  // Calls `visit` with each event until it returns false (OK), the server ends the stream (its
  // status; OK after a Bye) or `stop` (kCancelled).
  using Visitor = std::function<bool(const v1::SubscribeResponse& event)>;
  absl::Status Subscribe(const v1::SubscribeRequest& request, const std::stop_token& stop,
                         const Visitor& visit);

  absl::Status Acknowledge(const v1::AcknowledgeRequest& request, const std::stop_token& stop);
  absl::StatusOr<v1::SubmitFeedbackResponse> SubmitFeedback(
      const v1::SubmitFeedbackRequest& request);
  absl::StatusOr<v1::ListConsumersResponse> ListConsumers();
  absl::StatusOr<v1::LookupResponse> Lookup(const v1::LookupRequest& request);
  absl::StatusOr<v1::GetCampaignResponse> GetCampaign(const v1::GetCampaignRequest& request);
  absl::StatusOr<v1::ListCampaignsResponse> ListCampaigns(const v1::ListCampaignsRequest& request);
  absl::StatusOr<v1::GetStatusResponse> GetStatus();
  absl::StatusOr<v1::PutOverrideResponse> PutOverride(const v1::PutOverrideRequest& request);
  absl::StatusOr<v1::DeleteOverrideResponse> DeleteOverride(
      const v1::DeleteOverrideRequest& request);
  absl::StatusOr<v1::ListOverridesResponse> ListOverrides(const v1::ListOverridesRequest& request);
  absl::StatusOr<v1::RetractPartnerResponse> RetractPartner(
      const v1::RetractPartnerRequest& request);
  // The whole archive; waits for minutes, for a large pack takes so long.
  absl::StatusOr<std::string> CreateReferral(const v1::CreateReferralRequest& request);
  absl::StatusOr<v1::ListHoldsResponse> ListHolds();
  absl::StatusOr<v1::LiftHoldResponse> LiftHold(const v1::LiftHoldRequest& request);
  absl::StatusOr<v1::GetPolicyResponse> GetPolicy();
  absl::StatusOr<v1::ListHeldResponse> ListHeld();
  absl::StatusOr<v1::DecideHeldResponse> DecideHeld(const v1::DecideHeldRequest& request);
  absl::StatusOr<v1::ExplainReportResponse> ExplainReport(const v1::ExplainReportRequest& request);
  absl::StatusOr<v1::ExplainIndicatorResponse> ExplainIndicator(
      const v1::ExplainIndicatorRequest& request);
  absl::StatusOr<v1::ExplainCampaignResponse> ExplainCampaign(
      const v1::ExplainCampaignRequest& request);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Is it worth to try the same again a little later?
using client::IsPassing;

// Waits, but no longer than `stop` is not requested; false if it is.
bool WaitFor(std::chrono::milliseconds time, const std::stop_token& stop);

}  // namespace ringfence::cli
