#pragma once

#include <optional>
#include <string_view>

#include "ringfence/v1/report.pb.h"

namespace ringfence::publish {

// The highest TLP that a caller may be given, by its address as grpc::ServerContext::peer() writes
// it. Until callers have identities, one on this machine is an analyst: everything but TLP_RED.
// Nothing for any other: it could be anyone.
std::optional<v1::Tlp> ClearanceOf(std::string_view peer);

}  // namespace ringfence::publish
