#include "services/publish/operator.h"

#include "services/publish/clearance.h"

namespace ringfence::publish {

std::optional<std::string> OperatorOf(const grpc::CallbackServerContext& context) {
  if (!ViewerOf(context.peer())) return std::nullopt;
  return "local";
}

}  // namespace ringfence::publish
