#include "services/ringfence/server/server.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <utility>

#include "pipelines/identifiers/normalise.h"
#include "services/cluster/cluster_stage.h"
#include "services/dedupe/dedupe_stage.h"
#include "services/gateway/edge.h"
#include "services/gateway/receivers.h"
#include "services/gateway/report_service.h"
#include "services/publish/admin_service.h"
#include "services/publish/indicator_service.h"
#include "services/publish/organisations_file.h"
#include "services/publish/policy_file.h"
#include "services/publish/stage_status.h"
#include "services/runtime/build_info.h"
#include "services/runtime/clock.h"
#include "services/runtime/config/config.h"
#include "services/runtime/grpc/grpc_listener.h"
#include "services/runtime/identity/http_gate.h"
#include "services/runtime/logging.h"
#include "services/runtime/service/open_log.h"
#include "services/runtime/service/operations_http.h"
#include "services/runtime/snapshots/files.h"
#include "services/runtime/steady_clock.h"
#include "services/runtime/thread_name.h"

namespace ringfence::server {
namespace {

using runtime::Address;
using runtime::ParseAddress;
using runtime::Progress;

constexpr std::chrono::minutes kHousekeepingEvery{10};
constexpr std::chrono::seconds kGoodbyeWithin{5};
// With less free than this nothing is taken: what is in memory has to find room. Of a small disk an
// eighth.
constexpr uint64_t kReserveMax = uint64_t{256} << 20;
constexpr uint64_t kReserveShare = 8;

// To start it again does not help.
absl::Status AsWrongUse(const absl::Status& status) {
  return absl::IsFailedPrecondition(status) ? absl::InvalidArgumentError(status.message()) : status;
}

}  // namespace

// gRPC's side.
struct Server::Services {
  std::unique_ptr<gateway::Receivers> receivers;
  std::unique_ptr<gateway::ReportService> reports;
  std::unique_ptr<gateway::Edge> edge;
  std::unique_ptr<publish::IndicatorService> indicators;
  std::unique_ptr<publish::AdminService> admin;
  std::unique_ptr<runtime::GrpcListener> listener;
};

Server::Server(const Options& options) : options_(options), memory_(runtime::MakeRocksMemory({})) {}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const Options& options) {
  std::unique_ptr<Server> server(new Server(options));
  if (absl::Status status = Check(options); !status.ok()) return status;
  absl::StatusOr<std::unique_ptr<runtime::Gate>> gate = runtime::Gate::Open(
      {options.identities_file, options.tokens_file, !options.tls.is_set(), runtime::SystemNow},
      server->metrics_);
  if (!gate.ok()) return gate.status();
  server->gate_ = *std::move(gate);
  server->certificates_.emplace(
      std::vector<runtime::CertificateWatch::File>{{"server", options.tls.certificate},
                                                   {"callers_ca", options.tls.ca}},
      server->metrics_);
  const bool has_data = std::filesystem::exists(options.data + "/log");
  absl::StatusOr<runtime::Keys> keys = runtime::ReadOrMakeKeys(
      options.data + "/keys", has_data ? runtime::Missing::kRefuse : runtime::Missing::kMake);
  if (!keys.ok()) return AsWrongUse(keys.status());
  server->keys_ = *std::move(keys);
  runtime::ReportBuild("ringfence serve", server->metrics_);
  server->metrics_.Set(runtime::Metric::kPartitions, {}, options.partitions);
  const absl::StatusOr<uint64_t> capacity = runtime::CapacityOf(options.data);
  if (!capacity.ok()) return capacity.status();
  const uint64_t reserve = std::min(kReserveMax, *capacity / kReserveShare);
  server->disk_.emplace(
      runtime::DiskGuard::Options{.folder = options.data, .free_bytes_min = reserve},
      server->metrics_);
  absl::Status status = server->OpenLog(reserve);
  if (status.ok()) status = server->StartStages(identifiers::PlacementFingerprint());
  if (status.ok()) status = server->StartDecisions();
  if (status.ok()) server->StartIntake();
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
  if (services_ && services_->listener) {
    services_->indicators->CloseStreams(kGoodbyeWithin);
    services_->listener->Stop(kGoodbyeWithin);
  }
}

