#include "services/publish/admin_service.h"

#include <string>

#include "services/publish/operator.h"
#include "services/publish/report_explanation.h"

namespace ringfence::publish {
namespace {

const grpc::Status kNoOperator{grpc::StatusCode::UNAUTHENTICATED,
                               "operators are believed only on the machine that publish runs on"};

}  // namespace

grpc::ServerUnaryReactor* AdminService::GetStatus(grpc::CallbackServerContext* context,
                                                  const v1::GetStatusRequest*,
                                                  v1::GetStatusResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  if (!OperatorOf(*context)) {
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
  if (!OperatorOf(*context)) {
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
  if (!OperatorOf(*context)) {
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
