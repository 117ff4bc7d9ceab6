#pragma once

#include <grpcpp/grpcpp.h>

#include <optional>
#include <string>

#include "services/runtime/identity/gate.h"

namespace ringfence::publish {

// The name under which the caller acts, for audit; nullopt where nobody knows it. That it may call
// the method at all the gate has decided (runtime/identity/roles.cc).
std::optional<std::string> OperatorOf(const runtime::Gate& gate,
                                      const grpc::CallbackServerContext& context);

}  // namespace ringfence::publish
