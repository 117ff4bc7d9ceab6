#include "services/runtime/kafka/kafka_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "services/runtime/temporary_folder_testing.h"

namespace ringfence::runtime {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Key;
using testing::Not;
using testing::Pair;

KafkaOptions Good() {
  KafkaOptions options;
  options.brokers = "kafka-1:9092";
  return options;
}

TEST(KafkaOptions, WhatIsWrongIsSaid) {
  struct Row {
    std::function<void(KafkaOptions&)> change;
    const char* said;
  };
  const Row rows[] = {
      {[](KafkaOptions& o) { o.brokers = ""; }, "no brokers"},
      {[](KafkaOptions& o) { o.client_id = ""; }, "client id"},
      {[](KafkaOptions& o) { o.prefix = "a/b"; }, "prefix"},
      {[](KafkaOptions& o) { o.prefix = std::string(101, 'a'); }, "prefix"},
      {[](KafkaOptions& o) { o.delivery_timeout = o.session_timeout; }, "shorter"},
      {[](KafkaOptions& o) { o.delivery_timeout = std::chrono::milliseconds(1); }, "positive"},
      {[](KafkaOptions& o) { o.close_timeout = std::chrono::milliseconds(0); }, "positive"},
      {[](KafkaOptions& o) { o.append_bytes_max = 0; }, "bound"},
      {[](KafkaOptions& o) { o.record_bytes_max = 1; }, "bound"},
      {[](KafkaOptions& o) { o.ca_file = "ca.pem"; }, "no TLS"},
      {[](KafkaOptions& o) { o.sasl_user = "u"; }, "no SASL"},
      {[](KafkaOptions& o) {
         o.security = KafkaSecurity::kSsl;
         o.cert_file = "cert.pem";
       },
       "go together"},
      {[](KafkaOptions& o) {
         o.security = KafkaSecurity::kSsl;
         o.key_password_file = "p";
       },
       "no key"},
      {[](KafkaOptions& o) { o.security = KafkaSecurity::kSaslSsl; }, "mechanism"},
      {[](KafkaOptions& o) {
         o.security = KafkaSecurity::kSaslPlaintext;
         o.sasl_mechanism = "PLAIN";
       },
       "without TLS"},
      {[](KafkaOptions& o) {
         o.security = KafkaSecurity::kSaslSsl;
         o.sasl_mechanism = "SCRAM-SHA-512";
         o.sasl_user = "u";
       },
       "password"},
  };
  ASSERT_TRUE(CheckKafkaOptions(Good()).ok());
  for (const Row& row : rows) {
    KafkaOptions options = Good();
    row.change(options);
    const absl::Status status = CheckKafkaOptions(options);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << row.said;
    EXPECT_THAT(std::string(status.message()), HasSubstr(row.said));
    EXPECT_EQ(MakeKafkaProperties(options, KafkaRole::kReader).status(), status);
  }
}

TEST(KafkaOptions, NothingIsLostOrTakenTwiceByAProducer) {
  KafkaOptions options = Good();
  options.delivery_timeout = std::chrono::milliseconds(7'000);
  const auto properties = MakeKafkaProperties(options, KafkaRole::kProducer);
  ASSERT_TRUE(properties.ok()) << properties.status();
  EXPECT_THAT(*properties, Contains(Pair("enable.idempotence", "true")));
  EXPECT_THAT(*properties, Contains(Pair("acks", "all")));
  EXPECT_THAT(*properties, Contains(Pair("message.timeout.ms", "7000")));
  EXPECT_THAT(*properties, Contains(Pair("socket.nagle.disable", "true")));
}

TEST(KafkaOptions, AReaderGoesWhereItIsToldAndNowhereElse) {
  const auto properties = MakeKafkaProperties(Good(), KafkaRole::kReader);
  ASSERT_TRUE(properties.ok()) << properties.status();
  EXPECT_THAT(*properties, Contains(Pair("enable.auto.commit", "false")));
  EXPECT_THAT(*properties, Contains(Pair("auto.offset.reset", "error")));
  EXPECT_THAT(*properties, Contains(Pair("queued.max.messages.kbytes", "8192")));
}

TEST(KafkaOptions, AMembersAssignmentIsByRange) {
  const auto properties = MakeKafkaProperties(Good(), KafkaRole::kMember);
  ASSERT_TRUE(properties.ok()) << properties.status();
  EXPECT_THAT(*properties, Contains(Pair("partition.assignment.strategy", "range")));
  EXPECT_THAT(*properties, Contains(Pair("session.timeout.ms", "30000")));
}

class KafkaSecrets : public testing::Test {
 protected:
  std::string File(const std::string& name, const std::string& text) {
    const std::string path = folder_.path() + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  KafkaOptions Scram(const std::string& password_file) {
    KafkaOptions options = Good();
    options.security = KafkaSecurity::kSaslSsl;
    options.sasl_mechanism = "SCRAM-SHA-512";
    options.sasl_user = "ringfence";
    options.sasl_password_file = password_file;
    return options;
  }

 private:
  TemporaryFolder folder_;
};

TEST_F(KafkaSecrets, AreReadFromTheirFiles) {
  for (const char* text : {"pass word", "pass word\n", "pass word\r\n"}) {
    const auto properties = MakeKafkaProperties(Scram(File("p", text)), KafkaRole::kReader);
    ASSERT_TRUE(properties.ok()) << properties.status();
    EXPECT_THAT(*properties, Contains(Pair("sasl.password", "pass word")));
    EXPECT_THAT(*properties, Contains(Pair("sasl.mechanisms", "SCRAM-SHA-512")));
    EXPECT_THAT(*properties, Contains(Pair("security.protocol", "sasl_ssl")));
  }
}

TEST_F(KafkaSecrets, AreNeverQuoted) {
  const std::string secret = std::string("se\0cret", 7);
  for (const std::string& text :
       {std::string(), std::string("\n"), secret, std::string(5'000, 's')}) {
    const auto properties = MakeKafkaProperties(Scram(File("p", text)), KafkaRole::kReader);
    EXPECT_EQ(properties.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(properties.status().message()), Not(HasSubstr("cret")));
  }
  EXPECT_EQ(MakeKafkaProperties(Scram("nowhere"), KafkaRole::kReader).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(KafkaSecrets, MutualTlsTakesAllItsFiles) {
  KafkaOptions options = Good();
  options.security = KafkaSecurity::kSsl;
  options.ca_file = File("ca", "x");
  options.cert_file = File("cert", "x");
  options.key_file = File("key", "x");
  options.key_password_file = File("password", "secret\n");
  const auto properties = MakeKafkaProperties(options, KafkaRole::kProducer);
  ASSERT_TRUE(properties.ok()) << properties.status();
  EXPECT_THAT(*properties, Contains(Pair("ssl.ca.location", options.ca_file)));
  EXPECT_THAT(*properties, Contains(Pair("ssl.certificate.location", options.cert_file)));
  EXPECT_THAT(*properties, Contains(Pair("ssl.key.location", options.key_file)));
  EXPECT_THAT(*properties, Contains(Pair("ssl.key.password", "secret")));
  EXPECT_THAT(*properties, Not(Contains(Key("sasl.password"))));
  options.cert_file = "nowhere";
  EXPECT_THAT(std::string(MakeKafkaProperties(options, KafkaRole::kProducer).status().message()),
              HasSubstr("nowhere cannot be read"));
}

}  // namespace
}  // namespace ringfence::runtime
