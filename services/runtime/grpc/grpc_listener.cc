#include "services/runtime/grpc/grpc_listener.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>

#include <utility>

#include "services/runtime/grpc/call_metrics.h"

namespace ringfence::runtime {
namespace {

constexpr int kKeepaliveMilliseconds = 60'000;
constexpr int kKeepaliveTimeoutMilliseconds = 20'000;
// Clients may ask as often.
constexpr int kClientPingMilliseconds = 10'000;

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcListener>> GrpcListener::Start(const Options& options) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(options.address, grpc::InsecureServerCredentials(), &port);
  // Two servers on one port would each answer half of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // Streams are silent for long: either end asks whether the other is still there.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kClientPingMilliseconds);
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
