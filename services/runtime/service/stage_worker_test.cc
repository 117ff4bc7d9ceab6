#include "services/runtime/service/stage_worker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "services/runtime/rocks/embedded_log.h"
#include "services/runtime/temporary_folder_testing.h"

namespace ringfence::runtime {
namespace {

class IdleStage : public core::Stage {
 public:
  absl::Status Apply(const core::Record&, core::Output&) override { return absl::OkStatus(); }
  absl::Status EndBatch(core::Output&) override { return absl::OkStatus(); }
  absl::Status Store() override { return absl::OkStatus(); }
  size_t UnstoredBytes() const override { return 0; }
  core::Time AsOf() const override { return core::kTimeMin; }
  std::vector<Event> TakeEvents() override { return {}; }
};

// Copies until it is told to stop, and until the runner's flush has been told to the log.
class SlowStore : public SnapshotStore {
 public:
  SlowStore(Log& log, TopicPartition input) : log_(log), input_(std::move(input)) {}
  absl::StatusOr<SnapshotManifest> Put(SnapshotManifest, const std::string&,
                                       const std::stop_token& stop) override {
    copying = true;
    for (int i = 0; i < 10'000 && !(stop.stop_requested() && Flushed()); ++i)
      SleepUnlessStopped({}, std::chrono::milliseconds(1));
    flushed_meanwhile = Flushed();
    return absl::CancelledError("");
  }
  absl::StatusOr<std::vector<StoredSnapshot>> List(const std::string&) override {
    return std::vector<StoredSnapshot>();
  }
  absl::Status Fetch(const StoredSnapshot&, const std::string&, const std::stop_token&) override {
    return absl::UnimplementedError("");
  }
  absl::Status Verify(const StoredSnapshot&) override { return absl::UnimplementedError(""); }
  absl::Status Remove(const std::string&) override { return absl::UnimplementedError(""); }
  absl::StatusOr<uint64_t> FreeBytes() override { return uint64_t{1} << 60; }

  std::atomic<bool> copying = false;
  std::atomic<bool> flushed_meanwhile = false;

 private:
  bool Flushed() {
    const absl::StatusOr<std::optional<int64_t>> flushed =
        log_.Committed(std::string(kStageReader), input_);
    return flushed.ok() && flushed->value_or(0) == *log_.EndOffset(input_);
  }
  Log& log_;
  const TopicPartition input_;
};

TEST(StageWorkers, FlushWithoutWaitingForASnapshot) {
  const TemporaryFolder folder;
  const TopicPartition input{std::string(kDedupeTopic), 0};
  ManualClock clock(1'000 * core::kDay);
  Metrics metrics;
  const auto memory = MakeRocksMemory({.cache_bytes = 1 << 20, .memtable_bytes = 16 << 20});
  EmbeddedLog::Options log_options;
  log_options.dir = folder.path() + "/log";
  log_options.memory = memory;
  log_options.clock = clock.AsClock();
  log_options.reserve_bytes = 0;
  auto log = EmbeddedLog::Open(log_options);
  ASSERT_TRUE(log.ok()) << log.status();
  ASSERT_TRUE((*log)->CreateTopic(input.topic, {}).ok());
  SlowStore store(**log, input);

  Runner::Options options;
  options.stage = "idle";
  options.state_dir = folder.path() + "/state";
  options.placement = "p";
  options.memory = memory;
  options.clock = clock.AsClock();
  auto runner = Runner::Start(
      options, [](core::State&) { return std::make_unique<IdleStage>(); }, **log, metrics);
  ASSERT_TRUE(runner.ok()) << runner.status();
  auto worker = std::make_unique<StageWorker>(*std::move(runner));
  SnapshotMaker::Options snapshots;
  snapshots.stage = "idle";
  snapshots.input = input;
  snapshots.every = std::chrono::milliseconds(1);
  snapshots.checkpoint_dir = folder.path() + "/checkpoint";
  snapshots.clock = clock.AsClock();
  worker->MakeSnapshots(snapshots, store, **log, metrics);
  for (int i = 0; i < 60'000 && !(store.copying && worker->progress()[0].applied > 0); ++i)
    SleepUnlessStopped({}, std::chrono::milliseconds(1));
  ASSERT_TRUE(store.copying);

  worker.reset();
  EXPECT_TRUE(store.flushed_meanwhile);
  // One that was given up has not failed.
  EXPECT_EQ(metrics.Text().find("state_snapshots_total"), std::string::npos) << metrics.Text();
}

}  // namespace
}  // namespace ringfence::runtime
