#include "services/runtime/rocks/embedded_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <set>
#include <thread>

namespace ringfence::runtime {
namespace {

using testing::ElementsAre;

const std::shared_ptr<RocksMemory>& Memory() {
  static const std::shared_ptr<RocksMemory> memory =
      MakeRocksMemory({.cache_bytes = 8 << 20, .memtable_bytes = 16 << 20});
  return memory;
}

class EmbeddedLogs : public testing::Test {
 protected:
  EmbeddedLogs() {
    std::string name = testing::TempDir() + "/log-XXXXXX";
    dir_ = mkdtemp(name.data());
    Reopen();
  }
  ~EmbeddedLogs() override {
    log_.reset();
    std::filesystem::remove_all(dir_);
  }

  EmbeddedLog::Options Options() {
    EmbeddedLog::Options options;
    options.dir = dir_;
    options.memory = Memory();
    options.clock = [this] { return now_.load(); };
    options.reserve_bytes = 0;
    options.tail_bytes_max = tail_bytes_max_;
    return options;
  }
  void Reopen() {
    log_.reset();
    auto log = EmbeddedLog::Open(Options());
    ASSERT_TRUE(log.ok()) << log.status();
    log_ = *std::move(log);
  }
  void Append(const std::string& topic, const std::string& key, const std::string& value,
              int32_t partition = 0) {
    auto offsets = log_->Append({{{topic, partition}, key, value}});
    ASSERT_TRUE(offsets.ok()) << offsets.status();
  }
  std::vector<std::string> Values(const std::string& topic, int64_t from = 0,
                                  int32_t partition = 0) {
    auto records = log_->Read({topic, partition}, from, 1'000'000, size_t{1} << 40);
    EXPECT_TRUE(records.ok()) << records.status();
    std::vector<std::string> values;
    for (const LogRecord& record : *records) values.push_back(record.value);
    return values;
  }