absl::Status Server::OpenLog(uint64_t reserve_bytes) {
  runtime::EmbeddedLog::Options options;
  options.dir = options_.data + "/log";
  options.clock = runtime::SystemNow;
  options.memory = memory_;
  options.reserve_bytes = reserve_bytes;
  options.report_retention = options_.keep_reports;
  options.steady = runtime::SteadyNow;
  absl::StatusOr<std::unique_ptr<runtime::EmbeddedLog>> log = runtime::EmbeddedLog::Open(options);
  if (!log.ok()) return log.status();
  log_ = *std::move(log);
  return AsWrongUse(runtime::MakeTopics(*log_, options_.partitions));
}

absl::Status Server::StartStages(const std::string& placement) {
  publish::Publisher::Options options;
  options.state_dir = options_.data + "/publish";
  options.placement = placement;
  options.memory = memory_;
  options.naming_key = keys_.naming;
  options.has_room = [this] { return disk_->has_room(); };
  auto publisher = publish::Publisher::Start(options, *log_, metrics_);
  if (!publisher.ok()) return publisher.status();
  publisher_ = *std::move(publisher);
  runtime::StageSurroundings surroundings;
  surroundings.partitions = options_.partitions;
  surroundings.state_folder = options_.data;
  surroundings.placement = placement;
  surroundings.memory = memory_;
  surroundings.clock = runtime::SystemNow;
  for (const runtime::StageKind& kind :
       {cluster_service::ClusterStage(options_.deployment, *log_), dedupe_service::DedupeStage()}) {
    for (uint32_t partition = 0; partition < options_.partitions; ++partition) {
      auto runner = runtime::Runner::Start(runtime::RunnerOptions(kind, surroundings, partition),
                                           runtime::FactoryOf(kind, partition), *log_, metrics_);
      if (!runner.ok()) return runner.status();
      runners_.push_back(*std::move(runner));
      (kind.mailbox == core::Mailbox::kDedupe ? dedupe_ : cluster_)
          .push_back(runners_.back().get());
    }
  }
  return absl::OkStatus();
}

absl::Status Server::StartDecisions() {
  publish::DecisionBook::Options options;
  options.dedupe_partitions = options_.partitions;
  options.cluster_partitions = options_.partitions;
  options.clock = runtime::SystemNow;
  auto book = publish::DecisionBook::Start(options, *log_);
  if (!book.ok()) return book.status();
  decisions_ = *std::move(book);
  internal::v1::Organisations organisations;
  if (!options_.organisations.empty()) {
    auto read = publish::ReadOrganisations(options_.organisations);
    if (!read.ok()) return read.status();
    organisations = *std::move(read);
  }
  if (absl::Status status = decisions_->SetOrganisations(std::move(organisations)); !status.ok()) {
    return status;
  }
  auto audit = publish::AuditLog::Open(options_.data + "/audit.log");
  if (!audit.ok()) return audit.status();
  audit_ = *std::move(audit);
  auto policy = publish::ReadPolicyFile(options_.policy);
  if (!policy.ok()) return policy.status();
  if (absl::Status status = decisions_->SetPolicy(*std::move(policy)); !status.ok()) return status;
  publish::Operators::Options operators;
  operators.clock = runtime::SystemNow;
  operators.audit = audit_.get();
  operators.count_reports = [this](const std::string& partner, core::Time from, core::Time until,
                                   const std::function<absl::Status()>& retract) {
    return CountReports(partner, from, until, retract);
  };
  operators.last_arrival = [this](const std::string& partner) { return LastArrival(partner); };
  operators.check_partner = [this](const std::string& partner) { return CheckPartner(partner); };
  operators.count_held = [this](const std::string& partner, core::Time from, core::Time until,
                                bool drop, const std::function<absl::Status()>& decide) {
    return CountHeld(partner, from, until, drop, decide);
  };
  operators_ = std::make_unique<publish::Operators>(std::move(operators), *decisions_);
  publish::Referrals::Options referrals;
  referrals.clock = runtime::SystemNow;
  referrals.deployment = options_.deployment;
  referrals.release = runtime::Release();
  referrals.key = keys_.naming;
  referrals.dedupe_partitions = options_.partitions;
  referrals.audit = audit_.get();
  referrals_ = std::make_unique<publish::Referrals>(std::move(referrals), *decisions_, *publisher_);
  return absl::OkStatus();
}

