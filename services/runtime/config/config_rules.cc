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

// What says who may call, where there are callers.
void CheckAccess(const internal::v1::AccessConfig& access, std::vector<Breach>& breaches) {
  if (access.certificate_file().empty()) {
    if (!access.key_file().empty() || !access.ca_file().empty())
      Need("", "access.certificate_file", "the certificate of this service", breaches);
    return;
  }
  Need(access.ca_file(), "access.ca_file", "who signs callers' certificates", breaches);
  Need(access.identities_file(), "access.identities_file", "who may call as what", breaches);
  if (!access.plaintext_on_loopback()) return;
  breaches.push_back(
      {"access.plaintext_on_loopback", "does not go with certificate_file: one of them is wanted"});
}

void CheckGrpc(const internal::v1::AccessConfig& access, const internal::v1::GrpcConfig& grpc,
               const std::string& section, std::vector<Breach>& breaches) {
  if (!access.certificate_file().empty()) return;
  if (!access.plaintext_on_loopback()) {
    breaches.push_back({"access.certificate_file",
                        "is missing: the certificate of this service. To try it on this machine "
                        "alone, set access.plaintext_on_loopback: true"});
  }
  const absl::StatusOr<Address> address = ParseAddress(grpc.address());
  if (!address.ok() || IsLoopback(*address)) return;
  breaches.push_back({section + ".grpc.address",
                      "is not a loopback address: without access.certificate_file nobody on the "
                      "network can be told from anybody else"});
}

void CheckHttp(const internal::v1::AccessConfig& access, const internal::v1::HttpConfig& http,
               const std::string& section, std::vector<Breach>& breaches) {
  const absl::StatusOr<Address> address = ParseAddress(http.address());
  if (!address.ok() || IsLoopback(*address) || http.network_without_tls() ||
      !access.certificate_file().empty())
    return;
  breaches.push_back({section + ".http.address",
                      "is not a loopback address, and access.certificate_file is missing. Set " +
                          section +
                          ".http.network_without_tls: true to serve /metrics and "
                          "/healthz, and nothing else, to whoever reaches it"});
}

void CheckOwn(const Config& config, Service service, std::vector<Breach>& breaches) {
  const internal::v1::AccessConfig& access = config.access();
  CheckAccess(access, breaches);
  switch (service) {
    case Service::kIntake:
      CheckHttp(access, config.intake().http(), "intake", breaches);
      return Need(config.keys().victim_tokens_file(), "keys.victim_tokens_file",
                  "the key that hashes victims' handles", breaches);
    case Service::kDedupe:
      CheckHttp(access, config.dedupe().http(), "dedupe", breaches);
      return Need(config.dedupe().state_folder(), "dedupe.state_folder", "where state is kept",
                  breaches);
    case Service::kCluster:
      CheckHttp(access, config.cluster().http(), "cluster", breaches);
      return Need(config.cluster().state_folder(), "cluster.state_folder", "where state is kept",
                  breaches);
    case Service::kPublish:
      Need(config.publish().state_folder(), "publish.state_folder", "where state is kept",
           breaches);
      Need(config.keys().naming_file(), "keys.naming_file", "the key that names campaigns",
           breaches);
      Need(config.keys().cursors_file(), "keys.cursors_file", "the key that signs cursors",
           breaches);
      CheckHttp(access, config.publish().http(), "publish", breaches);
      return CheckGrpc(access, config.publish().grpc(), "publish", breaches);
    case Service::kGateway:
      Need(config.keys().victim_tokens_file(), "keys.victim_tokens_file",
           "the key that hashes victims' handles", breaches);
      CheckHttp(access, config.gateway().http(), "gateway", breaches);
      return CheckGrpc(access, config.gateway().grpc(), "gateway", breaches);
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
