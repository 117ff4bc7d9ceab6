#include "services/publish/operator.h"

#include "services/runtime/grpc/grpc_caller.h"

namespace ringfence::publish {

std::optional<std::string> OperatorOf(const runtime::Gate& gate,
                                      const grpc::CallbackServerContext& context) {
  const absl::StatusOr<runtime::Caller> caller = runtime::CallerOf(gate, context);
  return caller.ok() ? std::optional(caller->name) : std::nullopt;
}

}  // namespace ringfence::publish