  std::string dir_;
  std::atomic<core::Time> now_ = 1'000 * core::kDay;
  size_t tail_bytes_max_ = 4 << 20;
  std::unique_ptr<EmbeddedLog> log_;
};

TEST_F(EmbeddedLogs, GivesAscendingOffsetsPerPartition) {
  ASSERT_TRUE(log_->CreateTopic("t", {.partitions = 2}).ok());
  auto offsets = log_->Append({{{"t", 0}, "", "a"}, {{"t", 1}, "", "b"}, {{"t", 0}, "", "c"}});
  ASSERT_TRUE(offsets.ok());
  EXPECT_THAT(*offsets, ElementsAre(0, 0, 1));
  EXPECT_THAT(Values("t"), ElementsAre("a", "c"));
  EXPECT_THAT(Values("t", 1), ElementsAre("c"));
  EXPECT_THAT(Values("t", 0, 1), ElementsAre("b"));
  EXPECT_THAT(Values("t", 2), ElementsAre());
}

TEST_F(EmbeddedLogs, KeepsEverythingOverAReopen) {
  ASSERT_TRUE(log_->CreateTopic("t", {.partitions = 1}).ok());
  Append("t", "k", "a");
  ASSERT_TRUE(log_->Commit("reader", {"t", 0}, 1).ok());
  const std::string incarnation = log_->Incarnation();
  Reopen();
  EXPECT_EQ(log_->Incarnation(), incarnation);
  EXPECT_EQ(*log_->EndOffset({"t", 0}), 1);
  EXPECT_EQ(**log_->Committed("reader", {"t", 0}), 1);
  EXPECT_EQ(*log_->Committed("other", {"t", 0}), std::nullopt);
  Append("t", "k", "b");
  EXPECT_THAT(Values("t"), ElementsAre("a", "b"));
}

TEST_F(EmbeddedLogs, ReadsWhatIsNoLongerInMemory) {
  tail_bytes_max_ = 500;
  Reopen();
  ASSERT_TRUE(log_->CreateTopic("t", {.partitions = 1}).ok());
  std::vector<std::string> expected;
  for (int i = 0; i < 100; ++i) {
    expected.push_back(std::to_string(i));
    Append("t", "", expected.back());
  }
  EXPECT_EQ(Values("t"), expected);
  EXPECT_THAT(Values("t", 98), ElementsAre("98", "99"));
}

TEST_F(EmbeddedLogs, ACompactedTopicKeepsTheLastOfEachKey) {
  tail_bytes_max_ = 1;
  Reopen();
  ASSERT_TRUE(log_->CreateTopic("t", {.partitions = 1, .compacted = true}).ok());
  Append("t", "a", "1");
  Append("t", "b", "2");
  Append("t", "a", "3");
  ASSERT_TRUE(log_->Append({{{"t", 0}, "c", "4"}, {{"t", 0}, "c", "5"}}).ok());
  EXPECT_THAT(Values("t"), ElementsAre("2", "3", "5"));
  Reopen();
  EXPECT_THAT(Values("t"), ElementsAre("2", "3", "5"));
  EXPECT_EQ(*log_->EndOffset({"t", 0}), 5);
}

TEST_F(EmbeddedLogs, RefusesAnotherNumberOfPartitionsAndUnknownTopics) {
  ASSERT_TRUE(log_->CreateTopic("t", {.partitions = 2}).ok());
  EXPECT_TRUE(log_->CreateTopic("t", {.partitions = 2}).ok());
  EXPECT_EQ(log_->CreateTopic("t", {.partitions = 3}).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(log_->Append({{{"u", 0}, "", "a"}}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(log_->Append({{{"t", 2}, "", "a"}}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(log_->Read({"u", 0}, 0, 1, 1).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(EmbeddedLogs, RetentionStopsAtTheLowestPosition) {
  ASSERT_TRUE(
      log_->CreateTopic("reports.t", {.partitions = 1, .retention = std::chrono::hours(24)}).ok());
  for (int i = 0; i < 10; ++i) Append("reports.t", "", std::to_string(i));
  now_ += 2 * core::kDay;
  ASSERT_TRUE(log_->ApplyRetention().ok());
  EXPECT_EQ(*log_->StartOffset({"reports.t", 0}), 0);
  ASSERT_TRUE(log_->Commit("a", {"reports.t", 0}, 7).ok());
  ASSERT_TRUE(log_->Commit("b", {"reports.t", 0}, 4).ok());
  ASSERT_TRUE(log_->ApplyRetention().ok());
  EXPECT_EQ(*log_->StartOffset({"reports.t", 0}), 4);
  EXPECT_EQ(log_->Read({"reports.t", 0}, 3, 1, 1).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_THAT(Values("reports.t", 8), ElementsAre("8", "9"));
  Reopen();
  EXPECT_EQ(*log_->StartOffset({"reports.t", 0}), 4);
}

TEST_F(EmbeddedLogs, RefusesToTakeTheLastOfTheDisk) {
  EmbeddedLog::Options options = Options();
  options.reserve_bytes = uint64_t{1} << 60;
  log_.reset();
  auto log = EmbeddedLog::Open(options);
  ASSERT_TRUE(log.ok());
  ASSERT_TRUE((*log)->CreateTopic("t", {.partitions = 1}).ok());
  EXPECT_EQ((*log)->Append({{{"t", 0}, "", "a"}}).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(*(*log)->EndOffset({"t", 0}), 0);
}

TEST_F(EmbeddedLogs, ConcurrentAppendsLeaveNoGapsForReaders) {
  ASSERT_TRUE(log_->CreateTopic("t", {.partitions = 1}).ok());
  constexpr int kWriters = 4;
  constexpr int kEach = 50;
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; i < kEach; ++i) Append("t", "", std::to_string(w * kEach + i));
    });
  }
  std::set<std::string> seen;
  int64_t next = 0;
  while (next < kWriters * kEach) {
    const Log::Position position{{"t", 0}, next};
    ASSERT_TRUE(log_->WaitForAny({&position, 1}, std::chrono::milliseconds(10'000)));
    auto records = log_->Read({"t", 0}, next, 7, 1 << 20);
    ASSERT_TRUE(records.ok());
    for (const LogRecord& record : *records) {
      EXPECT_EQ(record.offset, next++);
      seen.insert(record.value);
    }
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(seen.size(), static_cast<size_t>(kWriters * kEach));
}

}  // namespace
}  // namespace ringfence::runtime
