#include "services/runtime/kafka/errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

#include "services/runtime/reaction.h"

namespace ringfence::runtime {
namespace {

absl::StatusCode CodeOf(rd_kafka_resp_err_t error) { return KafkaStatus(error, "trying").code(); }

TEST(KafkaErrors, NoErrorIsOk) {
  EXPECT_TRUE(KafkaStatus(RD_KAFKA_RESP_ERR_NO_ERROR, "trying").ok());
}

// A runner sees the status only: it must come to the same conclusion as the table.
TEST(KafkaErrors, TheStatusOfEveryErrorMakesRunnersDoWhatTheTableSays) {
  const rd_kafka_err_desc* all = nullptr;
  size_t count = 0;
  rd_kafka_get_err_descs(&all, &count);
  ASSERT_GT(count, 100u);
  for (size_t i = 0; i < count; ++i) {
    if (all[i].name == nullptr || all[i].code == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    const Reaction expected =
        KafkaReactionTo(all[i].code) == KafkaReaction::kStop ? Reaction::kStop : Reaction::kRetry;
    EXPECT_EQ(ReactionTo(KafkaStatus(all[i].code, "trying")), expected) << all[i].name;
  }
}

TEST(KafkaErrors, BrokersThatAreAwayAreWaitedFor) {
  for (const auto error :
       {RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
        RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, RD_KAFKA_RESP_ERR__QUEUE_FULL,
        RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
        RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS}) {
    EXPECT_EQ(KafkaReactionTo(error), KafkaReaction::kRetry) << rd_kafka_err2name(error);
    EXPECT_EQ(CodeOf(error), absl::StatusCode::kUnavailable) << rd_kafka_err2name(error);
  }
}

TEST(KafkaErrors, AProducerThatCannotGoOnIsMadeAnew) {
  for (const auto error :
       {RD_KAFKA_RESP_ERR__FATAL, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
        RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH,
        RD_KAFKA_RESP_ERR__PURGE_QUEUE, RD_KAFKA_RESP_ERR__PURGE_INFLIGHT}) {
    EXPECT_EQ(KafkaReactionTo(error), KafkaReaction::kRecreate) << rd_kafka_err2name(error);
  }
}

TEST(KafkaErrors, WhatTheLogPromisesHasItsOwnCode) {
  EXPECT_EQ(CodeOf(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART), absl::StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION), absl::StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(CodeOf(RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(CodeOf(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(CodeOf(RD_KAFKA_RESP_ERR_INVALID_MSG), absl::StatusCode::kDataLoss);
}

TEST(KafkaErrors, WhatTheTableDoesNotKnowIsRetried) {
  const auto unknown = RD_KAFKA_RESP_ERR_LOG_DIR_NOT_FOUND;
  EXPECT_EQ(KafkaReactionTo(unknown), KafkaReaction::kRetry);
  EXPECT_EQ(CodeOf(unknown), absl::StatusCode::kUnavailable);
}

TEST(KafkaErrors, RecordsThatWereGivenUpSayWhatTheirClientDiedOf) {
  char why[256] = "";
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "enable.idempotence", "true", why, sizeof(why));
  const std::unique_ptr<rd_kafka_t, void (*)(rd_kafka_t*)> client(
      rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why)), rd_kafka_destroy);
  ASSERT_NE(client, nullptr) << why;
  EXPECT_EQ(CauseOf(client.get(), RD_KAFKA_RESP_ERR__PURGE_QUEUE), RD_KAFKA_RESP_ERR__PURGE_QUEUE);

  rd_kafka_test_fatal_error(client.get(), RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, "");
  for (const auto given_up : {RD_KAFKA_RESP_ERR__PURGE_QUEUE, RD_KAFKA_RESP_ERR__PURGE_INFLIGHT,
                              RD_KAFKA_RESP_ERR__FATAL}) {
    EXPECT_EQ(CauseOf(client.get(), given_up), RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED);
  }
  for (const auto of_its_own :
       {RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED}) {
    EXPECT_EQ(CauseOf(client.get(), of_its_own), of_its_own);
  }
}

TEST(KafkaErrors, TheTextSaysWhatWasTried) {
  const absl::Status status =
      KafkaStatus(RD_KAFKA_RESP_ERR__TRANSPORT, "append", "connection refused");
  EXPECT_EQ(status.message(), "kafka: append: _TRANSPORT: connection refused");
}

}  // namespace
}  // namespace ringfence::runtime
