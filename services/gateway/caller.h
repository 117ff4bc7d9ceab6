#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace ringfence::gateway {

// The metadata key under which a caller names its partner.
inline constexpr std::string_view kPartnerMetadata = "x-ringfence-partner";

// What gRPC knows of who calls.
struct Caller {
  // As grpc::ServerContext::peer() writes it: "ipv4:127.0.0.1:50312".
  std::string peer;
  // All values of kPartnerMetadata.
  std::vector<std::string> partner_names;
};

// The partner that the call is made for. A name is believed only on this machine: elsewhere it
// could be anyone's. kUnauthenticated where there is none, or the peer is not on this machine;
// kInvalidArgument where it is no partner name or there are several.
absl::StatusOr<std::string> PartnerOf(const Caller& caller);

// 1-40 of [a-z0-9-]: it becomes part of topics' names and of metrics' labels.
bool IsPartnerName(std::string_view name);

// Is it 127.0.0.0/8, ::1 (also as IPv4-mapped IPv6) or a Unix domain socket?
bool IsLoopbackPeer(std::string_view peer);

}  // namespace ringfence::gateway