// Last of the stages: what it decides it decides by the set and the book.
void Server::StartIntake() {
  intake_service::Quotas::Options quotas;
  quotas.limits = options_.quotas;
  quotas.is_known = [this](const core::Id& id) { return FindInSet(id).has_value(); };
  quotas_ = std::make_unique<intake_service::Quotas>(std::move(quotas));
  echoes_ = std::make_unique<intake_service::Echoes>(
      [this] {
        return intake_service::WithMembers(decisions_->receivers(), decisions_->organisations());
      },
      [this](const core::Id& id, core::Time time) {
        const auto record = FindInSet(id);
        return record && record->indicator().action() >= v1::ACTION_CHALLENGE &&
               core::FromProto(record->indicator().action_since()) < time;
      });
  for (uint32_t partition = 0; partition < options_.partitions; ++partition) {
    intake_service::IntakeRunner::Options intake_options;
    intake_options.quotas = quotas_.get();
    intake_options.echoes = echoes_.get();
    intake_options.may_take = [this] { return publisher_->Latest()->complete; };
    intake_options.partition = static_cast<int32_t>(partition);
    intake_options.partitions = static_cast<int32_t>(options_.partitions);
    intake_options.dedupe_partitions = options_.partitions;
    intake_options.intake.token_key = keys_.victim_tokens.first;
    intake_options.intake.memory = normalise_memory_;
    intake_options.intake.further_keys = keys_.victim_tokens.further;
    intakes_.push_back(
        std::make_unique<intake_service::IntakeRunner>(intake_options, *log_, metrics_));
  }
}

// As publish has it at present; nullopt also for what has left the set.
std::optional<internal::v1::IndicatorRecord> Server::FindInSet(const core::Id& id) const {
  const std::shared_ptr<const publish::Moment> moment = publisher_->Latest();
  campaigns::ReadView view(*moment->state, publisher_->names());
  std::optional<internal::v1::IndicatorRecord> record = view.Find(id);
  return record && record->has_indicator() ? std::move(record) : std::nullopt;
}

void Server::MakeExplanations() {
  publish::Explanations::Options explain;
  explain.listing = [this](const core::Id& base, v1::IdentifierType type,
                           const std::string& value) { return ExplainListing(base, type, value); };
  explain.listed_on = [this](const core::Id& base) { return ListedOn(base); };
  explain.ties = [this](const auto& bases, const auto& visit) { return VisitTies(bases, visit); };
  explanations_ =
      std::make_unique<publish::Explanations>(std::move(explain), *publisher_, decisions_.get());
}

