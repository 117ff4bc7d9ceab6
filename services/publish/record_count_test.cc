#include "services/publish/record_count.h"

#include <gtest/gtest.h>

#include "services/runtime/faulty_log_testing.h"
#include "services/runtime/rocks/embedded_log.h"
#include "services/runtime/temporary_folder_testing.h"

namespace ringfence::publish {
namespace {

class ReadCountingLog : public runtime::FaultyLog {
 public:
  using FaultyLog::FaultyLog;
  absl::StatusOr<std::vector<runtime::LogRecord>> Read(const runtime::TopicPartition& from,
                                                       int64_t offset, size_t records_max,
                                                       size_t bytes_max) override {
    auto records = FaultyLog::Read(from, offset, records_max, bytes_max);
    if (records.ok()) records_read += records->size();
    return records;
  }
  size_t records_read = 0;
};

class CountRecordsTest : public testing::Test {
 protected:
  // Ten records a second, from second 1 to 60, in turns in two partitions.
  void SetUp() override {
    auto opened = runtime::EmbeddedLog::Open({.dir = folder_.path(),
                                              .clock = [this] { return now_; },
                                              .memory = runtime::MakeRocksMemory({}),
                                              .reserve_bytes = 0});
    ASSERT_TRUE(opened.ok()) << opened.status();
    embedded_ = *std::move(opened);
    log_ = std::make_unique<ReadCountingLog>(*embedded_);
    ASSERT_TRUE(log_->CreateTopic("reports.acme", {.partitions = 2}).ok());
    for (int second = 1; second <= 60; ++second) {
      now_ = second * core::kSecond;
      std::vector<runtime::AppendRecord> records;
      for (int i = 0; i < 10; ++i) records.push_back({{"reports.acme", i % 2}, "", "report"});
      ASSERT_TRUE(log_->Append(std::move(records)).ok());
    }
  }
  uint64_t Count(core::Time from, core::Time until) {
    const auto count = CountRecords(*log_, "acme", from, until);
    EXPECT_TRUE(count.ok()) << count.status();
    return count.value_or(0);
  }

  runtime::TemporaryFolder folder_;
  core::Time now_ = 0;
  std::unique_ptr<runtime::EmbeddedLog> embedded_;
  std::unique_ptr<ReadCountingLog> log_;
};

TEST_F(CountRecordsTest, CountsWhatWasAppendedInTheSpan) {
  EXPECT_EQ(Count(0, 61 * core::kSecond), 600u);
  EXPECT_EQ(Count(10 * core::kSecond, 13 * core::kSecond), 30u);
  EXPECT_EQ(Count(10 * core::kSecond + 1, 13 * core::kSecond + 1), 30u);
  EXPECT_EQ(Count(60 * core::kSecond, 70 * core::kSecond), 10u);
  EXPECT_EQ(Count(61 * core::kSecond, 70 * core::kSecond), 0u);
}

TEST_F(CountRecordsTest, ReadsNotWhatItCounts) {
  EXPECT_EQ(Count(0, 61 * core::kSecond), 600u);
  EXPECT_LT(log_->records_read, 60u);
}

TEST_F(CountRecordsTest, SaysWhereItCannotCount) {
  EXPECT_EQ(CountRecords(*log_, "nobody", 0, 1).status().code(), absl::StatusCode::kNotFound);
  log_->FailReads(absl::StatusCode::kUnavailable);
  EXPECT_EQ(CountRecords(*log_, "acme", 0, core::kDay).status().code(),
            absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace ringfence::publish
