#include "services/runtime/grpc/grpc_caller.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

namespace ringfence::runtime {
namespace {

constexpr char kTransport[] = "transport_security_type";
constexpr char kUri[] = "peer_uri";
constexpr char kRetryPushback[] = "grpc-retry-pushback-ms";

// Begins what stands before the port. gRPC escapes brackets in some releases and not in others.
constexpr std::string_view kThisMachine[] = {
    "ipv4:127.",           "ipv6:[::1]", "ipv6:%5B::1%5D", "ipv6:[::ffff:127.",
    "ipv6:%5B::ffff:127.", "unix:",      "unix-abstract:",
};

std::string Text(const grpc::string_ref& text) { return {text.data(), text.size()}; }

std::vector<std::string> All(const std::multimap<grpc::string_ref, grpc::string_ref>& metadata,
                             std::string_view name) {
  std::vector<std::string> values;
  const auto [begin, end] = metadata.equal_range(grpc::string_ref(name.data(), name.size()));
  for (auto it = begin; it != end; ++it) values.push_back(Text(it->second));
  return values;
}

}  // namespace

Credentials CredentialsFrom(const std::multimap<grpc::string_ref, grpc::string_ref>& metadata,
                            const grpc::AuthContext& connection) {
  Credentials credentials;
  std::string transport;
  for (const grpc::string_ref& value : connection.FindPropertyValues(kTransport))
    transport = Text(value);
  credentials.is_local = transport == "local";
  credentials.has_certificate = transport == "tls" || transport == "ssl";
  for (const grpc::string_ref& value : connection.FindPropertyValues(kUri))
    credentials.uris.push_back(Text(value));
  credentials.partners = All(metadata, kPartnerHeader);
  credentials.identities = All(metadata, kIdentityHeader);
  credentials.certificates = All(metadata, kCertificateHeader);
  return credentials;
}

absl::StatusOr<Caller> CallerOf(const Gate& gate, const grpc::CallbackServerContext& context) {
  Credentials credentials = CredentialsFrom(context.client_metadata(), *context.auth_context());
  if (!credentials.is_local && !credentials.has_certificate) {
    const std::string peer = context.peer();
    credentials.is_local =
        std::any_of(std::begin(kThisMachine), std::end(kThisMachine),
                    [&](std::string_view beginning) { return peer.starts_with(beginning); });
  }
  return gate.Decide(credentials);
}

grpc::Status PastQuota(grpc::CallbackServerContext& context, Quota quota,
                       std::chrono::milliseconds retry_after) {
  context.AddTrailingMetadata(kRetryPushback, std::to_string(retry_after.count()));
  return ToGrpc(PastQuota(quota, retry_after));
}

grpc::Status ToGrpc(const absl::Status& status) {
  return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message())};
}

}  // namespace ringfence::runtime
