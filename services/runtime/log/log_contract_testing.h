#pragma once

// What every Log promises, as tests: an implementation instantiates the suite with a way to make
// itself. To be included by one source of a test binary.
//
//   INSTANTIATE_TEST_SUITE_P(Embedded, LogContract, testing::Values(MakeEmbedded));

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "services/runtime/log/log.h"
#include "services/runtime/log/time_index.h"

namespace ringfence::runtime {

// A new log without topics.
class LogUnderTest {
 public:
  virtual ~LogUnderTest() = default;
  virtual Log& log() = 0;
  // Ends it in good order, and opens it again.
  virtual void Reopen() = 0;
};
using MakeLogUnderTest = std::function<std::unique_ptr<LogUnderTest>()>;

class LogContract : public testing::TestWithParam<MakeLogUnderTest> {
 protected:
  LogContract() : under_test_(GetParam()()) {}

  Log& log() { return under_test_->log(); }
  void Reopen() { under_test_->Reopen(); }
  void Create(const std::string& topic, int32_t partitions = 1, bool compacted = false) {
    const absl::Status created =
        log().CreateTopic(topic, {.partitions = partitions, .compacted = compacted});
    ASSERT_TRUE(created.ok()) << created;
  }
  void Append(const TopicPartition& to, const std::string& key, const std::string& value) {
    const auto offsets = log().Append({{to, key, value}});
    ASSERT_TRUE(offsets.ok()) << offsets.status();
  }
  // All from an offset on, read in pieces.
  std::vector<LogRecord> All(const TopicPartition& from, int64_t offset = 0) {
    std::vector<LogRecord> all;
    while (true) {
      auto records = log().Read(from, offset, 3, 1'000);
      EXPECT_TRUE(records.ok()) << records.status();
      if (!records.ok() || records->empty()) return all;
      for (LogRecord& record : *records) {
        EXPECT_GE(record.offset, offset);
        offset = record.offset + 1;
        all.push_back(std::move(record));
      }
    }
  }
  std::vector<std::string> Values(const TopicPartition& from, int64_t offset = 0) {
    std::vector<std::string> values;
    for (LogRecord& record : All(from, offset)) values.push_back(std::move(record.value));
    return values;
  }

 private:
  std::unique_ptr<LogUnderTest> under_test_;
};

TEST_P(LogContract, OffsetsAscendInEachPartitionAsRecordsWereGiven) {
  Create("t", 2);
  const auto offsets =
      log().Append({{{"t", 0}, "", "a"}, {{"t", 1}, "", "b"}, {{"t", 0}, "", "c"}});
  ASSERT_TRUE(offsets.ok()) << offsets.status();
  EXPECT_THAT(*offsets, testing::ElementsAre(0, 0, 1));
  EXPECT_THAT(Values({"t", 0}), testing::ElementsAre("a", "c"));
  EXPECT_THAT(Values({"t", 0}, 1), testing::ElementsAre("c"));
  EXPECT_THAT(Values({"t", 1}), testing::ElementsAre("b"));
  EXPECT_EQ(*log().EndOffset({"t", 0}), 2);
  EXPECT_EQ(*log().StartOffset({"t", 0}), 0);
}

TEST_P(LogContract, ARecordIsReadAsItWasAppended) {
  Create("t");
  const std::string bytes("\0\xff\n/", 4);
  Append({"t", 0}, bytes, bytes + bytes);
  Append({"t", 0}, "", "");
  const std::vector<LogRecord> records = All({"t", 0});
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].key, bytes);
  EXPECT_EQ(records[0].value, bytes + bytes);
  EXPECT_EQ(records[1].key, "");
  EXPECT_EQ(records[1].value, "");
  EXPECT_LE(records[0].append_time, records[1].append_time);
}

