#include "services/runtime/service/stage_service.h"

#include <chrono>
#include <optional>
#include <utility>

#include "pipelines/identifiers/normalise.h"
#include "services/runtime/service/disk_guard.h"
#include "services/runtime/service/partition_host.h"
#include "services/runtime/service/stage_worker.h"
#include "services/runtime/snapshots/files.h"
#include "services/runtime/snapshots/folder_snapshot_store.h"
#include "services/runtime/snapshots/restore.h"

namespace ringfence::runtime {
namespace {

class StageService : public RunningService {
 public:
  StageService(const StageKind& kind, const std::string& state_folder,
               const Surroundings& surroundings)
      : kind_(kind), surroundings_(surroundings), state_folder_(state_folder) {}
  ~StageService() override {
    if (ownership_) ownership_->Leave();
  }

  absl::Status Start() {
    const Config& config = surroundings_.config;
    if (absl::Status status = MakeFolder(state_folder_); !status.ok()) return status;
    if (!config.snapshots().folder().empty()) {
      auto store = FolderSnapshotStore::Open(config.snapshots().folder());
      if (!store.ok()) return store.status();
      snapshots_ = *std::move(store);
    }
    disk_.emplace(DiskGuard::Options{.folder = state_folder_,
                                     .free_bytes_min = config.rocks().free_bytes_min()},
                  surroundings_.metrics);
    PartitionHost::Options options;
    options.stage = kind_.name;
    options.live_within = std::chrono::seconds(config.process().live_within_seconds());
    options.ready_lag_records_max = static_cast<int64_t>(config.process().ready_lag_records_max());
    host_.emplace(
        options,
        [this](int32_t partition, const std::stop_token& stop) {
          return StartWorker(partition, stop);
        },
        surroundings_.metrics);
    auto ownership = surroundings_.opened.Share(kind_.name, MailboxTopic(kind_.mailbox));
    if (!ownership.ok()) return ownership.status();
    ownership_ = *std::move(ownership);
    return ownership_->Join({.assigned = [this](const auto& p) { host_->Assign(p); },
                             .revoked = [this](const auto& p) { host_->Revoke(p); }});
  }

  absl::Status Live() const override { return host_->Live(); }
  absl::Status Ready() const override {
    absl::Status status = disk_->Ready();
    return status.ok() ? host_->Ready() : status;
  }
  absl::Status Failed() const override { return ownership_->status(); }

 private:
  absl::StatusOr<std::unique_ptr<Worker>> StartWorker(int32_t number, const std::stop_token& stop) {
    const auto partition = static_cast<uint32_t>(number);
    const Config& config = surroundings_.config;
    StageSurroundings stage;
    stage.partitions = config.partitions();
    stage.state_folder = state_folder_;
    stage.placement = identifiers::PlacementFingerprint();
    stage.memory = surroundings_.memory;
    stage.clock = surroundings_.clock;
    Runner::Options options = RunnerOptions(kind_, stage, partition);
    options.recheck = kind_.recheck;
    options.has_room = [this] { return disk_->has_room(); };
    const TopicPartition input{MailboxTopic(kind_.mailbox), number};
    if (snapshots_) {
      options.restore = [this, partition, dir = options.state_dir](int64_t start, int64_t end,
                                                                   int64_t above,
                                                                   const std::stop_token& token) {
        SnapshotFor wanted;
        wanted.start = start;
        wanted.end = end;
        wanted.above = above;
        return Restore(partition, dir, std::move(wanted), token);
      };
      absl::Status held = HoldLogForSnapshots(*snapshots_, kind_.name, input, surroundings_.log());
      if (!held.ok()) return held;
    }
    auto runner = Runner::Start(options, FactoryOf(kind_, partition), surroundings_.log(),
                                surroundings_.metrics, stop);
    if (!runner.ok()) return runner.status();
    auto worker = std::make_unique<StageWorker>(*std::move(runner));
    if (snapshots_) {
      worker->MakeSnapshots(SnapshotOptions(input, options.state_dir), *snapshots_,
                            surroundings_.log(), surroundings_.metrics);
    }
    return worker;
  }

  SnapshotMaker::Options SnapshotOptions(const TopicPartition& input,
                                         const std::string& state_dir) const {
    const Config& config = surroundings_.config;
    SnapshotMaker::Options options;
    options.deployment = config.deployment();
    options.stage = kind_.name;
    options.input = input;
    options.partitions = config.partitions();
    options.every = std::chrono::seconds(config.snapshots().every_seconds());
    options.keep = static_cast<int>(config.snapshots().keep());
    options.free_bytes_min = config.snapshots().free_bytes_min();
    options.checkpoint_dir = state_dir + ".checkpoint";
    options.clock = surroundings_.clock;
    return options;
  }

  // `wanted` says which offsets.
  absl::Status Restore(uint32_t partition, const std::string& state_dir, SnapshotFor wanted,
                       const std::stop_token& stop) {
    wanted.deployment = surroundings_.config.deployment();
    wanted.stage = kind_.name;
    wanted.partition = partition;
    wanted.partitions = surroundings_.config.partitions();
    wanted.log_incarnation = surroundings_.log().Incarnation();
    int refused = 0;
    const absl::StatusOr<Restored> restored =
        RestoreNewest(*snapshots_, wanted, state_dir, refused, stop);
    Metrics& metrics = surroundings_.metrics;
    if (refused > 0) {
      metrics.Add(Metric::kStateSnapshots, {{"stage", kind_.name}, {"outcome", "refused"}},
                  refused);
    }
    if (!restored.ok()) return restored.status();
    if (*restored == Restored::kSnapshot)
      metrics.Add(Metric::kStateSnapshots, {{"stage", kind_.name}, {"outcome", "restored"}});
    return absl::OkStatus();
  }

  const StageKind kind_;
  const Surroundings surroundings_;
  const std::string state_folder_;
  std::unique_ptr<SnapshotStore> snapshots_;
  std::optional<DiskGuard> disk_;
  std::optional<PartitionHost> host_;
  std::unique_ptr<Ownership> ownership_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RunningService>> StartStageService(const StageKind& kind,
                                                                  const std::string& state_folder,
                                                                  Surroundings& surroundings) {
  auto service = std::make_unique<StageService>(kind, state_folder, surroundings);
  if (absl::Status status = service->Start(); !status.ok()) return status;
  return service;
}

}  // namespace ringfence::runtime
