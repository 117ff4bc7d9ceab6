#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>

#include "absl/status/status.h"
#include "services/publish/workers.h"

namespace ringfence::publish {

// Answers a call in one of `workers` with what `act` says, so that it holds up none of gRPC's own
// threads. One that was cancelled before its turn, or whose deadline has passed, is not begun;
// UNAVAILABLE where too many wait. `act` may use the call's messages.
grpc::ServerUnaryReactor* AnswerIn(Workers& workers, grpc::CallbackServerContext* context,
                                   std::function<absl::Status()> act);

}  // namespace ringfence::publish
