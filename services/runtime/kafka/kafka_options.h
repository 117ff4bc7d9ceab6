#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace ringfence::runtime {

enum class KafkaSecurity { kPlaintext, kSsl, kSaslPlaintext, kSaslSsl };

// How a process reaches a Kafka cluster, and its bounds. Secrets are named by the files that hold
// them, never given; a file's last line end does not count.
struct KafkaOptions {
  // HOST:PORT, with commas; a few of the cluster's brokers are enough.
  std::string brokers;
  // Shown in the brokers' logs and quotas.
  std::string client_id = "ringfence";
  // Stands before the name of every topic and group, so that deployments can share a cluster.
  std::string prefix;

  KafkaSecurity security = KafkaSecurity::kPlaintext;
  // PEM. Without `ca_file` the system's certificates count. `cert_file` and `key_file` (mTLS) go
  // together.
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  // Holds what the key is encrypted with, if it is.
  std::string key_password_file;
  // SCRAM-SHA-512, SCRAM-SHA-256, or PLAIN, which is refused without TLS.
  std::string sasl_mechanism;
  std::string sasl_user;
  std::string sasl_password_file;

  // Of new topics; -1 takes what the brokers have as default.
  int32_t replication = -1;
  int32_t min_insync_replicas = -1;
  // Of new topics, and of those `reports.` among them. Unset: as their makers say.
  std::optional<std::chrono::hours> retention = std::nullopt;
  std::optional<std::chrono::hours> report_retention = std::nullopt;

  // A record that no broker has acknowledged by then counts as not appended. Shorter than the
  // session of the group's members: what a member sends that lost its partitions times out before
  // another has them.
  std::chrono::milliseconds delivery_timeout{20'000};
  std::chrono::milliseconds session_timeout{30'000};
  // Of every other request.
  std::chrono::milliseconds request_timeout{10'000};
  // Closing takes this much at most; what is not closed by then is left to the process's end.
  std::chrono::milliseconds close_timeout{10'000};
  std::chrono::milliseconds statistics_interval{15'000};

  // Of records that wait to be acknowledged, of all callers together.
  size_t append_bytes_max = size_t{64} << 20;
  // Of records fetched ahead, of each partition that is read: fetching pauses above it, and one
  // answer of a broker may come on top.
  size_t prefetch_bytes_max = size_t{8} << 20;
  // A record's key and value together.
  size_t record_bytes_max = size_t{4} << 20;
};

// kInvalidArgument, with what is wrong.
absl::Status CheckKafkaOptions(const KafkaOptions& options);

// What a client is for.
enum class KafkaRole {
  kProducer,
  // Reads by assignment.
  kReader,
  // Asks for and makes topics, offsets, positions: on connections of its own, as brokers answer
  // each connection's requests in turn, and a fetch waits for records.
  kAsker,
  // A member of a group, which reads nothing.
  kMember,
};

// Names and values as librdkafka takes them, secrets read from their files among them. Errors:
// those of CheckKafkaOptions, and kFailedPrecondition where a file cannot be read; none quotes a
// secret. Names of the role's own group are added by who makes the client.
using KafkaProperties = std::map<std::string, std::string>;
absl::StatusOr<KafkaProperties> MakeKafkaProperties(const KafkaOptions& options, KafkaRole role);

}  // namespace ringfence::runtime
