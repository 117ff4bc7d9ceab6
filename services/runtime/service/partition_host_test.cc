#include "services/runtime/service/partition_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>

#include "services/runtime/reaction.h"

namespace ringfence::runtime {
namespace {

using testing::HasSubstr;

// What tests look into.
struct World {
  absl::Mutex mutex;
  std::set<int32_t> running ABSL_GUARDED_BY(mutex);
  std::map<int32_t, absl::Status> errors ABSL_GUARDED_BY(mutex);
  std::atomic<int64_t> lag = 0;
  std::atomic<int> tries = 0;
  std::atomic<bool> stuck = false;
  std::atomic<bool> stopped = false;
  std::atomic<bool> fails_alone = false;
  // Starting takes until it is given up.
  std::atomic<bool> restores = false;
};

class FakeWorker : public Worker {
 public:
  FakeWorker(World& world, int32_t partition) : world_(world), partition_(partition) {
    absl::MutexLock lock(&world_.mutex);
    world_.running.insert(partition_);
  }
  ~FakeWorker() override {
    absl::MutexLock lock(&world_.mutex);
    world_.running.erase(partition_);
  }
  std::vector<Progress> progress() const override {
    Progress progress;
    progress.end = world_.lag;
    if (world_.stopped) progress.stopped_because = "damage";
    progress.fails_alone = world_.fails_alone;
    return {progress};
  }
  std::chrono::steady_clock::time_point turned_at() const override {
    return world_.stuck ? std::chrono::steady_clock::time_point()
                        : std::chrono::steady_clock::now();
  }

 private:
  World& world_;
  const int32_t partition_;
};

class PartitionHosts : public testing::Test {
 protected:
  template <typename Condition>
  static bool Eventually(const Condition& done) {
    for (int i = 0; i < 20'000; ++i) {
      if (done()) return true;
      SleepUnlessStopped({}, std::chrono::milliseconds(1));
    }
    return false;
  }
  std::set<int32_t> Running() {
    absl::MutexLock lock(&world_.mutex);
    return world_.running;
  }
  void Fail(int32_t partition, const absl::Status& status) {
    absl::MutexLock lock(&world_.mutex);
    world_.errors[partition] = status;
  }