void Server::MakeServices() {
  MakeExplanations();
  services_ = std::make_unique<Services>();
  gateway::Receivers::Options reports;
  reports.receiver.intake.token_key = keys_.victim_tokens.first;
  reports.receiver.intake.memory = normalise_memory_;
  reports.receiver.intake.further_keys = keys_.victim_tokens.further;
  reports.receiver.partitions = static_cast<int32_t>(options_.partitions);
  reports.receiver.clock = runtime::SystemNow;
  services_->receivers = std::make_unique<gateway::Receivers>(reports, *log_, metrics_);
  services_->reports = std::make_unique<gateway::ReportService>(*services_->receivers, *gate_);
  services_->edge = std::make_unique<gateway::Edge>(*services_->receivers, *gate_);
  publish::IndicatorService::Options indicators;
  indicators.feed.cursor_key = keys_.cursors;
  indicators.feed.deployment = options_.deployment;
  indicators.feed.clock = runtime::SystemNow;
  indicators.consumers.path = options_.data + "/consumers";
  indicators.consumers.note = [this](const std::string& receiver) {
    return decisions_->NoteReceiver(receiver);
  };
  indicators.feedback = publish::Feedback::Into(*operators_, *decisions_);
  indicators.related = explanations_->RelatedForService();
  services_->indicators =
      std::make_unique<publish::IndicatorService>(indicators, *publisher_, *gate_, metrics_);
  services_->admin = std::make_unique<publish::AdminService>(
      *gate_, [this] { return Status(); },
      [this](const core::Id& report) { return ExplainReport(report); },
      [this] { return services_->indicators->ListConsumers(); });
  services_->admin->set_operators(operators_.get());
  services_->admin->set_referrals(referrals_.get());
  services_->admin->set_explanations(explanations_->ForService());
  services_->admin->set_list_held([this] { return ListHeld(); });
}

absl::Status Server::StartServices() {
  MakeServices();
  runtime::GrpcListener::Options options;
  options.address = options_.grpc;
  options.tls = options_.tls;
  options.gate = gate_.get();
  options.request_bytes_max = gateway::ReportService::kRequestBytesMax;
  options.services = {services_->reports.get(), services_->indicators.get(),
                      services_->admin.get()};
  options.metrics = &metrics_;
  auto listener = runtime::GrpcListener::Start(options);
  if (!listener.ok()) return listener.status();
  services_->listener = *std::move(listener);
  grpc_address_ = services_->listener->address();
  return absl::OkStatus();
}

void Server::MakeConsole() {
  publish::PartnerWatch::Options partners;
  partners.clock = runtime::SystemNow;
  partners_ = std::make_unique<publish::PartnerWatch>(partners, *log_);
  publish::Console::Options console;
  console.deployment = options_.deployment;
  console.ties = [this](const auto& bases, const auto& visit) { return VisitTies(bases, visit); };
  console.partners = [this] { return partners_->Get(); };
  console.status = [this] { return Status(); };
  console.consumers = [this] { return services_->indicators->ListConsumers(); };
  console.list_held = [this] { return ListHeld(); };
  console.operators = operators_.get();
  console.referrals = referrals_.get();
  console_ = std::make_unique<publish::Console>(console, *publisher_);
}

absl::Status Server::VisitTies(const std::vector<core::Id>& bases,
                               const std::function<void(const cluster::BaseTie&)>& visit) const {
  for (uint32_t partition = 0; partition < options_.partitions; ++partition) {
    absl::Status visited;
    const auto read = [&](runtime::StateView& state) {
      cluster::TiesView view(state);
      for (const core::Id& base : bases) {
        if (core::PartitionOf(base, options_.partitions) != partition) continue;
        if (visited = view.Visit(base, visit); !visited.ok()) return;
      }
      visited = state.status();
    };
    if (absl::Status opened = cluster_[partition]->WithView(read); !opened.ok()) return opened;
    if (!visited.ok()) return visited;
  }
  return absl::OkStatus();
}

absl::Status Server::StartHttp() {
  const absl::StatusOr<Address> address = ParseAddress(options_.http);
  if (!address.ok()) return address.status();
  publish::HttpApi::Options api;
  api.cursor_key = keys_.cursors;
  api.deployment = options_.deployment;
  api.clock = runtime::SystemNow;
  api.meter = &gate_->meter();
  api.on_given = [this](const runtime::Caller& caller) {
    services_->indicators->NoteReceiver(caller);
  };
  http_api_ = std::make_unique<publish::HttpApi>(api, *publisher_);
  MakeConsole();
  const auto answer = [this](const runtime::HttpRequest& request, const runtime::Caller& caller) {
    return Answer(request, caller);
  };
  runtime::HttpServer::Options server;
  server.host = address->host;
  server.port = address->port;
  server.tls = options_.tls;
  runtime::SetEdgeLimits(server);
  auto started = runtime::HttpServer::Start(server, runtime::Gated(*gate_, answer), metrics_);
  if (!started.ok()) return started.status();
  http_ = *std::move(started);
  http_url_ = (options_.tls.is_set() ? "https://" : "http://") + address->host + ":" +
              std::to_string(http_->port());
  return absl::OkStatus();
}

