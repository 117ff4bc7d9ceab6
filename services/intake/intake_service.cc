#include "services/intake/intake_service.h"

#include <optional>
#include <utility>

#include "services/intake/echoes.h"
#include "services/intake/intake_runner.h"
#include "services/intake/known_set.h"
#include "services/intake/quotas.h"
#include "services/runtime/keys/key_files.h"
#include "services/runtime/service/partition_host.h"

namespace ringfence::intake_service {
namespace {

class IntakeWorker : public runtime::Worker {
 public:
  IntakeWorker(const IntakeRunner::Options& options, runtime::Log& log, runtime::Metrics& metrics)
      : runner_(options, log, metrics) {}
  std::vector<runtime::Progress> progress() const override { return runner_.progress(); }
  std::chrono::steady_clock::time_point turned_at() const override {
    return runner_.pulse().last();
  }

 private:
  IntakeRunner runner_;
};

class IntakeService : public runtime::RunningService {
 public:
  IntakeService(runtime::TokenKeys keys, const runtime::Surroundings& surroundings)
      : keys_(std::move(keys)),
        surroundings_(surroundings),
        known_(KnownOptions(surroundings.config), surroundings_.log()),
        quotas_(QuotasOptions(surroundings.config, known_)),
        echoes_(
            [this] { return known_.receivers(); },
            [this](const core::Id& id, core::Time time) { return known_.ListedBefore(id, time); }),
        host_(
            HostOptions(surroundings.config),
            [this](int32_t share, const std::stop_token&) { return Start(share); },
            surroundings.metrics) {}
  ~IntakeService() override {
    if (ownership_) ownership_->Leave();
  }

  absl::Status Join() {
    auto ownership = surroundings_.opened.Share("intake", std::string(runtime::kDedupeTopic));
    if (!ownership.ok()) return ownership.status();
    ownership_ = *std::move(ownership);
    return ownership_->Join({.assigned = [this](const auto& p) { host_.Assign(p); },
                             .revoked = [this](const auto& p) { host_.Revoke(p); }});
  }
  absl::Status Live() const override { return host_.Live(); }
  absl::Status Ready() const override {
    if (!known_.is_complete()) return absl::UnavailableError("the set has not been read yet");
    return host_.Ready();
  }
  absl::Status Failed() const override { return ownership_->status(); }

 private:
  static KnownSet::Options KnownOptions(const runtime::Config& config) {
    return {.needs_indicators = config.intake().quota_new_identifiers_per_hour() > 0};
  }
  static Quotas::Options QuotasOptions(const runtime::Config& config, const KnownSet& known) {
    Quotas::Options options;
    options.limits.reports = config.intake().quota_reports_per_hour();
    options.limits.new_identifiers = config.intake().quota_new_identifiers_per_hour();
    options.is_known = [&known](const core::Id& id) { return known.Contains(id); };
    return options;
  }
  static runtime::PartitionHost::Options HostOptions(const runtime::Config& config) {
    runtime::PartitionHost::Options options;
    options.stage = "intake";
    options.live_within = std::chrono::seconds(config.process().live_within_seconds());
    options.ready_lag_records_max = static_cast<int64_t>(config.process().ready_lag_records_max());
    return options;
  }

  absl::StatusOr<std::unique_ptr<runtime::Worker>> Start(int32_t share) {
    IntakeRunner::Options options;
    options.partition = share;
    options.partitions = static_cast<int32_t>(surroundings_.config.partitions());
    options.dedupe_partitions = surroundings_.config.partitions();
    options.quotas = &quotas_;
    options.echoes = &echoes_;
    options.may_take = [this] { return known_.is_complete(); };
    options.intake.token_key = keys_.first;
    options.intake.further_keys = keys_.further;
    return std::make_unique<IntakeWorker>(options, surroundings_.log(), surroundings_.metrics);
  }

  const runtime::TokenKeys keys_;
  const runtime::Surroundings surroundings_;
  KnownSet known_;
  Quotas quotas_;
  Echoes echoes_;
  runtime::PartitionHost host_;
  std::unique_ptr<runtime::Ownership> ownership_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<runtime::RunningService>> StartIntakeService(
    runtime::Surroundings& surroundings) {
  absl::StatusOr<runtime::TokenKeys> keys =
      runtime::ReadTokenKeys(surroundings.config.keys().victim_tokens_file());
  if (!keys.ok()) return keys.status();
  auto service = std::make_unique<IntakeService>(*std::move(keys), surroundings);
  if (absl::Status status = service->Join(); !status.ok()) return status;
  return service;
}

std::vector<absl::Status> CheckIntakeFiles(const runtime::Config& config) {
  return {runtime::ReadTokenKeys(config.keys().victim_tokens_file()).status()};
}

}  // namespace ringfence::intake_service
