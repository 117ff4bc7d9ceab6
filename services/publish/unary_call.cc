#include "services/publish/unary_call.h"

#include <utility>

#include "services/runtime/grpc/grpc_caller.h"

namespace ringfence::publish {

grpc::ServerUnaryReactor* AnswerIn(Workers& workers, grpc::CallbackServerContext* context,
                                   std::function<absl::Status()> act) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  // The context and the call's messages stay until the reactor finishes.
  const bool has_place = workers.SubmitCall([=, act = std::move(act)] {
    reactor->Finish(context->IsCancelled() ? grpc::Status::CANCELLED : runtime::ToGrpc(act()));
  });
  if (!has_place)
    reactor->Finish({grpc::StatusCode::UNAVAILABLE, "busy: ask again a little later"});
  return reactor;
}

}  // namespace ringfence::publish
