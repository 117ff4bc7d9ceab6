// Intake on a real broker, whose topics change under it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "services/intake/intake_runner.h"
#include "services/runtime/kafka/client.h"
#include "services/runtime/kafka/kafka_log.h"
#include "services/runtime/kafka/topic_catalog.h"
#include "tests/integration/kafka_testing.h"

namespace ringfence::intake_service {
namespace {

using testing::HasSubstr;

// Another process, as partners and operators are.
class KafkaIntake : public testing::Test {
 protected:
  KafkaIntake() {
    runtime::KafkaClient::Setup setup;
    setup.role = runtime::KafkaRole::kAsker;
    admin_ = *runtime::KafkaClient::Make(kafka_, std::move(setup), nullptr);
    partner_ = *runtime::KafkaLog::Open(kafka_, nullptr);
    log_ = *runtime::KafkaLog::Open(kafka_, nullptr);
    EXPECT_TRUE(log_->CreateTopic(std::string(runtime::kDedupeTopic), {.partitions = 1}).ok());
  }
  void Start() {
    IntakeRunner::Options options;
    options.intake.token_key.id = "k1";
    options.look_again = std::chrono::seconds(1);
    runner_ = std::make_unique<IntakeRunner>(options, *log_, metrics_);
  }
  void Create(const std::string& topic, const std::string& timestamps = "LogAppendTime") {
    runtime::TopicCatalog catalog(*admin_, kafka_.request_timeout);
    ASSERT_TRUE(catalog
                    .Create({.name = kafka_.prefix + topic,
                             .partitions = 1,
                             .config = {{"message.timestamp.type", timestamps}}})
                    .ok());
  }
  void Delete(const std::string& topic) {
    rd_kafka_DeleteTopic_t* asked[] = {rd_kafka_DeleteTopic_new((kafka_.prefix + topic).c_str())};
    ASSERT_TRUE(
        runtime::AskKafka(admin_->get(), RD_KAFKA_ADMIN_OP_DELETETOPICS, kafka_.request_timeout,
                          RD_KAFKA_EVENT_DELETETOPICS_RESULT, "deleting " + topic,
                          [&](const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                            rd_kafka_DeleteTopics(admin_->get(), asked, 1, options, queue);
                          })
            .ok());
    rd_kafka_DeleteTopic_destroy(asked[0]);
  }
  void AddPartitions(const std::string& topic, size_t partitions) {
    char text[512] = "";
    rd_kafka_NewPartitions_t* asked[] = {rd_kafka_NewPartitions_new(
        (kafka_.prefix + topic).c_str(), partitions, text, sizeof(text))};
    ASSERT_TRUE(
        runtime::AskKafka(admin_->get(), RD_KAFKA_ADMIN_OP_CREATEPARTITIONS, kafka_.request_timeout,
                          RD_KAFKA_EVENT_CREATEPARTITIONS_RESULT, "adding partitions to " + topic,
                          [&](const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                            rd_kafka_CreatePartitions(admin_->get(), asked, 1, options, queue);
                          })
            .ok());
    rd_kafka_NewPartitions_destroy(asked[0]);
    // Its producer would look for them in five minutes.
    partner_ = *runtime::KafkaLog::Open(kafka_, nullptr);
  }
  // A report without a time: it is rejected, and so counted.
  void Send(const std::string& topic, int32_t partition = 0) {
    const absl::Status sent =
        partner_->Append({{{topic, partition}, "", R"({"reportId":"1"})"}}).status();
    ASSERT_TRUE(sent.ok()) << sent;
  }
  template <typename Condition>
  static bool Eventually(const Condition& done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(90);
    while (!done()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return true;
  }
  runtime::Progress ProgressOf(const std::string& topic, int32_t partition = 0) {
    for (runtime::Progress& progress : runner_->progress()) {
      if (progress.input == runtime::TopicPartition{topic, partition}) return std::move(progress);
    }
    return {};
  }
  bool EventuallyTaken(const std::string& topic, int64_t records, int32_t partition = 0) {
    return Eventually([&] { return ProgressOf(topic, partition).applied == records; });
  }

  const runtime::KafkaOptions kafka_ = runtime::TestKafkaOptions();
  std::unique_ptr<runtime::KafkaClient> admin_;
  std::unique_ptr<runtime::KafkaLog> partner_;
  std::unique_ptr<runtime::KafkaLog> log_;
  runtime::Metrics metrics_;
  std::unique_ptr<IntakeRunner> runner_;
};

TEST_F(KafkaIntake, ATopicWithItsProducersTimeStopsAlone) {
  Create("reports.acme", "CreateTime");
  Create("reports.bank");
  Send("reports.acme");
  Send("reports.bank");
  Start();
  ASSERT_TRUE(EventuallyTaken("reports.bank", 1));
  ASSERT_TRUE(Eventually([&] { return !ProgressOf("reports.acme").stopped_because.empty(); }));
  EXPECT_THAT(ProgressOf("reports.acme").stopped_because, HasSubstr("LogAppendTime"));
  Send("reports.bank");
  ASSERT_TRUE(EventuallyTaken("reports.bank", 2));
  EXPECT_EQ(ProgressOf("reports.bank").stopped_because, "");
}

TEST_F(KafkaIntake, ATopicThatIsDeletedIsForgottenAndReadAnewWhenItComesBack) {
  Create("reports.acme");
  Create("reports.bank");
  for (int i = 0; i < 3; ++i) Send("reports.acme");
  Start();
  ASSERT_TRUE(EventuallyTaken("reports.acme", 3));
  Delete("reports.acme");
  Send("reports.bank");
  ASSERT_TRUE(EventuallyTaken("reports.bank", 1));
  ASSERT_TRUE(Eventually([&] { return ProgressOf("reports.acme").stage.empty(); }));
  Create("reports.acme");
  Send("reports.acme");
  ASSERT_TRUE(EventuallyTaken("reports.acme", 1));
  Send("reports.bank");
  ASSERT_TRUE(EventuallyTaken("reports.bank", 2));
  EXPECT_EQ(ProgressOf("reports.acme").stopped_because, "");
  // Nor does its end keep anybody waiting, though it had been further on.
  ASSERT_TRUE(Eventually([&] { return !ProgressOf("reports.acme").fails_alone; }));
}

TEST_F(KafkaIntake, PartitionsThatAreAddedToATopicAreRead) {
  Create("reports.acme");
  Send("reports.acme");
  Start();
  ASSERT_TRUE(EventuallyTaken("reports.acme", 1));
  AddPartitions("reports.acme", 3);
  Send("reports.acme", 2);
  ASSERT_TRUE(EventuallyTaken("reports.acme", 1, 2));
  EXPECT_EQ(ProgressOf("reports.acme", 1).stage, "intake");
}

}  // namespace
}  // namespace ringfence::intake_service
