#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <map>

#include "absl/status/statusor.h"
#include "services/runtime/identity/gate.h"

namespace ringfence::runtime {

// What gRPC knows of who calls: the connection's certificate and the call's metadata.
Credentials CredentialsFrom(const std::multimap<grpc::string_ref, grpc::string_ref>& metadata,
                            const grpc::AuthContext& connection);

// For a service's method: who calls. That it may call the method at all GrpcListener has asked
// before. A server without any credentials, as in tests, is taken for one on loopback where its
// peer is.
absl::StatusOr<Caller> CallerOf(const Gate& gate, const grpc::CallbackServerContext& context);

// RESOURCE_EXHAUSTED, with when to try again in the trailing metadata grpc-retry-pushback-ms, as
// gRPC's own retry policies read it. Before the call finishes.
grpc::Status PastQuota(grpc::CallbackServerContext& context, Quota quota,
                       std::chrono::milliseconds retry_after);

// The two libraries number their codes alike.
grpc::Status ToGrpc(const absl::Status& status);

}  // namespace ringfence::runtime
