#include "services/publish/admin_service.h"

#include "services/publish/clearance.h"

namespace ringfence::publish {

grpc::ServerUnaryReactor* AdminService::GetStatus(grpc::CallbackServerContext* context,
                                                  const v1::GetStatusRequest*,
                                                  v1::GetStatusResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  if (!ClearanceOf(context->peer())) {
    reactor->Finish({grpc::StatusCode::UNAUTHENTICATED,
                     "operators are believed only on the machine that publish runs on"});
    return reactor;
  }
  *response = status_();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

}  // namespace ringfence::publish