TEST_P(LogContract, AnAppendToWhatIsNotThereAppendsNothing) {
  Create("t");
  EXPECT_EQ(log().Append({{{"t", 0}, "", "a"}, {{"u", 0}, "", "a"}}).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(log().Append({{{"t", 0}, "", "a"}, {{"t", 1}, "", "a"}}).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(*log().EndOffset({"t", 0}), 0);
  EXPECT_TRUE(All({"t", 0}).empty());
}

TEST_P(LogContract, AppendingNothingIsNothing) {
  const auto offsets = log().Append({});
  ASSERT_TRUE(offsets.ok()) << offsets.status();
  EXPECT_TRUE(offsets->empty());
}

TEST_P(LogContract, ATopicIsMadeOnce) {
  Create("t", 2);
  Append({"t", 1}, "", "a");
  Create("t", 2);
  EXPECT_THAT(Values({"t", 1}), testing::ElementsAre("a"));
  EXPECT_EQ(log().CreateTopic("t", {.partitions = 3}).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(*log().Partitions("t"), 2);
}

TEST_P(LogContract, KnowsItsTopics) {
  Create("reports.b");
  Create("reports.a", 3);
  Create("rejects.a");
  EXPECT_THAT(*log().Topics("reports."), testing::ElementsAre("reports.a", "reports.b"));
  EXPECT_THAT(*log().Topics("x"), testing::ElementsAre());
  EXPECT_EQ(*log().Partitions("reports.a"), 3);
  EXPECT_EQ(log().Partitions("reports.c").status().code(), absl::StatusCode::kNotFound);
}

TEST_P(LogContract, WhatIsNotThereCannotBeAskedFor) {
  Create("t");
  for (const TopicPartition& none : {TopicPartition{"u", 0}, {"t", 1}, {"t", -1}}) {
    EXPECT_EQ(log().Read(none, 0, 1, 1).status().code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(log().EndOffset(none).status().code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(log().StartOffset(none).status().code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(log().Commit("r", none, 0).code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(log().Committed("r", none).status().code(), absl::StatusCode::kNotFound);
  }
}

TEST_P(LogContract, AReadIsBoundedAndGivesAtLeastOne) {
  Create("t");
  for (int i = 0; i < 5; ++i) Append({"t", 0}, "", std::string(100, 'x'));
  const auto size = [&](int64_t offset, size_t records_max, size_t bytes_max) {
    return log().Read({"t", 0}, offset, records_max, bytes_max)->size();
  };
  EXPECT_EQ(size(0, 3, 10'000), 3u);
  EXPECT_EQ(size(0, 10, 10'000), 5u);
  EXPECT_EQ(size(3, 10, 10'000), 2u);
  EXPECT_EQ(size(0, 10, 250), 2u);
  EXPECT_EQ(size(0, 10, 1), 1u);
  EXPECT_EQ(size(5, 10, 10'000), 0u);
  EXPECT_EQ(size(9, 10, 10'000), 0u);
}

TEST_P(LogContract, KeepsRecordsTopicsAndItsIncarnation) {
  Create("t");
  Append({"t", 0}, "k", "a");
  const std::string incarnation = log().Incarnation();
  EXPECT_FALSE(incarnation.empty());
  Reopen();
  EXPECT_EQ(log().Incarnation(), incarnation);
  EXPECT_EQ(*log().EndOffset({"t", 0}), 1);
  Append({"t", 0}, "k", "b");
  EXPECT_THAT(Values({"t", 0}), testing::ElementsAre("a", "b"));
}

TEST_P(LogContract, KeepsThePositionOfEachReader) {
  Create("t", 2);
  EXPECT_EQ(*log().Committed("r", {"t", 0}), std::nullopt);
  ASSERT_TRUE(log().Commit("r", {"t", 0}, 3).ok());
  ASSERT_TRUE(log().Commit("r", {"t", 0}, 4).ok());
  ASSERT_TRUE(log().Commit("s", {"t", 0}, 7).ok());
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(*log().Committed("r", {"t", 0}), 4);
    EXPECT_EQ(*log().Committed("s", {"t", 0}), 7);
    EXPECT_EQ(*log().Committed("r", {"t", 1}), std::nullopt);
    Reopen();
  }
}

TEST_P(LogContract, OfAKeyTheLastRecordIsAlwaysThere) {
  Create("t", 1, true);
  std::map<std::string, std::string> expected;
  for (int i = 0; i < 40; ++i) {
    const std::string key(1, static_cast<char>('a' + i * 7 % 5));
    expected[key] = std::to_string(i);
    Append({"t", 0}, key, expected[key]);
  }
  for (int round = 0; round < 2; ++round) {
    std::map<std::string, std::string> last;
    for (const LogRecord& record : All({"t", 0})) last[record.key] = record.value;
    EXPECT_EQ(last, expected);
    EXPECT_EQ(*log().EndOffset({"t", 0}), 40);
    Reopen();
  }
}

TEST_P(LogContract, WaitsUntilAnythingIsThere) {
  Create("t", 2);
  const std::vector<Log::Position> positions = {{{"t", 0}, 0}, {{"t", 1}, 0}};
  EXPECT_FALSE(log().WaitForAny(positions, std::chrono::milliseconds(1)));
  std::thread writer([&] { Append({"t", 1}, "", "a"); });
  EXPECT_TRUE(log().WaitForAny(positions, std::chrono::minutes(1)));
  writer.join();
  EXPECT_TRUE(log().WaitForAny(positions, std::chrono::milliseconds(0)));
  const Log::Position behind{{"t", 1}, 1};
  EXPECT_FALSE(log().WaitForAny({&behind, 1}, std::chrono::milliseconds(1)));
}

TEST_P(LogContract, FindsTheFirstOffsetOfATime) {
  Create("t");
  for (const char* value : {"a", "b", "c", "d", "e"}) Append({"t", 0}, "", value);
  const std::vector<LogRecord> all = All({"t", 0});
  ASSERT_EQ(all.size(), 5u);
  for (const LogRecord& record : all) {
    const auto found = OffsetAt(log(), {"t", 0}, record.append_time);
    ASSERT_TRUE(found.ok()) << found.status();
    // Several may be of one instant.
    EXPECT_LE(*found, record.offset);
    EXPECT_EQ(all[static_cast<size_t>(*found)].append_time, record.append_time);
  }
  EXPECT_EQ(*OffsetAt(log(), {"t", 0}, all.back().append_time + core::kHour), 5);
  EXPECT_EQ(*OffsetAt(log(), {"t", 0}, 0), 0);
  EXPECT_FALSE(OffsetAt(log(), {"t", 7}, 0).ok());
}

TEST_P(LogContract, ConcurrentAppendsLeaveNoGapsAndKeepEachWritersOrder) {
  Create("t");
  constexpr int kWriters = 4;
  constexpr int kEach = 40;
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; i < kEach; ++i) Append({"t", 0}, std::to_string(w), std::to_string(i));
    });
  }
  std::map<std::string, int> counts;
  int64_t next = 0;
  while (next < kWriters * kEach) {
    const Log::Position position{{"t", 0}, next};
    ASSERT_TRUE(log().WaitForAny({&position, 1}, std::chrono::minutes(1)));
    const auto records = log().Read({"t", 0}, next, 7, 1 << 20);
    ASSERT_TRUE(records.ok()) << records.status();
    for (const LogRecord& record : *records) {
      EXPECT_EQ(record.offset, next++);
      EXPECT_EQ(record.value, std::to_string(counts[record.key]++));
    }
  }
  for (std::thread& writer : writers) writer.join();
}

}  // namespace ringfence::runtime
