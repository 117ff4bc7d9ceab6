#include "services/runtime/kafka/kafka_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "services/runtime/kafka/client.h"
#include "services/runtime/kafka/incarnation.h"
#include "services/runtime/kafka/topic_catalog.h"
#include "services/runtime/kafka/topics_admin.h"
#include "services/runtime/log/log_contract_testing.h"
#include "tests/integration/kafka_testing.h"

namespace ringfence::runtime {
namespace {

std::unique_ptr<KafkaLog> OpenLog(const KafkaOptions& options, Metrics* metrics = nullptr) {
  absl::StatusOr<std::unique_ptr<KafkaLog>> log = KafkaLog::Open(options, metrics);
  EXPECT_TRUE(log.ok()) << log.status();
  return log.ok() ? *std::move(log) : nullptr;
}

class KafkaUnderTest : public LogUnderTest {
 public:
  Log& log() override { return *log_; }
  void Reopen() override {
    log_.reset();
    log_ = OpenLog(options_);
  }

 private:
  const KafkaOptions options_ = TestKafkaOptions();
  std::unique_ptr<KafkaLog> log_ = OpenLog(options_);
};

INSTANTIATE_TEST_SUITE_P(Kafka, LogContract,
                         testing::Values([] { return std::make_unique<KafkaUnderTest>(); }));

// A topic with a configuration of its own, beside those that the log makes.
void MakeTopic(const KafkaOptions& options, const std::string& name,
               const std::map<std::string, std::string>& config) {
  KafkaClient::Setup setup;
  setup.role = KafkaRole::kAsker;
  const auto asker = KafkaClient::Make(options, std::move(setup), nullptr);
  ASSERT_TRUE(asker.ok()) << asker.status();
  TopicCatalog catalog(**asker, options.request_timeout);
  const absl::Status made =
      catalog.Create({.name = options.prefix + name, .partitions = 1, .config = config});
  ASSERT_TRUE(made.ok()) << made;
}

TEST(KafkaLog, ReadsAtAnyOffsetWhatIsThere) {
  constexpr int kRecords = 3'000;
  constexpr int kReads = 150;
  const KafkaOptions options = TestKafkaOptions();
  const auto log = OpenLog(options);
  ASSERT_TRUE(log->CreateTopic("t", {.partitions = 2}).ok());
  std::mt19937 random(20'260'301);
  const auto upto = [&](int64_t most) {
    return std::uniform_int_distribution<int64_t>(0, most)(random);
  };
  std::vector<std::vector<std::string>> model(2);
  std::vector<AppendRecord> records;
  for (int i = 0; i < kRecords; ++i) {
    const auto partition = static_cast<size_t>(upto(1));
    std::string value = std::to_string(i) + std::string(static_cast<size_t>(upto(300)), 'x');
    model[partition].push_back(value);
    records.push_back({{"t", static_cast<int32_t>(partition)}, "k", std::move(value)});
  }
  ASSERT_TRUE(log->Append(std::move(records)).ok());
  // Jumps, and goes on from where it is, in turn.
  std::vector<int64_t> at(2, 0);
  for (int i = 0; i < kReads; ++i) {
    const auto partition = static_cast<size_t>(upto(1));
    const auto size = static_cast<int64_t>(model[partition].size());
    if (upto(2) == 0) at[partition] = upto(size + 1);
    const auto most = static_cast<size_t>(1 + upto(400));
    const TopicPartition from{"t", static_cast<int32_t>(partition)};
    const auto read = log->Read(from, at[partition], most, 1 << 20);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->empty(), at[partition] >= size);
    for (const LogRecord& record : *read) {
      ASSERT_EQ(record.offset, at[partition]++);
      ASSERT_EQ(record.value, model[partition][static_cast<size_t>(record.offset)]);
    }
  }
}

TEST(KafkaLog, SeesWhatAnotherProcessAppends) {
  const KafkaOptions options = TestKafkaOptions();
  const auto writer = OpenLog(options);
  const auto reader = OpenLog(options);
  ASSERT_TRUE(writer->CreateTopic("t", {.partitions = 2}).ok());
  for (int64_t i = 0; i < 20; ++i) {
    const std::vector<Log::Position> next = {{{"t", 0}, i}, {{"t", 1}, i}};
    EXPECT_FALSE(reader->WaitForAny(next, std::chrono::milliseconds(5)));
    ASSERT_TRUE(writer->Append({{{"t", 1}, "", std::to_string(i)}}).ok());
    ASSERT_TRUE(reader->WaitForAny(next, std::chrono::seconds(20)));
    const auto read = reader->Read({"t", 1}, i, 10, 1'000);
    ASSERT_TRUE(read.ok()) << read.status();
    ASSERT_EQ(read->size(), 1u);
    EXPECT_EQ(read->front().value, std::to_string(i));
    ASSERT_TRUE(writer->Append({{{"t", 0}, "", "x"}}).ok());
    ASSERT_TRUE(reader->WaitForAny({&next[0], 1}, std::chrono::seconds(20)));
    EXPECT_EQ(reader->Read({"t", 0}, i, 1, 1'000)->size(), 1u);
  }
}

TEST(KafkaLog, WhatRetentionRemovedIsOutOfRange) {
  const KafkaOptions options = TestKafkaOptions();
  const auto log = OpenLog(options);
  ASSERT_TRUE(log->CreateTopic("t", {.retention = std::chrono::hours(0)}).ok());
  ASSERT_TRUE(log->Append({{{"t", 0}, "", "a"}, {{"t", 0}, "", "b"}}).ok());
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (*log->StartOffset({"t", 0}) != 2) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "nothing was removed";
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  const absl::Status gone = log->Read({"t", 0}, 1, 1, 1).status();
  EXPECT_EQ(gone.code(), absl::StatusCode::kOutOfRange);
  EXPECT_THAT(std::string(gone.message()), testing::HasSubstr("begins at offset 2, 1 is gone"));
  EXPECT_TRUE(log->Read({"t", 0}, 2, 1, 1)->empty());
  EXPECT_EQ(*log->EndOffset({"t", 0}), 2);
}

TEST(KafkaLog, ATopicWithoutTheBrokersTimeIsRefused) {
  const KafkaOptions options = TestKafkaOptions();
  const auto log = OpenLog(options);
  MakeTopic(options, "t", {{"message.timestamp.type", "CreateTime"}});
  ASSERT_TRUE(log->Append({{{"t", 0}, "", "a"}}).ok());
  const absl::Status refused = log->Read({"t", 0}, 0, 1, 1).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), testing::HasSubstr("LogAppendTime"));
}

TEST(KafkaLog, ReadsACompactedTopicWithItsGaps) {
  const KafkaOptions options = TestKafkaOptions();
  const auto log = OpenLog(options);
  MakeTopic(options, "t",
            {{"cleanup.policy", "compact"},
             {"message.timestamp.type", "LogAppendTime"},
             {"segment.ms", "100"},
             {"delete.retention.ms", "0"},
             {"min.cleanable.dirty.ratio", "0.001"}});
  // Records go on to come: a segment is only compacted once there is a later one.
  std::map<std::string, std::string> expected;
  int64_t next = 0;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (true) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "nothing was compacted";
    const std::string key = std::to_string(next % 7);
    const std::string value = next % 5 == 0 ? "" : std::to_string(next);
    const auto offsets = log->Append({{{"t", 0}, key, value}});
    ASSERT_TRUE(offsets.ok()) << offsets.status();
    expected[key] = value;
    ++next;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    if (next % 50 != 0) continue;
    std::map<std::string, std::string> last;
    int64_t count = 0;
    for (int64_t offset = 0; offset < next;) {
      const auto read = log->Read({"t", 0}, offset, 100, 1 << 20);
      ASSERT_TRUE(read.ok()) << read.status();
      ASSERT_FALSE(read->empty());
      for (const LogRecord& record : *read) {
        EXPECT_GE(record.offset, offset);
        offset = record.offset + 1;
        last[record.key] = record.value;
        ++count;
      }
    }
    for (const auto& [known, is] : expected) {
      // A removal may be gone itself.
      if (is.empty() && !last.contains(known)) continue;
      EXPECT_EQ(last[known], is);
    }
    if (count < next / 2) break;
  }
}

TEST(KafkaLog, AProducerThatBrokeIsMadeAnew) {
  Metrics metrics;
  const auto log = OpenLog(TestKafkaOptions(), &metrics);
  ASSERT_TRUE(log->CreateTopic("t", {}).ok());
  ASSERT_TRUE(log->Append({{{"t", 0}, "", "a"}}).ok());
  ASSERT_TRUE(log->BreakProducerForTest().ok());
  const auto offsets = log->Append({{{"t", 0}, "", "b"}});
  ASSERT_TRUE(offsets.ok()) << offsets.status();
  EXPECT_EQ(*log->EndOffset({"t", 0}), 2);
  EXPECT_THAT(metrics.Text(), testing::HasSubstr("ringfence_kafka_producers_total 2"));
  EXPECT_THAT(metrics.Text(), testing::HasSubstr("ringfence_kafka_append_seconds_count"));
}

TEST(KafkaLog, ARecordThatIsTooLargeIsRefusedAndNothingOfItsAppendSent) {
  const auto log = OpenLog(TestKafkaOptions());
  ASSERT_TRUE(log->CreateTopic("t", {}).ok());
  EXPECT_EQ(
      log->Append({{{"t", 0}, "", "a"}, {{"t", 0}, "", std::string(5 << 20, 'x')}}).status().code(),
      absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(*log->EndOffset({"t", 0}), 0);
  ASSERT_TRUE(log->Append({{{"t", 0}, "", std::string((4 << 20) - 1, 'x')}}).ok());
  EXPECT_EQ(log->Read({"t", 0}, 0, 1, 1)->front().value.size(), (size_t{4} << 20) - 1);
}

TEST(KafkaLog, ItsStatisticsAreMetrics) {
  Metrics metrics;
  KafkaOptions options = TestKafkaOptions();
  options.statistics_interval = std::chrono::milliseconds(100);
  const auto log = OpenLog(options, &metrics);
  ASSERT_TRUE(log->CreateTopic("t", {}).ok());
  ASSERT_TRUE(log->Append({{{"t", 0}, "", "a"}}).ok());
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  const std::string up = "ringfence_kafka_brokers_up{client=\"producer\"} 1";
  while (metrics.Text().find(up) == std::string::npos) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << metrics.Text();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

TEST(KafkaLog, NoBrokerIsUnavailable) {
  KafkaOptions options = TestKafkaOptions();
  options.brokers = "127.0.0.1:1";
  options.request_timeout = std::chrono::milliseconds(500);
  EXPECT_EQ(KafkaLog::Open(options, nullptr).status().code(), absl::StatusCode::kUnavailable);
  options.brokers = "";
  EXPECT_EQ(KafkaLog::Open(options, nullptr).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(KafkaLog, TopicsMadeAnewHaveAnotherIncarnation) {
  KafkaOptions options = TestKafkaOptions();
  const std::string first = OpenLog(options)->Incarnation();
  EXPECT_EQ(OpenLog(options)->Incarnation(), first);
  TopicPlan plan;
  plan.prefix = options.prefix;
  plan.replication = plan.min_insync_replicas = 1;
  const auto made = CreateTopics(options, plan);
  ASSERT_TRUE(made.ok()) << made.status();
  const std::string second = OpenLog(options)->Incarnation();
  EXPECT_NE(second, first);
  // Nothing was missing.
  ASSERT_TRUE(CreateTopics(options, plan).ok());
  EXPECT_EQ(OpenLog(options)->Incarnation(), second);
  options.prefix = FreshPrefix();
  EXPECT_NE(OpenLog(options)->Incarnation(), second);
}

void DeleteTopic(const KafkaOptions& options, const std::string& name) {
  KafkaClient::Setup setup;
  setup.role = KafkaRole::kAsker;
  const auto asker = KafkaClient::Make(options, std::move(setup), nullptr);
  ASSERT_TRUE(asker.ok()) << asker.status();
  rd_kafka_DeleteTopic_t* topic = rd_kafka_DeleteTopic_new((options.prefix + name).c_str());
  rd_kafka_queue_t* queue = rd_kafka_queue_new((*asker)->get());
  rd_kafka_DeleteTopics((*asker)->get(), &topic, 1, nullptr, queue);
  if (rd_kafka_event_t* done = rd_kafka_queue_poll(queue, 30'000)) {
    EXPECT_EQ(rd_kafka_event_error(done), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_event_destroy(done);
  } else {
    ADD_FAILURE() << "no answer";
  }
  rd_kafka_queue_destroy(queue);
  rd_kafka_DeleteTopic_destroy(topic);
}

TEST(KafkaLog, MailboxesThatServicesMakeOnceAreOneIncarnationAndOneMadeAgainIsAnother) {
  const KafkaOptions options = TestKafkaOptions();
  const std::string dedupe(kDedupeTopic);
  const auto one = OpenLog(options);
  const auto other = OpenLog(options);
  const std::string first = one->Incarnation();
  ASSERT_TRUE(one->CreateTopic(dedupe, {}).ok());
  ASSERT_TRUE(other->CreateTopic(std::string(kClusterTopic), {}).ok());
  ASSERT_TRUE(other->CreateTopic(dedupe, {}).ok());
  EXPECT_EQ(one->Incarnation(), first);
  EXPECT_EQ(other->Incarnation(), first);

  DeleteTopic(options, dedupe);
  const auto waiting = OpenLog(options);
  const auto making = OpenLog(options);
  absl::Status made = making->CreateTopic(dedupe, {});
  // Brokers may take a while to know that it is gone.
  for (int i = 0; i < 100 && (!made.ok() || making->Incarnation() == first); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    made = OpenLog(options)->CreateTopic(dedupe, {});
    if (made.ok()) made = making->CreateTopic(dedupe, {});
  }
  ASSERT_TRUE(made.ok()) << made;
  EXPECT_NE(making->Incarnation(), first);
  // Who had opened the log before hears of it when it looks for its topics.
  ASSERT_TRUE(waiting->CreateTopic(dedupe, {}).ok());
  EXPECT_EQ(waiting->Incarnation(), making->Incarnation());
}

TEST(Topics, OneThatDiffersKeepsTheOthersFromBeingMade) {
  const KafkaOptions options = TestKafkaOptions();
  TopicPlan plan;
  plan.prefix = options.prefix;
  plan.replication = plan.min_insync_replicas = 1;
  plan.partitions = 2;
  const auto states = [](const absl::StatusOr<std::vector<TopicFinding>>& findings) {
    EXPECT_TRUE(findings.ok()) << findings.status();
    std::vector<TopicState> all;
    for (const TopicFinding& finding : *findings) all.push_back(finding.state);
    return all;
  };
  EXPECT_THAT(states(CheckTopics(options, plan)), testing::Each(TopicState::kMissing));
  EXPECT_THAT(states(CreateTopics(options, plan)), testing::Each(TopicState::kMade));
  EXPECT_THAT(states(CheckTopics(options, plan)), testing::Each(TopicState::kFits));
  plan.partitions = 3;
  plan.partners = {"new"};
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(states(CreateTopics(options, plan)),
                testing::ElementsAre(TopicState::kMissing, TopicState::kMissing,
                                     TopicState::kDiffers, TopicState::kDiffers, TopicState::kFits,
                                     TopicState::kDiffers, TopicState::kFits));
  }
  plan.partitions = 2;
  EXPECT_THAT(states(CreateTopics(options, plan)),
              testing::ElementsAre(TopicState::kMade, TopicState::kMade, TopicState::kFits,
                                   TopicState::kFits, TopicState::kFits, TopicState::kFits,
                                   TopicState::kFits));
}

}  // namespace
}  // namespace ringfence::runtime
