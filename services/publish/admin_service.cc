#include "services/publish/admin_service.h"

#include <optional>
#include <string>
#include <utility>

#include "services/publish/operator.h"
#include "services/publish/pack_stream.h"
#include "services/publish/report_explanation.h"
#include "services/publish/unary_call.h"
#include "services/runtime/grpc/grpc_caller.h"

namespace ringfence::publish {
namespace {

const grpc::Status kNoOperator{grpc::StatusCode::UNAUTHENTICATED, "nobody knows who calls"};

const absl::Status kNoDecisions = absl::UnimplementedError("this process keeps no decisions");
const absl::Status kNoReferrals = absl::UnimplementedError("this process makes no referrals");

}  // namespace

grpc::ServerUnaryReactor* AdminService::AsOperator(grpc::CallbackServerContext* context,
                                                   Workers& workers, Act act) {
  std::optional<std::string> who = OperatorOf(gate_, *context);
  if (!who) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(kNoOperator);
    return reactor;
  }
  return AnswerIn(workers, context,
                  [act = std::move(act), who = *std::move(who)] { return act(who); });
}

grpc::ServerUnaryReactor* AdminService::AboutDecisions(grpc::CallbackServerContext* context,
                                                       Act act) {
  return AsOperator(context, [this, act = std::move(act)](const std::string& who) {
    return operators_ == nullptr ? kNoDecisions : act(who);
  });
}

grpc::ServerUnaryReactor* AdminService::PutOverride(grpc::CallbackServerContext* context,
                                                    const v1::PutOverrideRequest* request,
                                                    v1::PutOverrideResponse* response) {
  return AboutDecisions(context, [=, this](const std::string& who) {
    absl::StatusOr<v1::Override> kept = operators_->Put(request->override(), who);
    if (kept.ok()) *response->mutable_override() = *std::move(kept);
    return kept.status();
  });
}

grpc::ServerUnaryReactor* AdminService::DeleteOverride(grpc::CallbackServerContext* context,
                                                       const v1::DeleteOverrideRequest* request,
                                                       v1::DeleteOverrideResponse*) {
  return AboutDecisions(
      context, [=, this](const std::string& who) { return operators_->Delete(*request, who); });
}

grpc::ServerUnaryReactor* AdminService::ListOverrides(grpc::CallbackServerContext* context,
                                                      const v1::ListOverridesRequest* request,
                                                      v1::ListOverridesResponse* response) {
  return AboutDecisions(context, [=, this](const std::string&) {
    absl::StatusOr<v1::ListOverridesResponse> page = operators_->List(*request);
    if (page.ok()) *response = *std::move(page);
    return page.status();
  });
}

grpc::ServerUnaryReactor* AdminService::RetractPartner(grpc::CallbackServerContext* context,
                                                       const v1::RetractPartnerRequest* request,
                                                       v1::RetractPartnerResponse* response) {
  return AboutDecisions(context, [=, this](const std::string& who) {
    absl::StatusOr<v1::RetractPartnerResponse> done = operators_->Retract(*request, who);
    if (done.ok()) *response = *std::move(done);
    return done.status();
  });
}

grpc::ServerWriteReactor<v1::CreateReferralResponse>* AdminService::CreateReferral(
    grpc::CallbackServerContext* context, const v1::CreateReferralRequest* request) {
  auto* stream = new PackStream;
  const absl::StatusOr<runtime::Caller> caller = runtime::CallerOf(gate_, *context);
  if (!caller.ok()) {
    stream->Finish(kNoOperator);
  } else if (referrals_ == nullptr) {
    stream->Finish({grpc::StatusCode::UNIMPLEMENTED, "this process makes no referrals"});
  } else {
    const bool taken = packs_.SubmitCall([this, stream, asked = *request, who = *caller] {
      absl::StatusOr<Referrals::Pack> pack =
          referrals_->Create(asked, who, [stream] { return stream->is_cancelled(); });
      if (!pack.ok()) return stream->Send(pack.status());
      stream->Send(std::move(pack->archive));
    });
    if (!taken) {
      stream->Finish(
          {grpc::StatusCode::RESOURCE_EXHAUSTED, "too many packs are being made: try again later"});
    }
  }
  return stream;
}

grpc::ServerUnaryReactor* AdminService::ListHolds(grpc::CallbackServerContext* context,
                                                  const v1::ListHoldsRequest*,
                                                  v1::ListHoldsResponse* response) {
  return AboutDecisions(context, [=, this](const std::string&) {
    if (referrals_ == nullptr) return kNoReferrals;
    *response = referrals_->List();
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* AdminService::ListHeld(grpc::CallbackServerContext* context,
                                                 const v1::ListHeldRequest*,
                                                 v1::ListHeldResponse* response) {
  return AboutDecisions(context, [=, this](const std::string&) -> absl::Status {
    if (!list_held_) return absl::UnimplementedError("this process does not run dedupe");
    absl::StatusOr<v1::ListHeldResponse> held = list_held_();
    if (held.ok()) *response = *std::move(held);
    return held.status();
  });
}

grpc::ServerUnaryReactor* AdminService::DecideHeld(grpc::CallbackServerContext* context,
                                                   const v1::DecideHeldRequest* request,
                                                   v1::DecideHeldResponse* response) {
  return AboutDecisions(context, [=, this](const std::string& who) {
    absl::StatusOr<v1::DecideHeldResponse> done = operators_->DecideHeld(*request, who);
    if (done.ok()) *response = *std::move(done);
    return done.status();
  });
}

grpc::ServerUnaryReactor* AdminService::GetPolicy(grpc::CallbackServerContext* context,
                                                  const v1::GetPolicyRequest*,
                                                  v1::GetPolicyResponse* response) {
  return AboutDecisions(context, [=, this](const std::string&) {
    *response = operators_->Policy();
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* AdminService::LiftHold(grpc::CallbackServerContext* context,
                                                 const v1::LiftHoldRequest* request,
                                                 v1::LiftHoldResponse*) {
  return AboutDecisions(context, [=, this](const std::string& who) {
    return referrals_ == nullptr ? kNoReferrals : referrals_->Lift(*request, who);
  });
}

grpc::ServerUnaryReactor* AdminService::GetStatus(grpc::CallbackServerContext* context,
                                                  const v1::GetStatusRequest*,
                                                  v1::GetStatusResponse* response) {
  return AsOperator(context, status_calls_, [=, this](const std::string&) {
    *response = status_();
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* AdminService::ListConsumers(grpc::CallbackServerContext* context,
                                                      const v1::ListConsumersRequest*,
                                                      v1::ListConsumersResponse* response) {
  return AsOperator(context, [=, this](const std::string&) -> absl::Status {
    if (!consumers_) return absl::UnimplementedError("this process serves no consumers");
    *response = consumers_();
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* AdminService::ExplainReport(grpc::CallbackServerContext* context,
                                                      const v1::ExplainReportRequest* request,
                                                      v1::ExplainReportResponse* response) {
  return AsOperator(context, [=, this](const std::string&) -> absl::Status {
    if (!explain_) return absl::UnimplementedError("this process does not run dedupe");
    const core::Id report = core::ReportKey(request->partner(), request->report_id());
    const absl::StatusOr<dedupe::ReportExplanation> explanation = explain_(report);
    if (explanation.ok()) *response = Describe(report, *explanation);
    return explanation.status();
  });
}

}  // namespace ringfence::publish
