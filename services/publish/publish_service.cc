#include "services/publish/publish_service.h"

#include <chrono>
#include <functional>
#include <optional>
#include <utility>

#include "pipelines/identifiers/normalise.h"
#include "services/publish/admin_service.h"
#include "services/publish/audit_log.h"
#include "services/publish/console/console.h"
#include "services/publish/console/partners.h"
#include "services/publish/decision_book.h"
#include "services/publish/explain/explanations.h"
#include "services/publish/http/http_api.h"
#include "services/publish/indicator_service.h"
#include "services/publish/operators.h"
#include "services/publish/organisations_file.h"
#include "services/publish/policy_file.h"
#include "services/publish/publisher.h"
#include "services/publish/record_count.h"
#include "services/publish/referrals.h"
#include "services/publish/stage_status.h"
#include "services/runtime/build_info.h"
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
    api.meter = &surroundings_.gate.meter();
    api.on_given = [this](const runtime::Caller& caller) { indicators_->NoteReceiver(caller); };
    api_ = std::make_unique<HttpApi>(api, *publisher_);
    if (absl::Status status = StartDecisions(); !status.ok()) return status;
    if (absl::Status status = Listen(*cursors); !status.ok()) return status;
    Console::Options console;
    console.deployment = config.deployment();
    PartnerWatch::Options partners;
    partners.clock = surroundings_.clock;
    partners_ = std::make_unique<PartnerWatch>(partners, surroundings_.log());
    console.partners = [this] { return partners_->Get(); };
    console.status = [this] { return Status(); };
    console.consumers = [this] { return indicators_->ListConsumers(); };
    console.operators = operators_.get();
    console.referrals = referrals_.get();
    console_ = std::make_unique<Console>(console, *publisher_);
    return absl::OkStatus();
  }

  absl::Status Live() const override {
    const auto age = std::chrono::steady_clock::now() - publisher_->pulse().last();
    if (age <= std::chrono::seconds(surroundings_.config.process().live_within_seconds()) ||
        !publisher_->Health().ok()) {
      return absl::OkStatus();
    }
    return absl::UnavailableError("publish has not turned for long");
  }
  // It has its snapshot, all that the log held when it started, and follows it: one that hears
  // nothing any more must not be asked where another does.
  absl::Status Ready() const override {
    if (absl::Status status = disk_->Ready(); !status.ok()) return status;
    if (absl::Status status = publisher_->Health(); !status.ok()) return status;
    const std::shared_ptr<const Moment> moment = publisher_->Latest();
    if (!moment->complete) return absl::UnavailableError("the set is not complete yet");
    if (LeaseOf(*moment, surroundings_.clock(), kValidFor) == std::chrono::seconds(0)) {
      return absl::UnavailableError("nothing has been heard of the set for long");
    }
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
  runtime::HttpResponse Answer(const runtime::HttpRequest& request,
                               const runtime::Caller& caller) const override {
    if (auto page = console_->Answer(request, caller)) return *std::move(page);
    return api_->Answer(request, caller);
  }

 private:
  absl::Status StartPublisher(const std::string& folder) {
    Publisher::Options options;
    options.state_dir = folder + "/publish";
    options.placement = identifiers::PlacementFingerprint();
    options.memory = surroundings_.memory;
    options.clock = surroundings_.clock;
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

  absl::Status StartDecisions() {
    runtime::Log& log = surroundings_.log();
    const absl::StatusOr<int32_t> dedupe = log.Partitions(std::string(runtime::kDedupeTopic));
    if (!dedupe.ok()) return dedupe.status();
    const absl::StatusOr<int32_t> cluster = log.Partitions(std::string(runtime::kClusterTopic));
    if (!cluster.ok()) return cluster.status();
    DecisionBook::Options options;
    options.dedupe_partitions = static_cast<uint32_t>(*dedupe);
    options.cluster_partitions = static_cast<uint32_t>(*cluster);
    options.clock = surroundings_.clock;
    auto book = DecisionBook::Start(options, log);
    if (!book.ok()) return book.status();
    decisions_ = *std::move(book);
    internal::v1::Organisations organisations;
    const std::string& file = surroundings_.config.publish().organisations_file();
    if (!file.empty()) {
      auto read = ReadOrganisations(file);
      if (!read.ok()) return read.status();
      organisations = *std::move(read);
    }
    if (absl::Status status = decisions_->SetOrganisations(std::move(organisations));
        !status.ok()) {
      return status;
    }
    const std::string& named = surroundings_.config.publish().audit_file();
    auto audit = AuditLog::Open(
        named.empty() ? surroundings_.config.publish().state_folder() + "/audit.log" : named);
    if (!audit.ok()) return audit.status();
    audit_ = *std::move(audit);
    auto policy = ReadPolicyFile(surroundings_.config.publish().policy_file());
    if (!policy.ok()) return policy.status();
    if (absl::Status status = decisions_->SetPolicy(*std::move(policy)); !status.ok()) {
      return status;
    }
    Operators::Options operators;
    operators.audit = audit_.get();
    operators.clock = surroundings_.clock;
    operators.count_reports =
        [this](const std::string& partner, core::Time from, core::Time until,
               const std::function<absl::Status()>& retract) -> absl::StatusOr<uint64_t> {
      // No retraction takes a record from the topic.
      if (absl::Status status = retract(); !status.ok()) return status;
      return CountRecords(surroundings_.log(), partner, from, until);
    };
    operators_ = std::make_unique<Operators>(std::move(operators), *decisions_);
    Referrals::Options referrals;
    referrals.clock = surroundings_.clock;
    referrals.audit = audit_.get();
    referrals.deployment = surroundings_.config.deployment();
    referrals.release = runtime::Release();
    referrals.key = publisher_->naming_key();
    referrals.dedupe_partitions = static_cast<uint32_t>(*dedupe);
    referrals_ = std::make_unique<Referrals>(std::move(referrals), *decisions_, *publisher_);
    return absl::OkStatus();
  }

  v1::GetStatusResponse Status() const {
    v1::GetStatusResponse status = StatusOf(publisher_->progress(), surroundings_.log());
    AddOtherStages(surroundings_.log(), status);
    return status;
  }

  absl::Status Listen(const std::string& cursors) {
    IndicatorService::Options indicators;
    indicators.feed.cursor_key = cursors;
    indicators.feed.deployment = surroundings_.config.deployment();
    indicators.feed.clock = surroundings_.clock;
    indicators.consumers.path = surroundings_.config.publish().state_folder() + "/consumers";
    indicators.consumers.note = [this](const std::string& receiver) {
      return decisions_->NoteReceiver(receiver);
    };
    indicators.feedback = Feedback::Into(*operators_, *decisions_);
    indicators_ = std::make_unique<IndicatorService>(indicators, *publisher_, surroundings_.gate,
                                                     surroundings_.metrics);
    admin_ = std::make_unique<AdminService>(
        surroundings_.gate, [this] { return Status(); }, nullptr,
        [this] { return indicators_->ListConsumers(); });
    admin_->set_operators(operators_.get());
    admin_->set_referrals(referrals_.get());
    // The states of cluster are elsewhere.
    explanations_ =
        std::make_unique<Explanations>(Explanations::Options(), *publisher_, decisions_.get());
    admin_->set_explanations(explanations_->ForService());
    runtime::GrpcListener::Options options;
    options.address = surroundings_.config.publish().grpc().address();
    options.tls = runtime::TlsFilesOf(surroundings_.config);
    options.gate = &surroundings_.gate;
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
  std::unique_ptr<DecisionBook> decisions_;
  std::unique_ptr<AuditLog> audit_;
  std::unique_ptr<Operators> operators_;
  std::unique_ptr<Referrals> referrals_;
  std::unique_ptr<Explanations> explanations_;
  std::unique_ptr<HttpApi> api_;
  std::unique_ptr<PartnerWatch> partners_;
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

std::vector<absl::Status> CheckPublishFiles(const runtime::Config& config) {
  std::vector<absl::Status> checked = {
      runtime::ReadNamingKey(config.keys().naming_file()).status(),
      runtime::ReadCursorsKey(config.keys().cursors_file()).status(),
      ReadPolicyFile(config.publish().policy_file()).status(),
  };
  const std::string& organisations = config.publish().organisations_file();
  if (!organisations.empty()) checked.push_back(ReadOrganisations(organisations).status());
  return checked;
}

}  // namespace ringfence::publish
