#pragma once

#include <grpcpp/grpcpp.h>

#include <optional>
#include <string>

namespace ringfence::publish {

// The name under which the caller acts as an operator; nullopt where it is none. The one place
// where that is decided: without identities, a caller on this machine is the operator "local".
std::optional<std::string> OperatorOf(const grpc::CallbackServerContext& context);

}  // namespace ringfence::publish