  World world_;
  Metrics metrics_;
  PartitionHost host_{
      {.stage = "dedupe", .live_within = std::chrono::seconds(5), .ready_lag_records_max = 10},
      [this](int32_t partition,
             const std::stop_token& stop) -> absl::StatusOr<std::unique_ptr<Worker>> {
        ++world_.tries;
        if (world_.restores) {
          SleepUnlessStopped(stop, std::chrono::minutes(10));
          return absl::CancelledError("was told to stop");
        }
        {
          absl::MutexLock lock(&world_.mutex);
          if (absl::Status status = world_.errors[partition]; !status.ok()) return status;
        }
        return std::make_unique<FakeWorker>(world_, partition);
      },
      metrics_};
};

TEST_F(PartitionHosts, RunsWhatIsAssignedAndEndsWhatIsRevoked) {
  EXPECT_FALSE(host_.Ready().ok());
  host_.Assign({0, 2});
  host_.Assign({5, 2});
  EXPECT_TRUE(Eventually([&] { return host_.Ready().ok(); }));
  EXPECT_EQ(Running(), (std::set<int32_t>{0, 2, 5}));
  host_.Revoke({2, 9});
  EXPECT_EQ(Running(), (std::set<int32_t>{0, 5}));
  host_.Revoke({0, 5});
  EXPECT_TRUE(Running().empty());
  EXPECT_TRUE(host_.Ready().ok());
}

TEST_F(PartitionHosts, IsReadyWithNoPartitionsOnceItKnows) {
  host_.Assign({});
  EXPECT_TRUE(host_.Ready().ok());
}

TEST_F(PartitionHosts, IsNotReadyWhileBehind) {
  host_.Assign({0});
  ASSERT_TRUE(Eventually([&] { return host_.Ready().ok(); }));
  world_.lag = 11;
  EXPECT_THAT(std::string(host_.Ready().message()), HasSubstr("11 records behind"));
  EXPECT_TRUE(host_.Live().ok());
}

TEST_F(PartitionHosts, IsReadyThoughOneOfManyTopicsFailsAlone) {
  host_.Assign({0});
  ASSERT_TRUE(Eventually([&] { return host_.Ready().ok(); }));
  world_.lag = 11;
  world_.stopped = true;
  EXPECT_THAT(std::string(host_.Ready().message()), HasSubstr("has stopped: damage"));
  world_.fails_alone = true;
  EXPECT_TRUE(host_.Ready().ok());
}

TEST_F(PartitionHosts, IsNotLiveWhenALoopStandsStill) {
  host_.Assign({0});
  ASSERT_TRUE(Eventually([&] { return host_.Ready().ok(); }));
  EXPECT_TRUE(host_.Live().ok());
  world_.stuck = true;
  EXPECT_FALSE(host_.Live().ok());
}

TEST_F(PartitionHosts, TryAgainWhatMayPass) {
  Fail(0, absl::UnavailableError("not yet"));
  host_.Assign({0});
  ASSERT_TRUE(Eventually([&] { return world_.tries >= 2; }));
  EXPECT_FALSE(host_.Ready().ok());
  Fail(0, absl::OkStatus());
  EXPECT_TRUE(Eventually([&] { return host_.Ready().ok(); }));
}

TEST_F(PartitionHosts, DamageStopsItsPartitionAlone) {
  Fail(1, absl::OutOfRangeError("older than the log"));
  host_.Assign({0, 1});
  ASSERT_TRUE(Eventually([&] {
    return std::string(host_.Ready().message()).find("older than the log") != std::string::npos;
  }));
  EXPECT_EQ(Running(), (std::set<int32_t>{0}));
  EXPECT_THAT(metrics_.Text(),
              HasSubstr("ringfence_stage_stopped{partition=\"1\",stage=\"dedupe\"} 1"));
  host_.Revoke({0, 1});
  EXPECT_TRUE(Running().empty());
  // Whoever has it now speaks for it.
  EXPECT_THAT(metrics_.Text(), testing::Not(HasSubstr("ringfence_stage_stopped{")));
}

TEST_F(PartitionHosts, RevokeEndsATakeoverThatIsUnderWay) {
  Fail(0, absl::UnavailableError("for ever"));
  host_.Assign({0});
  ASSERT_TRUE(Eventually([&] { return world_.tries >= 1; }));
  host_.Revoke({0});
  const int tries = world_.tries;
  EXPECT_TRUE(host_.Ready().ok());
  EXPECT_EQ(world_.tries, tries);
}

TEST_F(PartitionHosts, RevokeGivesUpAStartThatTakesLongAndNothingHasFailed) {
  world_.restores = true;
  host_.Assign({0});
  ASSERT_TRUE(Eventually([&] { return world_.tries >= 1; }));
  host_.Revoke({0});
  EXPECT_EQ(world_.tries, 1);
  EXPECT_THAT(metrics_.Text(), testing::Not(HasSubstr("ringfence_stage_errors_total{")));
}

TEST(FixedOwnerships, GiveAllAndTakeAllBack) {
  std::vector<std::string> calls;
  FixedOwnership ownership({0, 1});
  ASSERT_TRUE(
      ownership
          .Join(
              {.assigned = [&](const auto& p) { calls.push_back("+" + std::to_string(p.size())); },
               .revoked = [&](const auto& p) { calls.push_back("-" + std::to_string(p.size())); }})
          .ok());
  ownership.Leave();
  ownership.Leave();
  EXPECT_THAT(calls, testing::ElementsAre("+2", "-2"));
}

}  // namespace
}  // namespace ringfence::runtime
