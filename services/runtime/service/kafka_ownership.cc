#include "services/runtime/service/kafka_ownership.h"

#include <utility>
#include <vector>

#include "services/runtime/logging.h"

namespace ringfence::runtime {
namespace {

std::vector<int32_t> NumbersOf(const std::vector<TopicPartition>& partitions) {
  std::vector<int32_t> numbers;
  for (const TopicPartition& partition : partitions) numbers.push_back(partition.partition);
  return numbers;
}

KafkaSecurity SecurityOf(const std::string& word) {
  if (word == "ssl") return KafkaSecurity::kSsl;
  if (word == "sasl_plaintext") return KafkaSecurity::kSaslPlaintext;
  if (word == "sasl_ssl") return KafkaSecurity::kSaslSsl;
  return KafkaSecurity::kPlaintext;
}

int32_t OrDefault(uint32_t replicas) { return replicas == 0 ? -1 : static_cast<int32_t>(replicas); }

}  // namespace

absl::Status KafkaOwnership::Join(Callbacks callbacks) {
  callbacks_ = std::move(callbacks);
  auto membership = Membership::Join(options_, *this, &metrics_);
  if (!membership.ok()) return membership.status();
  membership_ = *std::move(membership);
  return absl::OkStatus();
}

absl::Status KafkaOwnership::status() const {
  absl::MutexLock lock(&mutex_);
  return status_;
}

void KafkaOwnership::Assigned(const std::vector<TopicPartition>& partitions) {
  callbacks_.assigned(NumbersOf(partitions));
}

void KafkaOwnership::Revoked(const std::vector<TopicPartition>& partitions, bool lost) {
  if (lost) {
    LogLine(LogLevel::kWarning, "the group gave this process's partitions to others",
            {{"group", options_.group}});
  }
  callbacks_.revoked(NumbersOf(partitions));
}

void KafkaOwnership::Failed(const absl::Status& why) {
  absl::MutexLock lock(&mutex_);
  status_ = why;
}

KafkaOptions KafkaOptionsOf(const internal::v1::KafkaConfig& config) {
  KafkaOptions options;
  options.brokers = config.servers();
  options.prefix = config.prefix();
  options.security = SecurityOf(config.security());
  options.ca_file = config.ca_file();
  options.cert_file = config.certificate_file();
  options.key_file = config.key_file();
  options.key_password_file = config.key_password_file();
  options.sasl_mechanism = config.sasl_mechanism();
  options.sasl_user = config.sasl_user();
  options.sasl_password_file = config.sasl_password_file();
  options.replication = OrDefault(config.replication());
  options.min_insync_replicas = OrDefault(config.min_insync_replicas());
  options.retention = std::chrono::hours(24 * config.retention_days());
  options.report_retention = std::chrono::hours(24 * config.report_retention_days());
  options.delivery_timeout = std::chrono::milliseconds(config.send_timeout_milliseconds());
  options.session_timeout = std::chrono::milliseconds(config.session_timeout_milliseconds());
  return options;
}

}  // namespace ringfence::runtime
