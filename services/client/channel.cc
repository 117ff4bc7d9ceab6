#include "services/client/channel.h"

#include <grpcpp/security/tls_credentials_options.h>

namespace ringfence::client {
namespace {

constexpr int kKeepaliveMilliseconds = 30'000;
constexpr int kKeepaliveTimeoutMilliseconds = 10'000;
constexpr int kFirstReconnectMilliseconds = 100;
constexpr int kLastReconnectMilliseconds = 5'000;
constexpr unsigned kLookAtFilesSeconds = 1;

bool IsLoopback(const std::string& address) {
  return address.starts_with("127.") || address.starts_with("localhost:") ||
         address.starts_with("[::1]:");
}

std::shared_ptr<grpc::ChannelCredentials> CredentialsOf(const Endpoint& endpoint) {
  if (endpoint.ca.empty()) return grpc::InsecureChannelCredentials();
  const std::string& key = endpoint.key.empty() ? endpoint.cert : endpoint.key;
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
          key, endpoint.cert, endpoint.ca, kLookAtFilesSeconds));
  options.watch_root_certs();
  if (!endpoint.cert.empty()) options.watch_identity_key_cert_pairs();
  return grpc::experimental::TlsCredentials(options);
}

}  // namespace

grpc::ChannelArguments ChannelArguments(int received_bytes_max) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(received_bytes_max);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMilliseconds);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMilliseconds);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstReconnectMilliseconds);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLastReconnectMilliseconds);
  return arguments;
}

std::shared_ptr<grpc::Channel> Connect(const Endpoint& endpoint, int received_bytes_max) {
  grpc::ChannelArguments arguments = ChannelArguments(received_bytes_max);
  // A proxy of the environment cannot reach this machine's own loopback.
  if (IsLoopback(endpoint.address)) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(endpoint.address, CredentialsOf(endpoint), arguments);
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.error_code() == grpc::StatusCode::CANCELLED) {
    return absl::UnavailableError("cancelled by the other end: " + status.error_message());
  }
  return {static_cast<absl::StatusCode>(status.error_code()), status.error_message()};
}

}  // namespace ringfence::client
