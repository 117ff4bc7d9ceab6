#include "services/runtime/rocks/rocks_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/perf_context.h>
#include <rocksdb/perf_level.h>

#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "pipelines/core/memory_state.h"
#include "services/runtime/rocks/faulty_files_testing.h"
#include "services/runtime/rocks/memory.h"
#include "services/runtime/rocks/open.h"
#include "services/runtime/temporary_folder_testing.h"

namespace ringfence::runtime {
namespace {

class RocksStates : public testing::Test {
 protected:
  RocksStates() { Reopen(); }

  RocksState::Options Options(const std::string& placement = "p1") {
    return {folder_.path(), placement, std::make_shared<RocksMemory>(8 << 20, 16 << 20, files_)};
  }
  void Reopen() {
    state_.reset();
    auto state = RocksState::Open(Options());
    ASSERT_TRUE(state.ok()) << state.status();
    state_ = *std::move(state);
  }

  const TemporaryFolder folder_;
  const std::shared_ptr<FaultyFiles> files_ = std::make_shared<FaultyFiles>();
  std::unique_ptr<RocksState> state_;
};

std::vector<std::pair<std::string, std::string>> All(core::State& state,
                                                     std::string_view from = "a",
                                                     std::string_view until = "z") {
  std::vector<std::pair<std::string, std::string>> pairs;
  state.Scan(from, until, [&](std::string_view key, std::string_view value) {
    pairs.emplace_back(key, value);
    return true;
  });
  return pairs;
}

// Some have their first eight bytes in common, and bytes of both signs and none beyond them.
std::string RandomKey(std::mt19937& random) {
  std::string key(1, static_cast<char>('a' + random() % 20));
  if (random() % 2 == 0) return key;
  key.append(random() % 12, '\0');
  for (size_t more = random() % 3; more > 0; --more) key.push_back("\0a\xff"[random() % 3]);
  return key;
}

TEST_F(RocksStates, DoesWhatAMapDoes) {
  core::MemoryState model;
  core::MemoryState committed;
  std::mt19937 random(3);
  int64_t offset = 0;
  for (int step = 0; step < 10'000; ++step) {
    const std::string key = RandomKey(random);
    switch (random() % 8) {
      case 0:
        state_->Delete(key);
        model.Delete(key);
        break;
      case 1:
        ASSERT_EQ(state_->Get(key), model.Get(key));
        break;
      case 2: {
        const std::string until = RandomKey(random);
        ASSERT_EQ(All(*state_, key, until), All(model, key, until));
        break;
      }
      case 3:
        if (random() % 10 == 0) {
          ASSERT_TRUE(state_->Commit(++offset).ok());
          committed = model;
        } else if (random() % 10 == 0) {
          state_->Discard();
          model = committed;
        }
        break;
      default:
        state_->Put(key, std::to_string(step));
        model.Put(key, std::to_string(step));
    }
  }
}

TEST_F(RocksStates, AViewStaysAsItWas) {
  state_->Put("k", "1");
  ASSERT_TRUE(state_->Commit(1).ok());
  const std::unique_ptr<StateView> view = state_->View();
  state_->Put("k", "2");
  EXPECT_EQ(view->Get("k"), "1");
  ASSERT_TRUE(state_->Commit(2).ok());
  EXPECT_EQ(view->Get("k"), "1");
  EXPECT_EQ(state_->View()->Get("k"), "2");
  EXPECT_EQ(All(*view), (std::vector<std::pair<std::string, std::string>>{{"k", "1"}}));
  EXPECT_TRUE(view->status().ok());
}

TEST_F(RocksStates, KnowsWhatIsDurable) {
  state_->Put("k", "1");
  ASSERT_TRUE(state_->Commit(5).ok());
  EXPECT_EQ(state_->FlushedOffset(), 0);
  ASSERT_TRUE(state_->Flush().ok());
  EXPECT_EQ(state_->FlushedOffset(), 5);
  Reopen();
  EXPECT_EQ(state_->NextOffset(), 5);
}

TEST_F(RocksStates, RefusesAnotherPlacement) {
  state_.reset();
  auto state = RocksState::Open(Options("p2"));
  EXPECT_EQ(state.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(state.status().message()),
              testing::HasSubstr("a new data directory and `ringfence ingest`"));
  EXPECT_TRUE(RocksState::Open(Options("p1")).ok());
}

TEST_F(RocksStates, KeepTheLogThatTheyWereFirstOpenedWith) {
  EXPECT_EQ(state_->log_incarnation(), "");
  const auto opened_with = [&](const std::string& log) {
    state_.reset();
    RocksState::Options options = Options();
    options.log_incarnation = log;
    auto state = RocksState::Open(options);
    EXPECT_TRUE(state.ok()) << state.status();
    return (*state)->log_incarnation();
  };
  EXPECT_EQ(opened_with("l1"), "l1");
  EXPECT_EQ(opened_with("l2"), "l1");
  EXPECT_EQ(opened_with(""), "l1");
}

TEST_F(RocksStates, ScanStopsWhereItIsTold) {
  for (const char* key : {"a", "b", "c", "d"}) state_->Put(key, key);
  ASSERT_TRUE(state_->Commit(1).ok());
  state_->Put("bb", "bb");
  state_->Delete("c");
  std::vector<std::string> seen;
  state_->Scan("b", "z", [&](std::string_view key, std::string_view) {
    seen.emplace_back(key);
    return seen.size() < 2;
  });
  EXPECT_THAT(seen, testing::ElementsAre("b", "bb"));
}

TEST_F(RocksStates, AFullDiskFailsTheCommitAndKeepsWhatWasCommitted) {
  state_->Put("k", "1");
  ASSERT_TRUE(state_->Commit(1).ok());
  files_->Fail(FaultyFiles::Operation::kAppend, ".sst", rocksdb::IOStatus::NoSpace("told so"));
  EXPECT_EQ(state_->Flush().code(), absl::StatusCode::kResourceExhausted);
  state_->Put("k", "2");
  EXPECT_EQ(state_->Commit(2).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(state_->NextOffset(), 1);
  state_->Discard();
  EXPECT_EQ(state_->Get("k"), "1");
  EXPECT_EQ(state_->FlushedOffset(), 0);
  files_->Heal();
}

TEST_F(RocksStates, ACheckpointIsTheStateOfItsMomentAndSaysWhich) {
  const std::string dir = folder_.path() + ".checkpoint";
  std::filesystem::remove_all(dir);
  state_->Put("a", "1");
  ASSERT_TRUE(state_->Commit(7).ok());
  ASSERT_TRUE(state_->Checkpoint(dir).ok());
  EXPECT_EQ(state_->FlushedOffset(), 7);
  state_->Put("a", "2");
  ASSERT_TRUE(state_->Commit(8).ok());
  const auto header = ReadStateHeader(dir);
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->next_offset, 7);
  EXPECT_EQ(header->placement, "p1");
  RocksState::Options options = Options();
  options.dir = dir;
  const auto copy = RocksState::Open(options);
  ASSERT_TRUE(copy.ok()) << copy.status();
  EXPECT_EQ((*copy)->Get("a"), "1");
  std::filesystem::remove_all(dir);
}

TEST_F(RocksStates, AnErrorInTheBackgroundIsKeptUntilItIsOpenedAgain) {
  state_->Put("a", "1");
  ASSERT_TRUE(state_->Commit(7).ok());
  ASSERT_TRUE(state_->Flush().ok());
  state_->Put("a", "2");
  ASSERT_TRUE(state_->Commit(8).ok());
  files_->Fail(FaultyFiles::Operation::kAppend, ".sst", rocksdb::IOStatus::NoSpace("full"));
  EXPECT_FALSE(state_->Flush().ok());
  files_->Heal();
  EXPECT_TRUE(state_->broken());
  EXPECT_TRUE(absl::IsResourceExhausted(state_->background_error())) << state_->background_error();
  state_->Put("a", "3");
  EXPECT_FALSE(state_->Commit(9).ok());
  Reopen();
  EXPECT_FALSE(state_->broken());
  EXPECT_EQ(state_->NextOffset(), 7);
  EXPECT_EQ(state_->Get("a"), "1");
}

// A filter as one block, larger than the cache has room for, would be read for each question.
TEST(Databases, ReadBlocksAndNotFilters) {
  constexpr uint32_t kKeys = 600'000;
  constexpr uint32_t kReads = 1'000;
  const auto key_of = [](uint32_t number) {
    std::string key = std::to_string(number * 2'654'435'761u);
    return key.append(16 - key.size(), '.');
  };
  const TemporaryFolder folder;
  Database::Options options;
  options.dir = folder.path();
  options.memory = MakeRocksMemory({.cache_bytes = 1 << 20, .memtable_bytes = 64 << 20});
  options.families = {{rocksdb::kDefaultColumnFamilyName, TableOptions(*options.memory)}};
  auto database = Database::Open(options);
  ASSERT_TRUE(database.ok()) << database.status();
  rocksdb::DB& db = (*database)->db();
  rocksdb::WriteOptions write;
  write.disableWAL = true;
  for (uint32_t i = 0; i < kKeys; ++i) ASSERT_TRUE(db.Put(write, key_of(i), "").ok());
  // Filters of what has just been flushed are kept in memory.
  rocksdb::CompactRangeOptions compact;
  compact.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  ASSERT_TRUE(db.CompactRange(compact, nullptr, nullptr).ok());
  rocksdb::SetPerfLevel(rocksdb::kEnableCount);
  rocksdb::get_perf_context()->Reset();
  std::mt19937 random(1);
  std::string value;
  for (uint32_t i = 0; i < kReads; ++i) {
    EXPECT_TRUE(db.Get({}, key_of(static_cast<uint32_t>(random()) % kKeys), &value).ok());
  }
  const uint64_t bytes = rocksdb::get_perf_context()->block_read_byte;
  rocksdb::SetPerfLevel(rocksdb::kDisable);
  EXPECT_LT(bytes / kReads, 32u << 10);
}

TEST(StateHeaders, OfNoStateAreNotFound) {
  EXPECT_TRUE(absl::IsNotFound(ReadStateHeader("/nowhere").status()));
  EXPECT_FALSE(HasState("/nowhere"));
}

}  // namespace
}  // namespace ringfence::runtime