runtime::HttpResponse Server::Answer(const runtime::HttpRequest& request,
                                     const runtime::Caller& caller) const {
  runtime::HttpResponse response;
  if (request.path.starts_with("/healthz/")) {
    const absl::Status health = Health();
    response.status = health.ok() ? 200 : 503;
    response.content_type = "text/plain";
    response.body = health.ok() ? "ok\n" : std::string(health.message()) + "\n";
    response.route = request.path == "/healthz/live" ? "live" : "ready";
    return response;
  }
  if (auto answer = services_->edge->Answer(request, caller)) return *std::move(answer);
  if (auto page = console_->Answer(request, caller)) return *std::move(page);
  if (request.path != "/metrics") return http_api_->Answer(request, caller);
  response.content_type = "text/plain; version=0.0.4";
  response.body = metrics_.Text();
  response.route = "metrics";
  return response;
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

v1::GetStatusResponse Server::Status() const {
  v1::GetStatusResponse response = publish::StatusOf(AllProgress(), *log_);
  // A partner whose topic intake has not found yet.
  const absl::StatusOr<std::vector<std::string>> topics = log_->Topics(runtime::kReportsPrefix);
  size_t known = 0;
  for (const v1::StageStatus& stage : response.stages()) known += stage.stage() == "intake";
  const bool all_known = topics.ok() && known == topics->size() * options_.partitions;
  response.set_quiet(response.quiet() && all_known);
  return response;
}

absl::StatusOr<dedupe::ReportExplanation> Server::ExplainReport(const core::Id& report) const {
  absl::StatusOr<dedupe::ReportExplanation> explanation;
  absl::Status read;
  const auto explain = [&](runtime::StateView& view) {
    explanation = dedupe::Explain(view, report);
    read = view.status();
  };
  const absl::Status opened =
      dedupe_[core::PartitionOf(report, options_.partitions)]->WithView(explain);
  if (!opened.ok()) return opened;
  if (!read.ok()) return read;
  return explanation;
}

absl::StatusOr<cluster::ListingExplanation> Server::ExplainListing(const core::Id& base,
                                                                   v1::IdentifierType type,
                                                                   const std::string& value) const {
  absl::StatusOr<cluster::ListingExplanation> explanation;
  absl::Status read;
  const auto explain = [&](runtime::StateView& view) {
    explanation = cluster::Explain(view, base, type, value);
    read = view.status();
  };
  const absl::Status opened =
      cluster_[core::PartitionOf(base, options_.partitions)]->WithView(explain);
  if (!opened.ok()) return opened;
  if (!read.ok()) return read;
  return explanation;
}

std::optional<core::Id> Server::ListedOn(const core::Id& base) const {
  absl::StatusOr<std::optional<core::Id>> listed;
  const auto look = [&](runtime::StateView& view) { listed = cluster::FirstListedOn(view, base); };
  const absl::Status opened =
      cluster_[core::PartitionOf(base, options_.partitions)]->WithView(look);
  return opened.ok() && listed.ok() ? *listed : std::nullopt;
}

absl::Status Server::Health() const {
  if (absl::Status status = publisher_->Health(); !status.ok()) return status;
  for (const Progress& progress : AllProgress()) {
    if (progress.stopped_because.empty()) continue;
    return absl::InternalError(progress.stage + "/" + std::to_string(progress.input.partition) +
                               " has stopped: " + progress.stopped_because);
  }
  return absl::OkStatus();
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
