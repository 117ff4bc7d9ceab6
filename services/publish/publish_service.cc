#include "services/publish/publish_service.h"

#include <chrono>
#include <optional>
#include <utility>

#include "pipelines/identifiers/normalise.h"
#include "services/publish/admin_service.h"
#include "services/publish/console/console.h"
#include "services/publish/http/http_api.h"
#include "services/publish/indicator_service.h"
#include "services/publish/publisher.h"
#include "services/publish/stage_status.h"
#include "services/runtime/grpc/grpc_listener.h"
#include "services/runtime/keys/key_files.h"
#include "services/runtime/service/disk_guard.h"
#include "services/runtime/snapshots/files.h"

namespace ringfence::publish {
namespace {

constexpr std::chrono::seconds kGoodbyeWithin{5};

class PublishService : public runtime::RunningService {
 public:
  explicit PublishService(const runtime::Surroundings& surroundings)
      : surroundings_(surroundings) {}
  ~PublishService() override {
    if (!listener_) return;
    indicators_->CloseStreams(kGoodbyeWithin);
    listener_->Stop(kGoodbyeWithin);
  }

  absl::Status Start() {
    const runtime::Config& config = surroundings_.config;
    const std::string& folder = config.publish().state_folder();
    if (absl::Status status = runtime::MakeFolder(folder); !status.ok()) return status;
    disk_.emplace(runtime::DiskGuard::Options{.folder = folder,
                                              .free_bytes_min = config.rocks().free_bytes_min()},
                  surroundings_.metrics);
    if (absl::Status status = StartPublisher(folder); !status.ok()) return status;
    absl::StatusOr<std::string> cursors = runtime::ReadCursorsKey(config.keys().cursors_file());
    if (!cursors.ok()) return cursors.status();
    HttpApi::Options api;
    api.cursor_key = *cursors;
    api.deployment = config.deployment();
    api.clock = surroundings_.clock;
    api_ = std::make_unique<HttpApi>(api, *publisher_);
    Console::Options console;
    console.deployment = config.deployment();
    console_ = std::make_unique<Console>(console, *publisher_);
    return Listen(*cursors);
  }

  absl::Status Live() const override {
    const auto age = std::chrono::steady_clock::now() - publisher_->pulse().last();
    if (age <= std::chrono::seconds(surroundings_.config.process().live_within_seconds()) ||
        !publisher_->Health().ok()) {
      return absl::OkStatus();
    }
    return absl::UnavailableError("publish has not turned for long");
  }
  // It has its snapshot, all that the log held when it started, and follows it.
  absl::Status Ready() const override {
    if (absl::Status status = disk_->Ready(); !status.ok()) return status;
    if (absl::Status status = publisher_->Health(); !status.ok()) return status;
    if (!publisher_->Latest()->complete)
      return absl::UnavailableError("the set is not complete yet");
    const auto lag_max =
        static_cast<int64_t>(surroundings_.config.process().ready_lag_records_max());
    for (const runtime::Progress& progress : publisher_->progress()) {
      if (progress.end - progress.applied > lag_max)
        return absl::UnavailableError("publish is too far behind");
    }
    return absl::OkStatus();
  }
  // It reads no more: the next process begins with what was flushed, and reads the rest again.
  absl::Status Failed() const override { return publisher_->Health(); }
  std::string GrpcAddress() const override { return listener_->address(); }
  runtime::HttpResponse Answer(const runtime::HttpRequest& request) const override {
    if (auto page = console_->Answer(request)) return *std::move(page);
    return api_->Answer(request);
  }

 private:
  absl::Status StartPublisher(const std::string& folder) {
    Publisher::Options options;
    options.state_dir = folder + "/publish";
    options.placement = identifiers::PlacementFingerprint();
    options.memory = surroundings_.memory;
    options.has_room = [this] { return disk_->has_room(); };
    const absl::StatusOr<campaigns::NamingKey> naming =
        runtime::ReadNamingKey(surroundings_.config.keys().naming_file());
    if (!naming.ok()) return naming.status();
    options.naming_key = *naming;
    auto publisher = Publisher::Start(options, surroundings_.log(), surroundings_.metrics);
    if (!publisher.ok()) return publisher.status();
    publisher_ = *std::move(publisher);
    return absl::OkStatus();
  }

  absl::Status Listen(const std::string& cursors) {
    IndicatorService::Options indicators;
    indicators.feed.cursor_key = cursors;
    indicators.feed.deployment = surroundings_.config.deployment();
    indicators.feed.clock = surroundings_.clock;
    indicators.consumers.path = surroundings_.config.publish().state_folder() + "/consumers";
    indicators_ =
        std::make_unique<IndicatorService>(indicators, *publisher_, surroundings_.metrics);
    admin_ = std::make_unique<AdminService>(
        [this] { return StatusOf(publisher_->progress(), surroundings_.log()); }, nullptr,
        [this] { return indicators_->ListConsumers(); });
    runtime::GrpcListener::Options options;
    options.address = surroundings_.config.publish().grpc().address();
    options.services = {indicators_.get(), admin_.get()};
    options.metrics = &surroundings_.metrics;
    auto listener = runtime::GrpcListener::Start(options);
    if (!listener.ok()) return listener.status();
    listener_ = *std::move(listener);
    return absl::OkStatus();
  }

  const runtime::Surroundings surroundings_;
  std::optional<runtime::DiskGuard> disk_;
  std::unique_ptr<Publisher> publisher_;
  std::unique_ptr<HttpApi> api_;
  std::unique_ptr<Console> console_;
  std::unique_ptr<IndicatorService> indicators_;
  std::unique_ptr<AdminService> admin_;
  std::unique_ptr<runtime::GrpcListener> listener_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<runtime::RunningService>> StartPublishService(
    runtime::Surroundings& surroundings) {
  auto service = std::make_unique<PublishService>(surroundings);
  if (absl::Status status = service->Start(); !status.ok()) return status;
  return service;
}

}  // namespace ringfence::publish
