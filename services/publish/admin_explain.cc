#include <string>
#include <utility>

#include "services/publish/admin_service.h"
#include "services/publish/clearance.h"
#include "services/publish/unary_call.h"
#include "services/runtime/grpc/grpc_caller.h"

namespace ringfence::publish {

template <typename Ask, typename Request, typename Response>
grpc::ServerUnaryReactor* AdminService::AnswerExplained(grpc::CallbackServerContext* context,
                                                        const Ask& explain, const Request* request,
                                                        Response* response) {
  const absl::StatusOr<runtime::Caller> caller = runtime::CallerOf(gate_, *context);
  if (!caller.ok()) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish({grpc::StatusCode::UNAUTHENTICATED, "nobody knows who calls"});
    return reactor;
  }
  return AnswerIn(calls_, context, [=, &explain, viewer = ViewerOf(*caller)]() -> absl::Status {
    if (!explain) return absl::UnimplementedError("this process explains nothing");
    absl::StatusOr<Response> explanation = explain(*request, viewer);
    if (explanation.ok()) *response = *std::move(explanation);
    return explanation.status();
  });
}

grpc::ServerUnaryReactor* AdminService::ExplainIndicator(grpc::CallbackServerContext* context,
                                                         const v1::ExplainIndicatorRequest* request,
                                                         v1::ExplainIndicatorResponse* response) {
  return AnswerExplained(context, explanations_.indicator, request, response);
}

grpc::ServerUnaryReactor* AdminService::ExplainCampaign(grpc::CallbackServerContext* context,
                                                        const v1::ExplainCampaignRequest* request,
                                                        v1::ExplainCampaignResponse* response) {
  return AnswerExplained(context, explanations_.campaign, request, response);
}

}  // namespace ringfence::publish
