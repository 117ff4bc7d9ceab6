#include "services/runtime/rocks/embedded_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "services/runtime/log/log_contract_testing.h"
#include "services/runtime/rocks/faulty_files_testing.h"
#include "services/runtime/rocks/log_store.h"
#include "services/runtime/rocks/log_tails.h"
#include "services/runtime/rocks/open.h"
#include "services/runtime/temporary_folder_testing.h"

namespace ringfence::runtime {
namespace {

using testing::ElementsAre;
using testing::Pair;
using Operation = FaultyFiles::Operation;

// An embedded log in a folder of its own, on a disk and with a clock that do as they are told.
class TestedLog : public LogUnderTest {
 public:
  explicit TestedLog(size_t tail_bytes_max = 4 << 20) {
    options_.dir = folder_.path() + "/log";
    options_.memory = std::make_shared<RocksMemory>(1 << 20, 16 << 20, files_);
    options_.clock = [this] { return now_.load(); };
    options_.reserve_bytes = 1'000;
    options_.tail_bytes_max = tail_bytes_max;
    Reopen();
  }

  Log& log() override { return *log_; }
  void Reopen() override {
    log_.reset();
    auto log = EmbeddedLog::Open(options_);
    EXPECT_TRUE(log.ok()) << log.status();
    if (log.ok()) log_ = *std::move(log);
  }
  EmbeddedLog& embedded() { return *log_; }
  FaultyFiles& files() { return *files_; }
  const EmbeddedLog::Options& options() const { return options_; }
  void Advance(core::Time by) { now_ += by; }
  // From the next opening on.
  void KeepReports(std::chrono::hours retention) { options_.report_retention = retention; }
  void HaveSteadyTime() {
    options_.steady = [this] { return steady_.load(); };
  }
  void Pass(core::Time by) {
    now_ += by;
    steady_ += by;
  }

 private:
  TemporaryFolder folder_;
  std::shared_ptr<FaultyFiles> files_ = std::make_shared<FaultyFiles>();
  std::atomic<core::Time> now_ = 1'000 * core::kDay;
  std::atomic<core::Time> steady_ = 0;
  EmbeddedLog::Options options_;
  std::unique_ptr<EmbeddedLog> log_;
};

// With records in memory, and with none there.
INSTANTIATE_TEST_SUITE_P(Embedded, LogContract,
                         testing::Values([] { return std::make_unique<TestedLog>(); }));
INSTANTIATE_TEST_SUITE_P(EmbeddedFromDisk, LogContract,
                         testing::Values([] { return std::make_unique<TestedLog>(1); }));

class EmbeddedLogs : public testing::Test {
 protected:
  EmbeddedLog& log() { return tested_.embedded(); }
  void Create(const std::string& topic, const TopicOptions& options = {}) {
    const absl::Status created = log().CreateTopic(topic, options);
    ASSERT_TRUE(created.ok()) << created;
  }
  absl::Status Append(const std::string& topic, const std::string& key, const std::string& value) {
    return log().Append({{{topic, 0}, key, value}}).status();
  }
  std::vector<std::string> Values(const std::string& topic, int64_t offset = 0) {
    const auto records = log().Read({topic, 0}, offset, 1'000'000, size_t{1} << 40);
    EXPECT_TRUE(records.ok()) << records.status();
    std::vector<std::string> values;
    if (!records.ok()) return values;
    for (const LogRecord& record : *records) values.push_back(record.value);
    return values;
  }

