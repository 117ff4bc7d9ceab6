#include "services/runtime/config/config_rules.h"

namespace ringfence::runtime {
namespace {

void Need(const std::string& value, const char* setting, const char* what,
          std::vector<Breach>& breaches) {
  if (value.empty()) breaches.push_back({setting, std::string("is missing: ") + what});
}

void CheckLog(const internal::v1::LogConfig& log, std::vector<Breach>& breaches) {
  if (log.has_kafka() == log.has_embedded()) {
    breaches.push_back({"log", "exactly one of kafka and embedded is wanted"});
    return;
  }
  if (log.has_embedded()) {
    Need(log.embedded().folder(), "log.embedded.folder", "the folder of the log", breaches);
    return;
  }
  Need(log.kafka().servers(), "log.kafka.servers", "where the brokers are", breaches);
  if (log.kafka().send_timeout_milliseconds() >= log.kafka().session_timeout_milliseconds()) {
    breaches.push_back({"log.kafka.send_timeout_milliseconds",
                        "must be below session_timeout_milliseconds, or a send outlives the "
                        "ownership that it was made under"});
  }
}

void CheckGrpc(const internal::v1::GrpcConfig& grpc, const std::string& section,
               std::vector<Breach>& breaches) {
  const absl::StatusOr<Address> address = ParseAddress(grpc.address());
  if (!address.ok() || IsLoopback(*address) || grpc.network_without_tls()) return;
  breaches.push_back({section + ".grpc.address",
                      "is not a loopback address: without TLS nobody on the network can be told "
                      "from anybody else. Behind what encrypts and tells callers apart, set "
                      "network_without_tls: true"});
}

void CheckOwn(const Config& config, Service service, std::vector<Breach>& breaches) {
  switch (service) {
    case Service::kIntake:
      return Need(config.keys().victim_tokens_file(), "keys.victim_tokens_file",
                  "the key that hashes victims' handles", breaches);
    case Service::kDedupe:
      return Need(config.dedupe().state_folder(), "dedupe.state_folder", "where state is kept",
                  breaches);
    case Service::kCluster:
      return Need(config.cluster().state_folder(), "cluster.state_folder", "where state is kept",
                  breaches);
    case Service::kPublish:
      Need(config.publish().state_folder(), "publish.state_folder", "where state is kept",
           breaches);
      Need(config.keys().naming_file(), "keys.naming_file", "the key that names campaigns",
           breaches);
      Need(config.keys().cursors_file(), "keys.cursors_file", "the key that signs cursors",
           breaches);
      return CheckGrpc(config.publish().grpc(), "publish", breaches);
    case Service::kGateway:
      Need(config.keys().victim_tokens_file(), "keys.victim_tokens_file",
           "the key that hashes victims' handles", breaches);
      return CheckGrpc(config.gateway().grpc(), "gateway", breaches);
  }
}

}  // namespace

std::vector<Breach> BrokenRules(const Config& config, Service service) {
  std::vector<Breach> breaches;
  CheckLog(config.log(), breaches);
  CheckOwn(config, service, breaches);
  return breaches;
}

}  // namespace ringfence::runtime
