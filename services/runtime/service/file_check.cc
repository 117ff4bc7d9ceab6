// What can be said of the files that a configuration names before anything is started.
#include <filesystem>
#include <system_error>

#include "services/runtime/identity/identities.h"
#include "services/runtime/identity/tokens.h"
#include "services/runtime/service/certificate_watch.h"
#include "services/runtime/service/service_main.h"

namespace ringfence::runtime {

std::vector<absl::Status> CheckAccessFiles(const Config& config, Service service) {
  std::vector<absl::Status> checked;
  const internal::v1::AccessConfig& access = config.access();
  const bool has_callers = service == Service::kGateway || service == Service::kPublish;
  if (has_callers || !HttpOf(config, service).network_without_tls()) {
    if (const TlsFiles tls = TlsFilesOf(config); tls.is_set())
      checked.push_back(CheckTlsFiles(tls));
    if (!access.identities_file().empty())
      checked.push_back(Identities::Read(access.identities_file()).status());
    // Before the first token there is no file.
    std::error_code error;
    if (std::filesystem::exists(access.tokens_file(), error))
      checked.push_back(ReadTokens(access.tokens_file()).status());
  }
  const internal::v1::KafkaConfig& kafka = config.log().kafka();
  for (const std::string& file : {kafka.ca_file(), kafka.certificate_file()}) {
    if (!file.empty()) checked.push_back(CertificateExpiry(file).status());
  }
  return checked;
}

}  // namespace ringfence::runtime
