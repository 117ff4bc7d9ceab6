#include "services/runtime/snapshots/snapshot_maker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <stop_token>

#include "pipelines/core/format.h"
#include "services/runtime/rocks/embedded_log.h"
#include "services/runtime/rocks/rocks_state.h"
#include "services/runtime/snapshots/folder_snapshot_store.h"
#include "services/runtime/snapshots/restore.h"
#include "services/runtime/temporary_folder_testing.h"

namespace ringfence::runtime {
namespace {

class Snapshots : public testing::Test {
 protected:
  Snapshots() {
    EmbeddedLog::Options options;
    options.dir = root_.path() + "/log";
    options.memory = memory_;
    options.clock = clock_.AsClock();
    options.reserve_bytes = 0;
    log_ = *EmbeddedLog::Open(options);
    EXPECT_TRUE(log_->CreateTopic(input_.topic, {}).ok());
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(log_->Append({{input_, "", "x"}}).ok());
    store_ = *FolderSnapshotStore::Open(root_.path() + "/store");
    Open();
  }
  void Open() {
    state_.reset();
    auto state = RocksState::Open({dir_, "p", memory_});
    ASSERT_TRUE(state.ok()) << state.status();
    state_ = *std::move(state);
  }
  // As the state of a stage that has applied records below `offset`.
  void AdvanceTo(int64_t offset) {
    state_->Put("a" + std::to_string(offset), std::string(1'000, 'v'));
    state_->Put("latest", std::to_string(offset));
    ASSERT_TRUE(state_->Commit(offset).ok());
  }
  absl::Status Make() {
    SnapshotMaker::Options options;
    options.deployment = "d";
    options.stage = "dedupe";
    options.input = input_;
    options.every = std::chrono::seconds(0);
    options.keep = 2;
    options.free_bytes_min = free_bytes_min_;
    options.checkpoint_dir = root_.path() + "/checkpoint";
    options.clock = clock_.AsClock();
    SnapshotMaker maker(
        options, [this](const std::string& dir) { return state_->Checkpoint(dir); }, *store_, *log_,
        metrics_);
    return maker.MakeNow();
  }
  SnapshotFor Wanted() const {
    return {.deployment = "d",
            .stage = "dedupe",
            .log_incarnation = log_->Incarnation(),
            .start = 0,
            .end = 100};
  }
  Restored Restore(const SnapshotFor& wanted) {
    state_.reset();
    std::filesystem::remove_all(dir_);
    const auto restored = RestoreNewest(*store_, wanted, dir_, refused_);
    EXPECT_TRUE(restored.ok()) << restored.status();
    return restored.value_or(Restored::kNothing);
  }
  std::map<std::string, std::string> Contents() {
    std::map<std::string, std::string> contents;
    state_->Scan("a", "z", [&](std::string_view key, std::string_view value) {
      contents[std::string(key)] = value;
      return true;
    });
    return contents;
  }
  int64_t Held() { return log_->Committed(kSnapshotReader, input_)->value_or(-1); }

  const TemporaryFolder root_;
  const std::string dir_ = root_.path() + "/state";
  const TopicPartition input_{std::string(kDedupeTopic), 0};
  const std::shared_ptr<RocksMemory> memory_ =
      MakeRocksMemory({.cache_bytes = 1 << 20, .memtable_bytes = 16 << 20});
  ManualClock clock_{20'000 * core::kDay};
  Metrics metrics_;
  std::unique_ptr<EmbeddedLog> log_;
  std::unique_ptr<FolderSnapshotStore> store_;
  std::unique_ptr<RocksState> state_;
  uint64_t free_bytes_min_ = 0;
  int refused_ = 0;
};

TEST_F(Snapshots, WhatIsRestoredIsWhatTheStateWas) {
  AdvanceTo(10);
  AdvanceTo(20);
  const auto contents = Contents();
  ASSERT_TRUE(Make().ok());
  AdvanceTo(30);
  EXPECT_EQ(Restore(Wanted()), Restored::kSnapshot);
  Open();
  EXPECT_EQ(state_->NextOffset(), 20);
  EXPECT_EQ(Contents(), contents);
  // And goes on.
  AdvanceTo(40);
  ASSERT_TRUE(Make().ok());
  EXPECT_FALSE(std::filesystem::exists(root_.path() + "/checkpoint"));
}

TEST_F(Snapshots, TheManifestSaysWhatItIs) {
  AdvanceTo(10);
  ASSERT_TRUE(Make().ok());
  const SnapshotManifest manifest = store_->List("dedupe-0")->at(0).manifest;
  EXPECT_EQ(manifest.state_format(), core::kStateFormat);
  EXPECT_EQ(manifest.deployment(), "d");
  EXPECT_EQ(manifest.offset(), 10);
  EXPECT_EQ(manifest.log_incarnation(), log_->Incarnation());
  EXPECT_EQ(manifest.made_at(), "2024-10-04T00:00:00Z");
  EXPECT_GE(manifest.files_size(), 3);
}

TEST_F(Snapshots, TheNewestFewAreKeptAndHoldTheLog) {
  ASSERT_TRUE(HoldLogForSnapshots(*store_, "dedupe", input_, *log_).ok());
  EXPECT_EQ(Held(), 0);
  for (const int64_t offset : {10, 20, 30}) {
    AdvanceTo(offset);
    ASSERT_TRUE(Make().ok());
  }
  EXPECT_EQ(store_->List("dedupe-0")->size(), 2u);
  EXPECT_EQ(Held(), 20);
}

TEST_F(Snapshots, ThoseOfAnEarlierLogPushNoneOfThisOutAndGoOnceThereAreEnough) {
  SnapshotManifest earlier;
  earlier.set_stage("dedupe");
  earlier.set_log_incarnation("earlier");
  for (const int64_t offset : {1'000, 2'000}) {
    earlier.set_offset(offset);
    ASSERT_TRUE(store_->Put(earlier, root_.path() + "/empty", {}).ok());
  }
  const auto offsets = [&] {
    std::vector<int64_t> all;
    const auto snapshots = store_->List("dedupe-0");
    for (const StoredSnapshot& snapshot : *snapshots) all.push_back(snapshot.manifest.offset());
    return all;
  };
  AdvanceTo(10);
  ASSERT_TRUE(Make().ok());
  EXPECT_THAT(offsets(), testing::ElementsAre(2'000, 1'000, 10));
  AdvanceTo(20);
  ASSERT_TRUE(Make().ok());
  EXPECT_THAT(offsets(), testing::ElementsAre(20, 10));
}

TEST_F(Snapshots, NoLogIsTruncatedBelowTheOldestThatIsKept) {
  for (const int64_t offset : {10, 20, 30}) {
    AdvanceTo(offset);
    ASSERT_TRUE(Make().ok());
  }
  ASSERT_TRUE(log_->Commit("stage", input_, 90).ok());
  clock_.Advance(1'000 * core::kDay);
  ASSERT_TRUE(log_->ApplyRetention().ok());
  EXPECT_EQ(*log_->StartOffset(input_), 20);
}

TEST_F(Snapshots, ADamagedOneIsRefusedAndTheNextOlderTaken) {
  AdvanceTo(10);
  ASSERT_TRUE(Make().ok());
  AdvanceTo(20);
  ASSERT_TRUE(Make().ok());
  const std::string newest = root_.path() + "/store/" + store_->List("dedupe-0")->at(0).id;
  for (const auto& file : std::filesystem::directory_iterator(newest)) {
    if (file.path().extension() == ".sst") std::filesystem::resize_file(file, 10);
  }
  EXPECT_EQ(Restore(Wanted()), Restored::kSnapshot);
  EXPECT_EQ(refused_, 1);
  Open();
  EXPECT_EQ(state_->NextOffset(), 10);
}

TEST_F(Snapshots, WhatDoesNotFitIsRefused) {
  AdvanceTo(10);
  ASSERT_TRUE(Make().ok());
  SnapshotFor other = Wanted();
  other.deployment = "e";
  EXPECT_EQ(Restore(other), Restored::kNothing);
  other = Wanted();
  other.partitions = 2;
  EXPECT_EQ(Restore(other), Restored::kNothing);
  other = Wanted();
  other.log_incarnation = "another";
  EXPECT_EQ(Restore(other), Restored::kNothing);
  // Older than the log's start.
  other = Wanted();
  other.start = 11;
  EXPECT_EQ(Restore(other), Restored::kNothing);
  other = Wanted();
  other.end = 9;
  EXPECT_EQ(Restore(other), Restored::kNothing);
  EXPECT_EQ(refused_, 5);
  EXPECT_FALSE(std::filesystem::exists(dir_));
  other = Wanted();
  other.start = 10;
  EXPECT_EQ(Restore(other), Restored::kSnapshot);
}

TEST_F(Snapshots, AStateGivesWayToOneThatIsFurtherOnly) {
  AdvanceTo(10);
  ASSERT_TRUE(Make().ok());
  AdvanceTo(20);
  state_.reset();
  SnapshotFor wanted = Wanted();
  wanted.above = 10;
  EXPECT_EQ(*RestoreNewest(*store_, wanted, dir_, refused_), Restored::kNothing);
  EXPECT_EQ(refused_, 0);
  Open();
  EXPECT_EQ(state_->NextOffset(), 20);
  state_.reset();
  wanted.above = 9;
  EXPECT_EQ(*RestoreNewest(*store_, wanted, dir_, refused_), Restored::kSnapshot);
  EXPECT_FALSE(std::filesystem::exists(dir_ + ".replaced"));
  Open();
  EXPECT_EQ(state_->NextOffset(), 10);
}

TEST_F(Snapshots, ARestoreThatIsGivenUpRefusesNoneAndLeavesTheState) {
  AdvanceTo(10);
  ASSERT_TRUE(Make().ok());
  state_.reset();
  std::stop_source stop;
  stop.request_stop();
  const auto given_up = RestoreNewest(*store_, Wanted(), dir_, refused_, stop.get_token());
  EXPECT_TRUE(absl::IsCancelled(given_up.status())) << given_up.status();
  EXPECT_EQ(refused_, 0);
  EXPECT_FALSE(std::filesystem::exists(dir_ + ".restoring"));
  Open();
  EXPECT_EQ(state_->NextOffset(), 10);
}

TEST_F(Snapshots, WithoutRoomNoneIsMadeAndThoseThereStay) {
  AdvanceTo(10);
  ASSERT_TRUE(Make().ok());
  free_bytes_min_ = uint64_t{1} << 60;
  AdvanceTo(20);
  EXPECT_TRUE(absl::IsResourceExhausted(Make()));
  EXPECT_EQ(store_->List("dedupe-0")->size(), 1u);
  EXPECT_THAT(metrics_.Text(), testing::HasSubstr("ringfence_disk_short{disk=\"snapshots\"} 1"));
  free_bytes_min_ = 0;
  EXPECT_TRUE(Make().ok());
  EXPECT_THAT(metrics_.Text(), testing::HasSubstr("ringfence_disk_short{disk=\"snapshots\"} 0"));
}

TEST_F(Snapshots, TheAgeOfTheNewestIsKnownAfterARestartToo) {
  AdvanceTo(10);
  ASSERT_TRUE(Make().ok());
  const std::string reported =
      "ringfence_state_snapshot_time_seconds{partition=\"0\",stage=\"dedupe\"} 1728000000\n";
  EXPECT_THAT(metrics_.Text(), testing::HasSubstr(reported));
  clock_.Advance(core::kDay);
  Metrics restarted;
  SnapshotMaker::Options options;
  options.stage = "dedupe";
  options.input = input_;
  options.every = std::chrono::seconds(0);
  const SnapshotMaker maker(options, nullptr, *store_, *log_, restarted);
  EXPECT_THAT(restarted.Text(), testing::HasSubstr(reported));
}

TEST_F(Snapshots, AStateThatIsNewMakesOneToo) {
  ASSERT_TRUE(Make().ok());
  EXPECT_EQ(Restore(Wanted()), Restored::kSnapshot);
  Open();
  EXPECT_EQ(state_->NextOffset(), 0);
}

}  // namespace
}  // namespace ringfence::runtime
