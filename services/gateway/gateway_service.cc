#include "services/gateway/gateway_service.h"

#include <memory>
#include <utility>

#include "services/gateway/edge.h"
#include "services/gateway/receivers.h"
#include "services/gateway/report_service.h"
#include "services/runtime/grpc/grpc_listener.h"
#include "services/runtime/keys/key_files.h"
#include "services/runtime/normalise_memory.h"

namespace ringfence::gateway {
namespace {

constexpr std::chrono::seconds kGoodbyeWithin{5};

class GatewayService : public runtime::RunningService {
 public:
  GatewayService(const Receivers::Options& options, const runtime::Surroundings& surroundings)
      : surroundings_(surroundings),
        receivers_(options, surroundings.log(), surroundings.metrics),
        reports_(receivers_, surroundings.gate),
        edge_(receivers_, surroundings.gate) {}
  ~GatewayService() override {
    if (listener_) listener_->Stop(kGoodbyeWithin);
  }

  absl::Status Listen() {
    runtime::GrpcListener::Options options;
    options.address = surroundings_.config.gateway().grpc().address();
    options.tls = runtime::TlsFilesOf(surroundings_.config);
    options.gate = &surroundings_.gate;
    options.request_bytes_max = ReportService::kRequestBytesMax;
    options.services = {&reports_};
    options.metrics = &surroundings_.metrics;
    auto listener = runtime::GrpcListener::Start(options);
    if (!listener.ok()) return listener.status();
    listener_ = *std::move(listener);
    return absl::OkStatus();
  }
  absl::Status Live() const override { return absl::OkStatus(); }
  // It can do what it is for while the log answers.
  absl::Status Ready() const override {
    return surroundings_.log().Partitions(std::string(runtime::kDedupeTopic)).status();
  }
  std::string GrpcAddress() const override { return listener_->address(); }
  runtime::HttpResponse Answer(const runtime::HttpRequest& request,
                               const runtime::Caller& caller) const override {
    if (auto answer = edge_.Answer(request, caller)) return *std::move(answer);
    return RunningService::Answer(request, caller);
  }

 private:
  const runtime::Surroundings surroundings_;
  Receivers receivers_;
  ReportService reports_;
  // It locks what it counts in.
  mutable Edge edge_;
  std::unique_ptr<runtime::GrpcListener> listener_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<runtime::RunningService>> StartGatewayService(
    runtime::Surroundings& surroundings) {
  absl::StatusOr<runtime::TokenKeys> keys =
      runtime::ReadTokenKeys(surroundings.config.keys().victim_tokens_file());
  if (!keys.ok()) return keys.status();
  Receivers::Options options;
  options.receiver.intake.token_key = keys->first;
  options.receiver.intake.further_keys = keys->further;
  // Its workers share it.
  options.receiver.intake.memory = std::make_shared<runtime::SharedNormaliseMemory>();
  options.receiver.partitions =
      static_cast<int32_t>(surroundings.config.gateway().report_partitions());
  options.receiver.clock = surroundings.clock;
  auto service = std::make_unique<GatewayService>(options, surroundings);
  if (absl::Status status = service->Listen(); !status.ok()) return status;
  return service;
}

std::vector<absl::Status> CheckGatewayFiles(const runtime::Config& config) {
  return {runtime::ReadTokenKeys(config.keys().victim_tokens_file()).status()};
}

}  // namespace ringfence::gateway