  // Everything is read from the disk.
  TestedLog tested_{1};
};

TEST_F(EmbeddedLogs, AReplacedRecordIsGoneAtOnce) {
  Create("t", {.compacted = true});
  ASSERT_TRUE(Append("t", "a", "1").ok());
  ASSERT_TRUE(Append("t", "b", "2").ok());
  ASSERT_TRUE(Append("t", "a", "3").ok());
  ASSERT_TRUE(log().Append({{{"t", 0}, "c", "4"}, {{"t", 0}, "c", "5"}}).ok());
  EXPECT_THAT(Values("t"), ElementsAre("2", "3", "5"));
  tested_.Reopen();
  EXPECT_THAT(Values("t"), ElementsAre("2", "3", "5"));
  ASSERT_TRUE(Append("t", "b", "6").ok());
  EXPECT_THAT(Values("t"), ElementsAre("3", "5", "6"));
}

TEST_F(EmbeddedLogs, ARemovalIsKeptForRetentionThenForgotten) {
  Create("t", {.compacted = true, .retention = std::chrono::hours(24)});
  ASSERT_TRUE(Append("t", "a", "1").ok());
  ASSERT_TRUE(Append("t", "a", "").ok());
  ASSERT_TRUE(Append("t", "back", "").ok());
  ASSERT_TRUE(Append("t", "back", "2").ok());
  ASSERT_TRUE(log().ApplyRetention().ok());
  EXPECT_THAT(Values("t"), ElementsAre("", "2"));
  tested_.Advance(2 * core::kDay);
  ASSERT_TRUE(log().ApplyRetention().ok());
  EXPECT_THAT(Values("t"), ElementsAre("2"));
  // A key that was forgotten is as one that never was; one that came back is as any other.
  ASSERT_TRUE(Append("t", "a", "3").ok());
  ASSERT_TRUE(Append("t", "back", "4").ok());
  EXPECT_THAT(Values("t"), ElementsAre("3", "4"));
}

TEST_F(EmbeddedLogs, ALastRemovalStaysSoThatOffsetsGoOn) {
  Create("t", {.compacted = true, .retention = std::chrono::hours(24)});
  ASSERT_TRUE(Append("t", "a", "1").ok());
  ASSERT_TRUE(Append("t", "a", "").ok());
  tested_.Advance(2 * core::kDay);
  ASSERT_TRUE(log().ApplyRetention().ok());
  tested_.Reopen();
  EXPECT_EQ(*log().EndOffset({"t", 0}), 2);
}

// Topics that were made before say seven days.
TEST_F(EmbeddedLogs, ARemovalFromIndicatorsIsKeptForAMonthAtLeast) {
  const std::string topic(kIndicatorsTopic);
  Create(topic, {.compacted = true, .retention = std::chrono::hours(24 * 7)});
  ASSERT_TRUE(Append(topic, "a", "1").ok());
  ASSERT_TRUE(Append(topic, "a", "").ok());
  ASSERT_TRUE(Append(topic, "b", "2").ok());
  tested_.Advance(29 * core::kDay);
  ASSERT_TRUE(log().ApplyRetention().ok());
  EXPECT_THAT(Values(topic), ElementsAre("", "2"));
  tested_.Advance(2 * core::kDay);
  ASSERT_TRUE(log().ApplyRetention().ok());
  EXPECT_THAT(Values(topic), ElementsAre("2"));
}

TEST_F(EmbeddedLogs, PurgesManyRemovals) {
  Create("t", {.compacted = true, .retention = std::chrono::hours(24)});
  std::vector<AppendRecord> removals;
  for (int i = 0; i < 2'500; ++i) removals.push_back({{"t", 0}, std::to_string(i), ""});
  ASSERT_TRUE(log().Append(std::move(removals)).ok());
  tested_.Advance(2 * core::kDay);
  ASSERT_TRUE(Append("t", "a", "1").ok());
  ASSERT_TRUE(log().ApplyRetention().ok());
  EXPECT_THAT(Values("t"), ElementsAre("1"));
}

TEST_F(EmbeddedLogs, RetentionStopsAtTheLowestPosition) {
  Create("reports.t", {.retention = std::chrono::hours(24)});
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Append("reports.t", "", std::to_string(i)).ok());
  tested_.Advance(2 * core::kDay);
  ASSERT_TRUE(log().ApplyRetention().ok());
  EXPECT_EQ(*log().StartOffset({"reports.t", 0}), 0) << "nobody has read anything";
  ASSERT_TRUE(log().Commit("a", {"reports.t", 0}, 7).ok());
  ASSERT_TRUE(log().Commit("b", {"reports.t", 0}, 4).ok());
  ASSERT_TRUE(log().ApplyRetention().ok());
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(*log().StartOffset({"reports.t", 0}), 4);
    EXPECT_EQ(log().Read({"reports.t", 0}, 3, 1, 1).status().code(), absl::StatusCode::kOutOfRange);
    EXPECT_THAT(Values("reports.t", 4), ElementsAre("4", "5", "6", "7", "8", "9"));
    tested_.Reopen();
  }
}

TEST_F(EmbeddedLogs, RetentionRemovesOnlyWhatIsOld) {
  Create("reports.t", {.retention = std::chrono::hours(24)});
  for (int hour = 0; hour < 48; ++hour) {
    ASSERT_TRUE(Append("reports.t", "", std::to_string(hour)).ok());
    tested_.Advance(core::kHour);
  }
  ASSERT_TRUE(log().Commit("a", {"reports.t", 0}, 48).ok());
  ASSERT_TRUE(log().ApplyRetention().ok());
  EXPECT_EQ(*log().StartOffset({"reports.t", 0}), 24);
}

TEST_F(EmbeddedLogs, AClockThatIsAheadForAWhileRemovesNothing) {
  tested_.HaveSteadyTime();
  Create("reports.t", {.retention = std::chrono::hours(240)});
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Append("reports.t", "", std::to_string(i)).ok());
  ASSERT_TRUE(log().Commit("a", {"reports.t", 0}, 10).ok());
  const auto start = [&] {
    EXPECT_TRUE(log().ApplyRetention().ok());
    return *log().StartOffset({"reports.t", 0});
  };
  // While it is down, and while it runs.
  for (const bool reopens : {true, false}) {
    tested_.Advance(1'000 * core::kDay);
    if (reopens) tested_.Reopen();
    EXPECT_EQ(start(), 0);
    tested_.Pass(23 * core::kHour);
    EXPECT_EQ(start(), 0);
    tested_.Advance(-1'000 * core::kDay);
    EXPECT_EQ(start(), 0);
  }
  // One that was set right stays as it is.
  tested_.Advance(20 * core::kDay);
  EXPECT_EQ(start(), 0);
  tested_.Pass(core::kDay);
  EXPECT_EQ(start(), 9) << "all but the last";
}

TEST_F(EmbeddedLogs, ReportsStayAsLongAsIsSaidAtTheStartInTopicsOfBeforeToo) {
  for (const char* topic : {"reports.t", "rejects.t"}) {
    Create(topic);
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(Append(topic, "", "old").ok());
    ASSERT_TRUE(log().Commit("a", {topic, 0}, 2).ok());
  }
  const auto start_after = [&](core::Time time) {
    tested_.Advance(time);
    EXPECT_TRUE(log().ApplyRetention().ok());
    return *log().StartOffset({"reports.t", 0});
  };
  tested_.KeepReports(std::chrono::hours(24 * 403));
  tested_.Reopen();
  EXPECT_EQ(start_after(402 * core::kDay), 0);
  EXPECT_EQ(*log().StartOffset({"rejects.t", 0}), 1);
  EXPECT_EQ(start_after(2 * core::kDay), 1);
}

TEST_F(EmbeddedLogs, RejectionsGoByTimeAloneAndTheLastRecordStays) {
  Create("rejects.t", {.retention = std::chrono::hours(24)});
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Append("rejects.t", "", std::to_string(i)).ok());
  tested_.Advance(2 * core::kDay);
  ASSERT_TRUE(log().ApplyRetention().ok());
  EXPECT_EQ(*log().StartOffset({"rejects.t", 0}), 4);
  tested_.Reopen();
  EXPECT_EQ(*log().EndOffset({"rejects.t", 0}), 5);
}

TEST_F(EmbeddedLogs, AppendTimesNeverGoBack) {
  Create("t");
  ASSERT_TRUE(Append("t", "", "a").ok());
  tested_.Advance(-core::kDay);
  ASSERT_TRUE(Append("t", "", "b").ok());
  tested_.Reopen();
  ASSERT_TRUE(Append("t", "", "c").ok());
  const auto records = log().Read({"t", 0}, 0, 10, 1'000);
  ASSERT_EQ(records->size(), 3u);
  for (const LogRecord& record : *records) EXPECT_EQ(record.append_time, 1'000 * core::kDay);
}

TEST_F(EmbeddedLogs, NamesOfTopicsAreKafkas) {
  for (const std::string name : {"", "a/b", "a b", ".", ".."}) {
    EXPECT_EQ(log().CreateTopic(name, {}).code(), absl::StatusCode::kInvalidArgument) << name;
  }
  EXPECT_EQ(log().CreateTopic("t", {.partitions = 0}).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(EmbeddedLogs, EachLogHasItsOwnIncarnation) {
  TestedLog other;
  EXPECT_NE(log().Incarnation(), other.embedded().Incarnation());
  EXPECT_EQ(log().Incarnation().size(), 36u);
}

TEST_F(EmbeddedLogs, ASecondOneIsRefused) {
  EXPECT_EQ(EmbeddedLog::Open(tested_.options()).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(EmbeddedLogs, TakesNothingBelowTheReserve) {
  Create("t");
  ASSERT_TRUE(Append("t", "", "a").ok());
  tested_.files().SetFreeBytes(999);
  EXPECT_EQ(Append("t", "", "b").code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(log().CreateTopic("u", {}).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(Values("t"), ElementsAre("a"));
  tested_.files().SetFreeBytes(1'000);
  ASSERT_TRUE(Append("t", "", "c").ok());
  EXPECT_THAT(Values("t"), ElementsAre("a", "c"));
}

TEST_F(EmbeddedLogs, AFullDiskIsAnErrorAndAppendsGoOnWhenThereIsRoom) {
  Create("t", {.compacted = true});
  ASSERT_TRUE(Append("t", "k", "a").ok());
  const rocksdb::IOStatus full = rocksdb::IOStatus::NoSpace("told so");
  for (const Operation operation : {Operation::kAppend, Operation::kSync}) {
    tested_.files().Fail(operation, ".log", full);
    const int failed_before = tested_.files().failed();
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(Append("t", "k", "lost").code(), absl::StatusCode::kResourceExhausted);
    }
    EXPECT_GT(tested_.files().failed(), failed_before);
    tested_.files().Heal();
  }
  ASSERT_TRUE(Append("t", "k", "b").ok());
  EXPECT_EQ(Values("t").back(), "b");
  tested_.Reopen();
  EXPECT_THAT(Values("t"), ElementsAre("b"));
}

TEST_F(EmbeddedLogs, WhileItIsBrokenNothingIsReadThatMayNotBeThere) {
  Create("t", {.compacted = true});
  ASSERT_TRUE(Append("t", "k", "a").ok());
  tested_.files().Fail(Operation::kSync, ".log", rocksdb::IOStatus::IOError("told so"));
  EXPECT_EQ(Append("t", "k", "b").code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(*log().EndOffset({"t", 0}), 1);
  EXPECT_EQ(log().Read({"t", 0}, 0, 10, 1'000).status().code(), absl::StatusCode::kUnavailable);
  tested_.files().Heal();
  ASSERT_TRUE(Append("t", "l", "c").ok());
  const std::vector<std::string> values = Values("t");
  // What failed is there, or it is not.
  EXPECT_THAT(values, testing::AnyOf(ElementsAre("a", "c"), ElementsAre("b", "c")));
  EXPECT_EQ(log().Read({"t", 0}, 0, 10, 1'000)->back().offset + 1, *log().EndOffset({"t", 0}));
}

// An append that failed may be there all the same. The store is opened again, and what it holds may
// not be readable yet: opening, or loading, fails at each of its reads once.
TEST_F(EmbeddedLogs, NothingIsWrittenBeforeWhatItHoldsWasLoaded) {
  Create("t", {.compacted = true});
  ASSERT_TRUE(Append("t", "a", "1").ok());
  tested_.files().Fail(Operation::kSync, ".log", rocksdb::IOStatus::IOError("told so"));
  EXPECT_FALSE(Append("t", "b", "1").ok());
  bool is_there = false;
  int refused = 0;
  while (!is_there && refused < 10'000) {
    tested_.files().Heal();
    tested_.files().FailReadsAfter(refused);
    is_there = Append("t", "c", "1").ok();
    refused += is_there ? 0 : 1;
  }
  tested_.files().Heal();
  EXPECT_GT(refused, 0);
  ASSERT_TRUE(Append("t", "b", "2").ok());
  const auto records = log().Read({"t", 0}, 0, 100, 100'000);
  ASSERT_TRUE(records.ok());
  std::map<std::string, std::string> last;
  for (const LogRecord& record : *records) last[record.key] = record.value;
  EXPECT_THAT(last, ElementsAre(Pair("a", "1"), Pair("b", "2"), Pair("c", "1")));
}

TEST_F(EmbeddedLogs, PositionsOutliveAFailedAppend) {
  Create("t");
  ASSERT_TRUE(log().Commit("r", {"t", 0}, 5).ok());
  tested_.files().Fail(Operation::kAppend, ".log", rocksdb::IOStatus::IOError("told so"));
  EXPECT_FALSE(Append("t", "", "a").ok());
  tested_.files().Heal();
  ASSERT_TRUE(Append("t", "", "b").ok());
  tested_.Reopen();
  EXPECT_EQ(*log().Committed("r", {"t", 0}), 5);
}

TEST(LogTails, KeepTheLatestOfAllPartitions) {
  const PartitionKey a{0, 0};
  const PartitionKey b{0, 1};
  const LogRecord record{0, 0, "", std::string(1'000, 'x')};
  LogTails tails(4'500);
  for (int64_t offset = 10; offset < 13; ++offset) {
    for (const PartitionKey& partition : {a, b}) {
      LogRecord next = record;
      next.offset = offset;
      tails.Push(partition, next);
    }
  }
  EXPECT_LE(tails.bytes(), 4'500u);
  EXPECT_EQ(tails.Read(a, 10, 10, 10'000), std::nullopt);
  ASSERT_TRUE(tails.Read(a, 11, 10, 10'000).has_value());
  EXPECT_EQ(tails.Read(a, 11, 10, 10'000)->size(), 2u);
  EXPECT_EQ(tails.Read(a, 11, 10, 10'000)->front().offset, 11);
  EXPECT_EQ(tails.Read(a, 11, 10, 1)->size(), 1u);
  EXPECT_EQ(tails.Read(a, 13, 10, 10'000)->size(), 0u);
  tails.Clear();
  EXPECT_EQ(tails.Read(b, 12, 10, 10'000), std::nullopt);
  EXPECT_EQ(tails.bytes(), 0u);
}

}  // namespace
}  // namespace ringfence::runtime
