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
// UNIMPLEMENTED where this process keeps no book of decisions, and so are referrals. Calls wait for
// threads of its own, a bounded number of them: more are UNAVAILABLE, packs RESOURCE_EXHAUSTED.
class AdminService : public v1::AdminService::CallbackService {
 public:
  using Status = std::function<v1::GetStatusResponse()>;
  // As dedupe::Explain.
  using Explain = std::function<absl::StatusOr<dedupe::ReportExplanation>(const core::Id& report)>;

  using Consumers = std::function<v1::ListConsumersResponse()>;

  // All are called from threads of its own, at any time while the server runs. `explain` may be
  // empty, where this process does not run dedupe, and `consumers` where it serves none. `gate`
  // must outlive it.
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
  using Act = std::function<absl::Status(const std::string& who)>;
  // Runs `act` in a worker, with the operator's name, where the caller is one.
  grpc::ServerUnaryReactor* AsOperator(grpc::CallbackServerContext* context, Act act) {
    return AsOperator(context, calls_, std::move(act));
  }
  grpc::ServerUnaryReactor* AsOperator(grpc::CallbackServerContext* context, Workers& workers,
                                       Act act);
  // The same where this process keeps decisions.
  grpc::ServerUnaryReactor* AboutDecisions(grpc::CallbackServerContext* context, Act act);
  // Answers with what `explain` says of the request, to whoever may call.
  template <typename Ask, typename Request, typename Response>
  grpc::ServerUnaryReactor* AnswerExplained(grpc::CallbackServerContext* context,
                                            const Ask& explain, const Request* request,
                                            Response* response);

  Operators* operators_ = nullptr;
  Referrals* referrals_ = nullptr;
  const runtime::Gate& gate_;
  Explanations explanations_;
  ListHeldCall list_held_;
  const Status status_;
  const Explain explain_;
  const Consumers consumers_;
  // They end before what their calls use. Decisions wait until the log has them.
  Workers calls_{2, 64};
  // The log is asked about every partition, and may take long where brokers are gone: nothing that
  // is decided waits for that.
  Workers status_calls_{1, 16};
  // Packs take long, and much memory.
  Workers packs_{1, 8};
};

}  // namespace ringfence::publish
