#include "services/runtime/kafka/kafka_options.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

namespace ringfence::runtime {
namespace {

// A password that is longer is a wrong file.
constexpr size_t kSecretBytesMax = 4'096;
// Topics' names have 249 bytes at most, the longest of ours about 50.
constexpr size_t kPrefixBytesMax = 100;
// Milliseconds. A fetch waits so long for records where there are none; a partition that is newly
// read waits for that once.
constexpr int kFetchWait = 100;
// librdkafka wants a second above that.
constexpr int64_t kSocketTimeoutMin = 2'000;

bool UsesTls(const KafkaOptions& options) {
  return options.security == KafkaSecurity::kSsl || options.security == KafkaSecurity::kSaslSsl;
}

bool UsesSasl(const KafkaOptions& options) {
  return options.security == KafkaSecurity::kSaslPlaintext ||
         options.security == KafkaSecurity::kSaslSsl;
}

const char* ProtocolName(KafkaSecurity security) {
  switch (security) {
    case KafkaSecurity::kPlaintext:
      return "plaintext";
    case KafkaSecurity::kSsl:
      return "ssl";
    case KafkaSecurity::kSaslPlaintext:
      return "sasl_plaintext";
    case KafkaSecurity::kSaslSsl:
      return "sasl_ssl";
  }
  return "plaintext";
}

bool IsNamePart(std::string_view text) {
  return text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
         std::string_view::npos;
}

absl::Status Wrong(const std::string& what) { return absl::InvalidArgumentError("kafka: " + what); }

absl::Status CheckTls(const KafkaOptions& options) {
  const bool any = !options.ca_file.empty() || !options.cert_file.empty() ||
                   !options.key_file.empty() || !options.key_password_file.empty();
  if (any && !UsesTls(options)) {
    return Wrong("certificates are given, but the security protocol uses no TLS");
  }
  if (options.cert_file.empty() != options.key_file.empty()) {
    return Wrong("a client certificate and its key go together, one is missing");
  }
  if (!options.key_password_file.empty() && options.key_file.empty()) {
    return Wrong("a key's password is given, but no key");
  }
  return absl::OkStatus();
}

absl::Status CheckSasl(const KafkaOptions& options) {
  const std::string& mechanism = options.sasl_mechanism;
  if (!UsesSasl(options)) {
    if (mechanism.empty() && options.sasl_user.empty() && options.sasl_password_file.empty()) {
      return absl::OkStatus();
    }
    return Wrong("a SASL mechanism, user or password is given, but the protocol uses no SASL");
  }
  if (mechanism != "SCRAM-SHA-512" && mechanism != "SCRAM-SHA-256" && mechanism != "PLAIN") {
    return Wrong("the SASL mechanism has to be SCRAM-SHA-512, SCRAM-SHA-256 or PLAIN");
  }
  if (mechanism == "PLAIN" && !UsesTls(options)) {
    return Wrong("PLAIN without TLS would show the password to everybody on the way");
  }
  if (options.sasl_user.empty() || options.sasl_password_file.empty()) {
    return Wrong("SASL needs a user and a file with the password");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadSecret(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.is_open() || file.bad()) {
    return absl::FailedPreconditionError("kafka: " + path + " cannot be read");
  }
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  if (text.empty() || text.size() > kSecretBytesMax || text.find('\0') != std::string::npos) {
    return absl::FailedPreconditionError("kafka: " + path + " holds no password");
  }
  return text;
}

// librdkafka says less clearly which file is missing.
absl::Status CheckReadable(const std::string& path) {
  if (path.empty() || std::ifstream(path).is_open()) return absl::OkStatus();
  return absl::FailedPreconditionError("kafka: " + path + " cannot be read");
}

absl::Status AddSecurity(const KafkaOptions& options, KafkaProperties& properties) {
  properties["security.protocol"] = ProtocolName(options.security);
  const std::pair<const char*, const std::string&> files[] = {
      {"ssl.ca.location", options.ca_file},
      {"ssl.certificate.location", options.cert_file},
      {"ssl.key.location", options.key_file}};
  for (const auto& [name, path] : files) {
    if (absl::Status status = CheckReadable(path); !status.ok()) return status;
    if (!path.empty()) properties[name] = path;
  }
  if (!options.key_password_file.empty()) {
    absl::StatusOr<std::string> secret = ReadSecret(options.key_password_file);
    if (!secret.ok()) return secret.status();
    properties["ssl.key.password"] = *std::move(secret);
  }
  if (UsesSasl(options)) {
    absl::StatusOr<std::string> secret = ReadSecret(options.sasl_password_file);
    if (!secret.ok()) return secret.status();
    properties["sasl.mechanisms"] = options.sasl_mechanism;
    properties["sasl.username"] = options.sasl_user;
    properties["sasl.password"] = *std::move(secret);
  }
  return absl::OkStatus();
}

void AddProducer(const KafkaOptions& options, KafkaProperties& properties) {
  properties["enable.idempotence"] = "true";
  properties["acks"] = "all";
  properties["message.timeout.ms"] = std::to_string(options.delivery_timeout.count());
  properties["message.max.bytes"] = std::to_string(options.record_bytes_max + 4'096);
  properties["compression.type"] = "lz4";
  // Appends of all threads that come within it go out together.
  properties["linger.ms"] = "1";
  // Our own bound is reached first.
  properties["queue.buffering.max.messages"] = "10000000";
  properties["queue.buffering.max.kbytes"] = "2097151";
}

void AddReader(const KafkaOptions& options, KafkaProperties& properties) {
  properties["enable.auto.commit"] = "false";
  properties["enable.auto.offset.store"] = "false";
  properties["auto.offset.reset"] = "error";
  properties["enable.partition.eof"] = "true";
  properties["allow.auto.create.topics"] = "false";
  properties["check.crcs"] = "true";
  properties["isolation.level"] = "read_committed";
  properties["fetch.wait.max.ms"] = std::to_string(kFetchWait);
  properties["fetch.error.backoff.ms"] = "50";
  properties["queued.max.messages.kbytes"] = std::to_string(options.prefetch_bytes_max / 1'024);
  properties["queued.min.messages"] = "1000000";
}

void AddMember(const KafkaOptions& options, KafkaProperties& properties) {
  properties["enable.auto.commit"] = "false";
  properties["enable.auto.offset.store"] = "false";
  properties["auto.offset.reset"] = "latest";
  properties["allow.auto.create.topics"] = "false";
  // librdkafka 2.0.2 spins with cooperative-sticky and static members.
  properties["partition.assignment.strategy"] = "range";
  properties["session.timeout.ms"] = std::to_string(options.session_timeout.count());
  properties["heartbeat.interval.ms"] = std::to_string(options.session_timeout.count() / 10);
}

}  // namespace

absl::Status CheckKafkaOptions(const KafkaOptions& options) {
  if (options.brokers.empty()) return Wrong("no brokers are given");
  if (options.client_id.empty()) return Wrong("the client id is empty");
  if (!IsNamePart(options.prefix) || options.prefix.size() > kPrefixBytesMax) {
    return Wrong("the prefix is no part of a topic's name (letters, digits, '.', '_', '-')");
  }
  using std::chrono::milliseconds;
  if (options.delivery_timeout < milliseconds(1'000) || options.request_timeout.count() < 1 ||
      options.close_timeout.count() < 1 || options.statistics_interval.count() < 0) {
    return Wrong("timeouts have to be positive, that of deliveries a second or more");
  }
  if (options.delivery_timeout >= options.session_timeout) {
    return Wrong(
        "the delivery timeout has to be shorter than the session timeout: a member that "
        "lost its partitions would still send");
  }
  if (options.append_bytes_max == 0 || options.prefetch_bytes_max < 1'024 ||
      options.prefetch_bytes_max > size_t{1} << 31 || options.record_bytes_max < 1'024 ||
      options.record_bytes_max > size_t{512} << 20) {
    return Wrong("a bound of bytes is too small or too large");
  }
  if (absl::Status status = CheckTls(options); !status.ok()) return status;
  return CheckSasl(options);
}

absl::StatusOr<KafkaProperties> MakeKafkaProperties(const KafkaOptions& options, KafkaRole role) {
  if (absl::Status status = CheckKafkaOptions(options); !status.ok()) return status;
  KafkaProperties properties = {
      {"bootstrap.servers", options.brokers},
      {"client.id", options.client_id},
      {"socket.nagle.disable", "true"},
      {"socket.keepalive.enable", "true"},
      {"socket.timeout.ms",
       std::to_string(std::max<int64_t>(options.request_timeout.count(), kSocketTimeoutMin))},
      {"reconnect.backoff.max.ms", "1000"},
      {"statistics.interval.ms", std::to_string(options.statistics_interval.count())},
  };
  switch (role) {
    case KafkaRole::kProducer:
      AddProducer(options, properties);
      break;
    case KafkaRole::kReader:
      AddReader(options, properties);
      break;
    case KafkaRole::kAsker:
      properties["allow.auto.create.topics"] = "false";
      break;
    case KafkaRole::kMember:
      AddMember(options, properties);
      break;
  }
  if (absl::Status status = AddSecurity(options, properties); !status.ok()) return status;
  return properties;
}

}  // namespace ringfence::runtime
