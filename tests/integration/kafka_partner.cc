// A partner as the brokers see it, for kafka_acls_test.py: tries one thing, and says "ok" or the
// brokers' error by its name.
//
//   kafka_partner BROKERS CA (scram USER PASSWORD_FILE | mtls CERT_FILE KEY_FILE)
//                 (write | read | describe) TOPIC

#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "services/runtime/kafka/client.h"
#include "services/runtime/kafka/errors.h"

namespace ringfence::runtime {
namespace {

constexpr int kTimeoutMilliseconds = 15'000;
using Client = std::unique_ptr<rd_kafka_t, KafkaDeleter<rd_kafka_destroy>>;

int Say(rd_kafka_resp_err_t error) {
  std::printf("%s\n", error == RD_KAFKA_RESP_ERR_NO_ERROR ? "ok" : rd_kafka_err2name(error));
  return 0;
}

Client Make(const KafkaOptions& options, KafkaRole role, rd_kafka_type_t type) {
  absl::StatusOr<KafkaProperties> properties = MakeKafkaProperties(options, role);
  if (!properties.ok()) {
    std::printf("%s\n", std::string(properties.status().message()).c_str());
    return nullptr;
  }
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  char why[256] = "";
  for (const auto& [name, value] : *properties)
    rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why, sizeof(why));
  rd_kafka_conf_set(conf, "message.timeout.ms", "10000", why, sizeof(why));
  if (role == KafkaRole::kReader) rd_kafka_conf_set(conf, "group.id", "none", why, sizeof(why));
  rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t*, const rd_kafka_message_t* message, void*) {
    *static_cast<rd_kafka_resp_err_t*>(message->_private) = message->err;
  });
  Client client(rd_kafka_new(type, conf, why, sizeof(why)));
  if (!client) std::printf("%s\n", why);
  return client;
}

int Write(const KafkaOptions& options, const char* topic) {
  const Client client = Make(options, KafkaRole::kProducer, RD_KAFKA_PRODUCER);
  if (!client) return 1;
  rd_kafka_resp_err_t result = RD_KAFKA_RESP_ERR__TIMED_OUT;
  const rd_kafka_resp_err_t error = rd_kafka_producev(
      client.get(), RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
      RD_KAFKA_V_VALUE(const_cast<char*>("{}"), size_t{2}), RD_KAFKA_V_OPAQUE(&result),
      RD_KAFKA_V_END);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return Say(error);
  rd_kafka_flush(client.get(), kTimeoutMilliseconds);
  return Say(CauseOf(client.get(), result));
}

// What the broker says of the topic to this client.
rd_kafka_resp_err_t AskFor(rd_kafka_t* client, const char* topic) {
  const TopicHandle handle(rd_kafka_topic_new(client, topic, nullptr));
  const rd_kafka_metadata_t* metadata = nullptr;
  const rd_kafka_resp_err_t error =
      rd_kafka_metadata(client, 0, handle.get(), &metadata, kTimeoutMilliseconds);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return error;
  const rd_kafka_resp_err_t of_topic = metadata->topics[0].err;
  rd_kafka_metadata_destroy(metadata);
  return of_topic;
}

int Describe(const KafkaOptions& options, const char* topic) {
  const Client client = Make(options, KafkaRole::kAsker, RD_KAFKA_PRODUCER);
  return client ? Say(AskFor(client.get(), topic)) : 1;
}

int Read(const KafkaOptions& options, const char* topic) {
  const Client client = Make(options, KafkaRole::kReader, RD_KAFKA_CONSUMER);
  if (!client) return 1;
  // A consumer of a topic that it may not even know of hears nothing.
  const rd_kafka_resp_err_t error = AskFor(client.get(), topic);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return Say(error);
  rd_kafka_poll_set_consumer(client.get());
  const PartitionList partitions(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(partitions.get(), topic, 0)->offset = 0;
  rd_kafka_assign(client.get(), partitions.get());
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(kTimeoutMilliseconds);
  while (std::chrono::steady_clock::now() < until) {
    const MessageHandle message(rd_kafka_consumer_poll(client.get(), 500));
    // What is assigned is read without a word of the group.
    const bool says = message && message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF &&
                      message->err != RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED;
    if (says) return Say(message->err);
  }
  return Say(RD_KAFKA_RESP_ERR__TIMED_OUT);
}

int Main(char** argv) {
  KafkaOptions options;
  options.brokers = argv[1];
  options.ca_file = argv[2];
  if (std::strcmp(argv[3], "scram") == 0) {
    options.security = KafkaSecurity::kSaslSsl;
    options.sasl_mechanism = "SCRAM-SHA-512";
    options.sasl_user = argv[4];
    options.sasl_password_file = argv[5];
  } else {
    options.security = KafkaSecurity::kSsl;
    options.cert_file = argv[4];
    options.key_file = argv[5];
  }
  const std::string what = argv[6];
  return what == "write"  ? Write(options, argv[7])
         : what == "read" ? Read(options, argv[7])
                          : Describe(options, argv[7]);
}

}  // namespace
}  // namespace ringfence::runtime

int main(int argc, char** argv) { return argc == 8 ? ringfence::runtime::Main(argv) : 2; }
