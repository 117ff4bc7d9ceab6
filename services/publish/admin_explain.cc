#include <string>
#include <utility>

#include "services/publish/admin_service.h"
#include "services/publish/clearance.h"
#include "services/runtime/grpc/grpc_caller.h"

namespace ringfence::publish {
namespace {

// Answers with what `explain` says of the request.
template <typename Explain, typename Request, typename Response>
grpc::ServerUnaryReactor* Answer(const runtime::Gate& gate, grpc::CallbackServerContext* context,
                                 const Explain& explain, const Request& request,
                                 Response& response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const absl::StatusOr<runtime::Caller> caller = runtime::CallerOf(gate, *context);
  if (!caller.ok()) {
    reactor->Finish({grpc::StatusCode::UNAUTHENTICATED, "nobody knows who calls"});
    return reactor;
  }
  if (!explain) {
    reactor->Finish({grpc::StatusCode::UNIMPLEMENTED, "this process explains nothing"});
    return reactor;
  }
  absl::StatusOr<Response> explanation = explain(request, ViewerOf(*caller));
  const absl::Status& status = explanation.status();
  if (explanation.ok()) response = *std::move(explanation);
  reactor->Finish({static_cast<grpc::StatusCode>(status.code()), std::string(status.message())});
  return reactor;
}

}  // namespace

grpc::ServerUnaryReactor* AdminService::ExplainIndicator(grpc::CallbackServerContext* context,
                                                         const v1::ExplainIndicatorRequest* request,
                                                         v1::ExplainIndicatorResponse* response) {
  return Answer(gate_, context, explanations_.indicator, *request, *response);
}

grpc::ServerUnaryReactor* AdminService::ExplainCampaign(grpc::CallbackServerContext* context,
                                                        const v1::ExplainCampaignRequest* request,
                                                        v1::ExplainCampaignResponse* response) {
  return Answer(gate_, context, explanations_.campaign, *request, *response);
}

}  // namespace ringfence::publish
