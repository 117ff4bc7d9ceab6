#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "services/runtime/runner.h"
#include "services/runtime/service/partition_host.h"
#include "services/runtime/snapshots/snapshot_maker.h"

namespace ringfence::runtime {

// A Runner, and what makes snapshots of its state. Its end waits for neither a snapshot that is
// being copied nor records that are left: the snapshot is given up, the runner finishes its batch
// and flushes.
class StageWorker : public Worker {
 public:
  explicit StageWorker(std::unique_ptr<Runner> runner) : runner_(std::move(runner)) {}
  ~StageWorker() override;

  // Once; all must outlive it.
  void MakeSnapshots(const SnapshotMaker::Options& options, SnapshotStore& store, Log& log,
                     Metrics& metrics);
  std::vector<Progress> progress() const override { return {runner_->progress()}; }
  std::chrono::steady_clock::time_point turned_at() const override {
    return runner_->pulse().last();
  }

 private:
  const std::unique_ptr<Runner> runner_;
  std::optional<SnapshotMaker> maker_;
};

}  // namespace ringfence::runtime
