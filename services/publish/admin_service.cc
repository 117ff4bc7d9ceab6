#include "services/publish/admin_service.h"

#include <optional>
#include <string>
#include <utility>

#include "services/publish/operator.h"
#include "services/publish/pack_stream.h"
#include "services/publish/report_explanation.h"
#include "services/runtime/grpc/grpc_caller.h"

namespace ringfence::publish {
namespace {

const grpc::Status kNoOperator{grpc::StatusCode::UNAUTHENTICATED, "nobody knows who calls"};

const absl::Status kNoReferrals = absl::UnimplementedError("this process makes no referrals");

}  // namespace

template <typename Act>
grpc::ServerUnaryReactor* AdminService::AsOperator(grpc::CallbackServerContext* context,
                                                   const Act& act) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const std::optional<std::string> who = OperatorOf(gate_, *context);
  if (!who) {
    reactor->Finish(kNoOperator);
  } else if (operators_ == nullptr) {
    reactor->Finish({grpc::StatusCode::UNIMPLEMENTED, "this process keeps no decisions"});
  } else {
    const absl::Status status = act(*who);
    reactor->Finish({static_cast<grpc::StatusCode>(status.code()), std::string(status.message())});
  }
  return reactor;
}

grpc::ServerUnaryReactor* AdminService::PutOverride(grpc::CallbackServerContext* context,
                                                    const v1::PutOverrideRequest* request,
                                                    v1::PutOverrideResponse* response) {
  return AsOperator(context, [&](const std::string& who) {
    absl::StatusOr<v1::Override> kept = operators_->Put(request->override(), who);
    if (kept.ok()) *response->mutable_override() = *std::move(kept);
    return kept.status();
  });
}

grpc::ServerUnaryReactor* AdminService::DeleteOverride(grpc::CallbackServerContext* context,
                                                       const v1::DeleteOverrideRequest* request,
                                                       v1::DeleteOverrideResponse*) {
  return AsOperator(context,
                    [&](const std::string& who) { return operators_->Delete(*request, who); });
}

grpc::ServerUnaryReactor* AdminService::ListOverrides(grpc::CallbackServerContext* context,
                                                      const v1::ListOverridesRequest* request,
                                                      v1::ListOverridesResponse* response) {
  return AsOperator(context, [&](const std::string&) {
    absl::StatusOr<v1::ListOverridesResponse> page = operators_->List(*request);
    if (page.ok()) *response = *std::move(page);
    return page.status();
  });
}

grpc::ServerUnaryReactor* AdminService::RetractPartner(grpc::CallbackServerContext* context,
                                                       const v1::RetractPartnerRequest* request,
                                                       v1::RetractPartnerResponse* response) {
  return AsOperator(context, [&](const std::string& who) {
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
    const bool taken = workers_.SubmitCall([this, stream, asked = *request, who = *caller] {
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
  return AsOperator(context, [&](const std::string&) {
    if (referrals_ == nullptr) return kNoReferrals;
    *response = referrals_->List();
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* AdminService::ListHeld(grpc::CallbackServerContext* context,
                                                 const v1::ListHeldRequest*,
                                                 v1::ListHeldResponse* response) {
  return AsOperator(context, [&](const std::string&) -> absl::Status {
    if (!list_held_) return absl::UnimplementedError("this process does not run dedupe");
    absl::StatusOr<v1::ListHeldResponse> held = list_held_();
    if (held.ok()) *response = *std::move(held);
    return held.status();
  });
}

grpc::ServerUnaryReactor* AdminService::DecideHeld(grpc::CallbackServerContext* context,
                                                   const v1::DecideHeldRequest* request,
                                                   v1::DecideHeldResponse* response) {
  return AsOperator(context, [&](const std::string& who) {
    absl::StatusOr<v1::DecideHeldResponse> done = operators_->DecideHeld(*request, who);
    if (done.ok()) *response = *std::move(done);
    return done.status();
  });
}

grpc::ServerUnaryReactor* AdminService::GetPolicy(grpc::CallbackServerContext* context,
                                                  const v1::GetPolicyRequest*,
                                                  v1::GetPolicyResponse* response) {
  return AsOperator(context, [&](const std::string&) {
    *response = operators_->Policy();
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* AdminService::LiftHold(grpc::CallbackServerContext* context,
                                                 const v1::LiftHoldRequest* request,
                                                 v1::LiftHoldResponse*) {
  return AsOperator(context, [&](const std::string& who) {
    return referrals_ == nullptr ? kNoReferrals : referrals_->Lift(*request, who);
  });
}

grpc::ServerUnaryReactor* AdminService::GetStatus(grpc::CallbackServerContext* context,
                                                  const v1::GetStatusRequest*,
                                                  v1::GetStatusResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  if (!OperatorOf(gate_, *context)) {
    reactor->Finish(kNoOperator);
    return reactor;
  }
  *response = status_();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

grpc::ServerUnaryReactor* AdminService::ListConsumers(grpc::CallbackServerContext* context,
                                                      const v1::ListConsumersRequest*,
                                                      v1::ListConsumersResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  if (!OperatorOf(gate_, *context)) {
    reactor->Finish(kNoOperator);
    return reactor;
  }
  if (!consumers_) {
    reactor->Finish({grpc::StatusCode::UNIMPLEMENTED, "this process serves no consumers"});
    return reactor;
  }
  *response = consumers_();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

grpc::ServerUnaryReactor* AdminService::ExplainReport(grpc::CallbackServerContext* context,
                                                      const v1::ExplainReportRequest* request,
                                                      v1::ExplainReportResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  if (!OperatorOf(gate_, *context)) {
    reactor->Finish(kNoOperator);
    return reactor;
  }
  if (!explain_) {
    reactor->Finish({grpc::StatusCode::UNIMPLEMENTED, "this process does not run dedupe"});
    return reactor;
  }
  const core::Id report = core::ReportKey(request->partner(), request->report_id());
  const absl::StatusOr<dedupe::ReportExplanation> explanation = explain_(report);
  if (!explanation.ok()) {
    reactor->Finish({static_cast<grpc::StatusCode>(explanation.status().code()),
                     std::string(explanation.status().message())});
    return reactor;
  }
  *response = Describe(report, *explanation);
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

}  // namespace ringfence::publish
