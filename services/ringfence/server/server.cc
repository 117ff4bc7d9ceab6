#include "services/ringfence/server/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <utility>

#include "pipelines/cluster/cluster.h"
#include "pipelines/dedupe/dedupe.h"
#include "pipelines/identifiers/normalise.h"
#include "services/gateway/report_service.h"
#include "services/publish/admin_service.h"
#include "services/publish/indicator_service.h"
#include "services/ringfence/server/key_files.h"
#include "services/runtime/clock.h"
#include "services/runtime/logging.h"
#include "services/runtime/thread_name.h"

namespace ringfence::server {
namespace {

using runtime::Progress;

constexpr std::chrono::minutes kHousekeepingEvery{10};
constexpr std::chrono::seconds kGoodbyeWithin{5};

struct Address {
  std::string host;
  int port = 0;
};

absl::StatusOr<Address> ParseAddress(const std::string& text) {
  const size_t colon = text.rfind(':');
  const std::string port = colon == std::string::npos ? "" : text.substr(colon + 1);
  if (colon == 0 || port.empty() || port.size() > 5 ||
      port.find_first_not_of("0123456789") != std::string::npos || std::stoi(port) > 65'535) {
    return absl::InvalidArgumentError(text + ": HOST:PORT is wanted, like 127.0.0.1:7733");
  }
  return Address{text.substr(0, colon), std::stoi(port)};
}

absl::Status CheckLoopback(const Address& address) {
  if (address.host == "localhost" || address.host == "[::1]" || address.host.starts_with("127.")) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      address.host +
      " is not a loopback address: without TLS nobody on the network can be told "
      "from anybody else");
}

void FillStatus(const Progress& progress, int64_t end, v1::StageStatus& status) {
  status.set_stage(progress.stage);
  status.set_topic(progress.input.topic);
  status.set_partition(progress.input.partition);
  status.set_log_end(end);
  status.set_applied(progress.applied);
  if (progress.as_of > 0) *status.mutable_as_of() = core::ToProto(progress.as_of);
}

}  // namespace

// gRPC's side.
struct Server::Services {
  std::unique_ptr<gateway::ReportService> reports;
  std::unique_ptr<publish::IndicatorService> indicators;
  std::unique_ptr<publish::AdminService> admin;
  std::unique_ptr<grpc::Server> server;
};

Server::Server(const Options& options) : options_(options), memory_(runtime::MakeRocksMemory({})) {}

