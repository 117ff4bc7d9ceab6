#include "services/runtime/grpc/grpc_listener.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/auth_metadata_processor.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <utility>

#include "services/runtime/config/config.h"
#include "services/runtime/grpc/call_metrics.h"
#include "services/runtime/grpc/grpc_caller.h"

namespace ringfence::runtime {
namespace {

constexpr int kKeepaliveMilliseconds = 60'000;
constexpr int kKeepaliveTimeoutMilliseconds = 20'000;
// Clients may ask as often.
constexpr int kClientPingMilliseconds = 10'000;
constexpr unsigned kLookAtCertificatesSeconds = 1;
// A certificate is judged when a connection begins: none goes on for ever.
constexpr int kConnectionAgeMilliseconds = 3'600'000;
constexpr int kConnectionGraceMilliseconds = 60'000;
constexpr int kStreamsPerConnectionMax = 128;

// They are counted by what is in them, or by how many are open.
constexpr std::string_view kWithOwnQuota[] = {"/ringfence.v1.ReportService/SubmitReports",
                                              "/ringfence.v1.IndicatorService/Lookup",
                                              "/ringfence.v1.IndicatorService/Subscribe"};

// Asks the gate about every call, of whatever service, before it reaches one.
class GateProcessor : public grpc::AuthMetadataProcessor {
 public:
  explicit GateProcessor(const Gate& gate) : gate_(gate) {}
  bool IsBlocking() const override { return false; }
  grpc::Status Process(const InputMetadata& metadata, grpc::AuthContext* connection,
                       OutputMetadata*, OutputMetadata*) override {
    const auto path = metadata.find(":path");
    if (path == metadata.end()) return {grpc::StatusCode::INTERNAL, "a call without a method"};
    const std::string_view method(path->second.data(), path->second.size());
    const absl::StatusOr<Caller> caller =
        gate_.AdmitRpc(method, CredentialsFrom(metadata, *connection));
    if (!caller.ok()) return ToGrpc(caller.status());
    for (const std::string_view own : kWithOwnQuota) {
      if (method == own) return grpc::Status::OK;
    }
    const auto retry_after = gate_.meter().Take(*caller, Quota::kCalls);
    return retry_after ? ToGrpc(PastQuota(Quota::kCalls, *retry_after)) : grpc::Status::OK;
  }

 private:
  const Gate& gate_;
};

std::shared_ptr<grpc::ServerCredentials> CredentialsOfServer(const TlsFiles& files) {
  // Without TLS; refuses who is not on this machine.
  if (!files.is_set()) return grpc::experimental::LocalServerCredentials(LOCAL_TCP);
  grpc::experimental::TlsServerCredentialsOptions options(
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
          files.key, files.certificate, files.ca, kLookAtCertificatesSeconds));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.set_check_call_host(false);
  return grpc::experimental::TlsServerCredentials(options);
}

absl::Status Check(const GrpcListener::Options& options) {
  if (options.tls.is_set()) return CheckTlsFiles(options.tls);
  const absl::StatusOr<Address> address = ParseAddress(options.address);
  if (!address.ok()) return address.status();
  if (IsLoopback(*address)) return absl::OkStatus();
  return absl::InvalidArgumentError(options.address +
                                    " is not a loopback address: certificates are wanted there");
}

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcListener>> GrpcListener::Start(const Options& options) {
  if (absl::Status status = Check(options); !status.ok()) return status;
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  int port = 0;
  const std::shared_ptr<grpc::ServerCredentials> credentials = CredentialsOfServer(options.tls);
  credentials->SetAuthMetadataProcessor(std::make_shared<GateProcessor>(*options.gate));
  builder.AddListeningPort(options.address, credentials, &port);
  // Two servers on one port would each answer half of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // Streams are silent for long: either end asks whether the other is still there.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kClientPingMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsPerConnectionMax);
  if (options.tls.is_set()) {
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, kConnectionAgeMilliseconds);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, kConnectionGraceMilliseconds);
  }
  builder.SetMaxReceiveMessageSize(options.request_bytes_max);
  for (grpc::Service* service : options.services) builder.RegisterService(service);
  if (options.metrics != nullptr) {
    std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> creators;
    creators.push_back(std::make_unique<CallMetrics>(*options.metrics));
    builder.experimental().SetInterceptorCreators(std::move(creators));
  }
  std::unique_ptr<GrpcListener> listener(new GrpcListener);
  listener->server_ = builder.BuildAndStart();
  if (!listener->server_ || port == 0) {
    return absl::UnavailableError("cannot listen on " + options.address +
                                  ": is another server there?");
  }
  listener->address_ =
      options.address.substr(0, options.address.rfind(':') + 1) + std::to_string(port);
  return listener;
}

GrpcListener::~GrpcListener() { Stop(std::chrono::milliseconds(0)); }

void GrpcListener::Stop(std::chrono::milliseconds within) {
  if (!server_) return;
  server_->Shutdown(std::chrono::system_clock::now() + within);
  server_->Wait();
  server_.reset();
}

}  // namespace ringfence::runtime
