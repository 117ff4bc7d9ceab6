#include "services/runtime/service/stage_worker.h"

namespace ringfence::runtime {

StageWorker::~StageWorker() {
  if (maker_) maker_->RequestStop();
  // Before the maker is waited for: another owner may begin, and the process has little time left.
  runner_->Stop().IgnoreError();  // was logged
}

void StageWorker::MakeSnapshots(const SnapshotMaker::Options& options, SnapshotStore& store,
                                Log& log, Metrics& metrics) {
  maker_.emplace(
      options, [this](const std::string& dir) { return runner_->Checkpoint(dir); }, store, log,
      metrics);
}

}  // namespace ringfence::runtime