absl::Status Server::CheckAddresses(const Options& options) {
  for (const std::string& text : {options.grpc, options.http}) {
    const absl::StatusOr<Address> address = ParseAddress(text);
    if (!address.ok()) return address.status();
    if (absl::Status status = CheckLoopback(*address); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const Options& options) {
  std::unique_ptr<Server> server(new Server(options));
  if (absl::Status status = CheckAddresses(options); !status.ok()) return status;
  const bool has_data = std::filesystem::exists(options.data + "/log");
  absl::StatusOr<Keys> keys =
      ReadOrMakeKeys(options.data + "/keys", has_data ? Missing::kRefuse : Missing::kMake);
  if (!keys.ok()) return keys.status();
  server->keys_ = *std::move(keys);
  absl::Status status = server->OpenLog();
  if (status.ok()) status = server->StartStages(identifiers::PlacementFingerprint());
  if (status.ok()) status = server->StartServices();
  if (status.ok()) status = server->StartHttp();
  if (!status.ok()) return status;
  Server* self = server.get();
  server->housekeeper_ = std::jthread([self](const std::stop_token& stop) {
    runtime::NameThread("housekeeper");
    self->KeepHouse(stop);
  });
  return server;
}

Server::~Server() {
  if (services_ && services_->server) {
    services_->indicators->CloseStreams(kGoodbyeWithin);
    services_->server->Shutdown(std::chrono::system_clock::now() + kGoodbyeWithin);
    services_->server->Wait();
  }
}

absl::Status Server::OpenLog() {
  runtime::EmbeddedLog::Options options;
  options.dir = options_.data + "/log";
  options.clock = runtime::SystemNow;
  options.memory = memory_;
  absl::StatusOr<std::unique_ptr<runtime::EmbeddedLog>> log = runtime::EmbeddedLog::Open(options);
  if (!log.ok()) return log.status();
  log_ = *std::move(log);
  const auto partitions = static_cast<int32_t>(options_.partitions);
  for (const auto& [topic, compacted] :
       {std::pair(runtime::kDedupeTopic, false), std::pair(runtime::kClusterTopic, false),
        std::pair(runtime::kIndicatorsTopic, true)}) {
    runtime::TopicOptions topic_options;
    topic_options.partitions = partitions;
    topic_options.compacted = compacted;
    if (absl::Status status = log_->CreateTopic(std::string(topic), topic_options); !status.ok())
      return status;
  }
  return absl::OkStatus();
}

absl::Status Server::StartStages(const std::string& placement) {
  publish::Publisher::Options options;
  options.state_dir = options_.data + "/publish";
  options.placement = placement;
  options.memory = memory_;
  options.naming_key = keys_.naming;
  auto publisher = publish::Publisher::Start(options, *log_, metrics_);
  if (!publisher.ok()) return publisher.status();
  publisher_ = *std::move(publisher);
  for (core::Mailbox mailbox : {core::Mailbox::kCluster, core::Mailbox::kDedupe}) {
    for (uint32_t partition = 0; partition < options_.partitions; ++partition) {
      if (absl::Status status = StartRunner(mailbox, partition, placement); !status.ok())
        return status;
    }
  }
  for (uint32_t partition = 0; partition < options_.partitions; ++partition) {
    intake_service::IntakeRunner::Options intake_options;
    intake_options.partition = static_cast<int32_t>(partition);
    intake_options.partitions = static_cast<int32_t>(options_.partitions);
    intake_options.dedupe_partitions = options_.partitions;
    intake_options.intake.token_key = keys_.victim_tokens;
    intake_options.intake.memory = normalise_memory_;
    intakes_.push_back(
        std::make_unique<intake_service::IntakeRunner>(intake_options, *log_, metrics_));
  }
  return absl::OkStatus();
}

absl::Status Server::StartRunner(core::Mailbox mailbox, uint32_t partition,
                                 const std::string& placement) {
  runtime::Runner::Options options;
  options.stage = mailbox == core::Mailbox::kDedupe ? "dedupe" : "cluster";
  options.mailbox = mailbox;
  options.output = {partition, options_.partitions, options_.partitions};
  options.state_dir = options_.data + "/" + options.stage + "-" + std::to_string(partition);
  options.placement = placement;
  options.memory = memory_;
  options.clock = runtime::SystemNow;
  auto make = [partition, mailbox, deployment = options_.deployment](core::State& state) {
    if (mailbox == core::Mailbox::kDedupe) {
      dedupe::Options stage_options;
      stage_options.partition = partition;
      return dedupe::MakeDedupe(state, stage_options);
    }
    cluster::Options stage_options;
    stage_options.partition = partition;
    stage_options.deployment = deployment;
    return cluster::MakeCluster(state, stage_options);
  };
  auto runner = runtime::Runner::Start(options, make, *log_, metrics_);
  if (!runner.ok()) return runner.status();
  runners_.push_back(*std::move(runner));
  return absl::OkStatus();
}

void Server::MakeServices() {
  services_ = std::make_unique<Services>();
  gateway::ReportService::Options reports;
  reports.receiver.intake.token_key = keys_.victim_tokens;
  reports.receiver.intake.memory = normalise_memory_;
  reports.receiver.partitions = static_cast<int32_t>(options_.partitions);
  reports.receiver.clock = runtime::SystemNow;
  services_->reports = std::make_unique<gateway::ReportService>(reports, *log_, metrics_);
  publish::IndicatorService::Options indicators;
  indicators.feed.cursor_key = keys_.cursors;
  indicators.feed.deployment = options_.deployment;
  indicators.feed.clock = runtime::SystemNow;
  services_->indicators =
      std::make_unique<publish::IndicatorService>(indicators, *publisher_, metrics_);
  services_->admin = std::make_unique<publish::AdminService>([this] { return Status(); });
}

absl::Status Server::StartServices() {
  const absl::StatusOr<Address> address = ParseAddress(options_.grpc);
  if (!address.ok()) return address.status();
  MakeServices();
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(options_.grpc, grpc::InsecureServerCredentials(), &port);
  // Two servers on one port would each answer half of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.SetMaxReceiveMessageSize(gateway::ReportService::kRequestBytesMax);
  builder.RegisterService(services_->reports.get());
  builder.RegisterService(services_->indicators.get());
  builder.RegisterService(services_->admin.get());
  services_->server = builder.BuildAndStart();
  if (!services_->server || port == 0) {
    return absl::UnavailableError("cannot listen on " + options_.grpc +
                                  ": is another server there?");
  }
  grpc_address_ = address->host + ":" + std::to_string(port);
  return absl::OkStatus();
}

absl::Status Server::StartHttp() {
  const absl::StatusOr<Address> address = ParseAddress(options_.http);
  if (!address.ok()) return address.status();
  const absl::StatusOr<int> port = metrics_.Serve(address->host, address->port);
  if (!port.ok()) return port.status();
  http_address_ = address->host + ":" + std::to_string(*port);
  return absl::OkStatus();
}

std::vector<Progress> Server::AllProgress() const {
  std::vector<Progress> all;
  for (const auto& intake : intakes_) {
    for (Progress& progress : intake->progress()) all.push_back(std::move(progress));
  }
  // In the order of the data's way.
  for (const std::string_view stage : {"dedupe", "cluster"}) {
    for (const auto& runner : runners_) {
      if (Progress progress = runner->progress(); progress.stage == stage)
        all.push_back(std::move(progress));
    }
  }
  for (Progress& progress : publisher_->progress()) all.push_back(std::move(progress));
  return all;
}

// Everything is quiet if every reader had applied all that its partition held, and no partition had
// grown by the time that all had been looked at: what is applied has been sent before.
v1::GetStatusResponse Server::Status() const {
  v1::GetStatusResponse response;
  std::vector<std::pair<runtime::TopicPartition, int64_t>> ends;
  bool quiet = true;
  for (const Progress& progress : AllProgress()) {
    const int64_t end = log_->EndOffset(progress.input).value_or(-1);
    quiet = quiet && end == progress.applied && progress.stopped_because.empty();
    ends.emplace_back(progress.input, end);
    FillStatus(progress, end, *response.add_stages());
  }
  for (const auto& [partition, end] : ends)
    quiet = quiet && log_->EndOffset(partition).value_or(-1) == end;
  // A partner whose topic intake has not found yet.
  const absl::StatusOr<std::vector<std::string>> topics = log_->Topics(runtime::kReportsPrefix);
  size_t known = 0;
  for (const v1::StageStatus& stage : response.stages()) known += stage.stage() == "intake";
  quiet = quiet && topics.ok() && known == topics->size() * options_.partitions;
  response.set_quiet(quiet);
  return response;
}

absl::Status Server::Health() const {
  for (const Progress& progress : AllProgress()) {
    if (progress.stopped_because.empty()) continue;
    return absl::InternalError(progress.stage + "/" + std::to_string(progress.input.partition) +
                               " has stopped: " + progress.stopped_because);
  }
  return publisher_->Health();
}

void Server::KeepHouse(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any woken;
  std::unique_lock lock(mutex);
  while (!woken.wait_for(lock, stop, kHousekeepingEvery, [&] { return stop.stop_requested(); })) {
    if (stop.stop_requested()) return;
    if (absl::Status status = log_->ApplyRetention(); !status.ok()) {
      runtime::LogLine(runtime::LogLevel::kWarning, "retention failed",
                       {{"error", std::string(status.message())}});
    }
  }
}

}  // namespace ringfence::server
