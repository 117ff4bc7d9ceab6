#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <utility>

#include "absl/status/statusor.h"
#include "pipelines/core/id.h"
#include "pipelines/dedupe/explain.h"
#include "ringfence/v1/admin_service.grpc.pb.h"
#include "services/publish/clearance.h"
#include "services/publish/operators.h"
#include "services/publish/referrals.h"
#include "services/publish/workers.h"
#include "services/runtime/identity/gate.h"

namespace ringfence::publish {

// What operators ask, answered for whom the gate lets through. What operators decide is
// UNIMPLEMENTED where this process keeps no book of decisions, and so are referrals.
class AdminService : public v1::AdminService::CallbackService {
 public:
  using Status = std::function<v1::GetStatusResponse()>;
  // As dedupe::Explain.
  using Explain = std::function<absl::StatusOr<dedupe::ReportExplanation>(const core::Id& report)>;

  using Consumers = std::function<v1::ListConsumersResponse()>;

  // All are called from gRPC's threads, at any time while the server runs. `explain` may be empty,
  // where this process does not run dedupe, and `consumers` where it serves none. `gate` must
  // outlive it.
  AdminService(const runtime::Gate& gate, Status status, Explain explain = nullptr,
               Consumers consumers = nullptr)
      : gate_(gate),
        status_(std::move(status)),
        explain_(std::move(explain)),
        consumers_(std::move(consumers)) {}

  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* context,
                                      const v1::GetStatusRequest* request,
                                      v1::GetStatusResponse* response) override;
  grpc::ServerUnaryReactor* ExplainReport(grpc::CallbackServerContext* context,
                                          const v1::ExplainReportRequest* request,
                                          v1::ExplainReportResponse* response) override;

  grpc::ServerUnaryReactor* ListConsumers(grpc::CallbackServerContext* context,
                                          const v1::ListConsumersRequest* request,
                                          v1::ListConsumersResponse* response) override;
  // What answers ExplainIndicator and ExplainCampaign. To be called before the server runs;
  // without, both are UNIMPLEMENTED.
  struct Explanations {
    std::function<absl::StatusOr<v1::ExplainIndicatorResponse>(
        const v1::ExplainIndicatorRequest& request, const Viewer& viewer)>
        indicator;
    std::function<absl::StatusOr<v1::ExplainCampaignResponse>(
        const v1::ExplainCampaignRequest& request, const Viewer& viewer)>
        campaign;
  };
  void set_explanations(Explanations explanations) { explanations_ = std::move(explanations); }
  grpc::ServerUnaryReactor* ExplainIndicator(grpc::CallbackServerContext* context,
                                             const v1::ExplainIndicatorRequest* request,
                                             v1::ExplainIndicatorResponse* response) override;
  grpc::ServerUnaryReactor* ExplainCampaign(grpc::CallbackServerContext* context,
                                            const v1::ExplainCampaignRequest* request,
                                            v1::ExplainCampaignResponse* response) override;

  // What answers ListHeld; without, it is UNIMPLEMENTED.
  using ListHeldCall = std::function<absl::StatusOr<v1::ListHeldResponse>()>;
  void set_list_held(ListHeldCall list_held) { list_held_ = std::move(list_held); }
  grpc::ServerUnaryReactor* ListHeld(grpc::CallbackServerContext* context,
                                     const v1::ListHeldRequest* request,
                                     v1::ListHeldResponse* response) override;
  grpc::ServerUnaryReactor* DecideHeld(grpc::CallbackServerContext* context,
                                       const v1::DecideHeldRequest* request,
                                       v1::DecideHeldResponse* response) override;
  grpc::ServerUnaryReactor* GetPolicy(grpc::CallbackServerContext* context,
                                      const v1::GetPolicyRequest* request,
                                      v1::GetPolicyResponse* response) override;

  // To be called before the server runs; must outlive it.
  void set_operators(Operators* operators) { operators_ = operators; }

  grpc::ServerUnaryReactor* PutOverride(grpc::CallbackServerContext* context,
                                        const v1::PutOverrideRequest* request,
                                        v1::PutOverrideResponse* response) override;
  grpc::ServerUnaryReactor* DeleteOverride(grpc::CallbackServerContext* context,
                                           const v1::DeleteOverrideRequest* request,
                                           v1::DeleteOverrideResponse* response) override;
  grpc::ServerUnaryReactor* ListOverrides(grpc::CallbackServerContext* context,
                                          const v1::ListOverridesRequest* request,
                                          v1::ListOverridesResponse* response) override;
  grpc::ServerUnaryReactor* RetractPartner(grpc::CallbackServerContext* context,
                                           const v1::RetractPartnerRequest* request,
                                           v1::RetractPartnerResponse* response) override;
  // Likewise.
  void set_referrals(Referrals* referrals) { referrals_ = referrals; }

  grpc::ServerWriteReactor<v1::CreateReferralResponse>* CreateReferral(
      grpc::CallbackServerContext* context, const v1::CreateReferralRequest* request) override;
  grpc::ServerUnaryReactor* ListHolds(grpc::CallbackServerContext* context,
                                      const v1::ListHoldsRequest* request,
                                      v1::ListHoldsResponse* response) override;
  grpc::ServerUnaryReactor* LiftHold(grpc::CallbackServerContext* context,
                                     const v1::LiftHoldRequest* request,
                                     v1::LiftHoldResponse* response) override;

 private:
  // Runs `act` with the operator's name where the caller is one.
  template <typename Act>
  grpc::ServerUnaryReactor* AsOperator(grpc::CallbackServerContext* context, const Act& act);

  Operators* operators_ = nullptr;
  Referrals* referrals_ = nullptr;
  // Packs take long, and much memory.
  Workers workers_{1, 8};
  const runtime::Gate& gate_;
  Explanations explanations_;
  ListHeldCall list_held_;
  const Status status_;
  const Explain explain_;
  const Consumers consumers_;
};

}  // namespace ringfence::publish
