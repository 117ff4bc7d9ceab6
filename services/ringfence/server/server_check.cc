// What can be said of a server's options before anything is opened.
#include <filesystem>
#include <system_error>

#include "services/publish/organisations_file.h"
#include "services/publish/policy_file.h"
#include "services/ringfence/server/server.h"
#include "services/runtime/config/config.h"
#include "services/runtime/identity/identities.h"
#include "services/runtime/identity/tokens.h"

namespace ringfence::server {
namespace {

using runtime::Address;
using runtime::ParseAddress;

absl::Status CheckLoopback(const Address& address) {
  if (runtime::IsLoopback(address)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      address.host +
      " is not a loopback address: without TLS nobody on the network can be told from anybody "
      "else. --tls-cert, --tls-ca and --identities say who may call");
}

absl::Status CheckAccess(const Server::Options& options) {
  if (!options.tls.is_set()) {
    if (!options.tls.ca.empty() || !options.identities_file.empty() || !options.tokens_file.empty())
      return absl::InvalidArgumentError("--tls-cert, the server's certificate, is missing");
    return absl::OkStatus();
  }
  if (options.tls.ca.empty())
    return absl::InvalidArgumentError("--tls-ca, who signs callers' certificates, is missing");
  if (options.identities_file.empty())
    return absl::InvalidArgumentError("--identities, who may call as what, is missing");
  return runtime::CheckTlsFiles(options.tls);
}

// What they name can be read and used.
absl::Status CheckFiles(const Server::Options& options) {
  absl::Status status = publish::ReadPolicyFile(options.policy).status();
  if (!options.organisations.empty())
    status.Update(publish::ReadOrganisations(options.organisations).status());
  if (!options.identities_file.empty())
    status.Update(runtime::Identities::Read(options.identities_file).status());
  // Before the first token there is no file.
  std::error_code error;
  if (std::filesystem::exists(options.tokens_file, error))
    status.Update(runtime::ReadTokens(options.tokens_file).status());
  if (status.ok()) return status;
  return absl::InvalidArgumentError(status.message());
}

}  // namespace

absl::Status Server::Check(const Options& options) {
  for (const std::string& text : {options.grpc, options.http}) {
    const absl::StatusOr<Address> address = ParseAddress(text);
    if (!address.ok()) return address.status();
    if (options.tls.is_set()) continue;
    if (absl::Status status = CheckLoopback(*address); !status.ok()) return status;
  }
  if (absl::Status status = CheckAccess(options); !status.ok()) return status;
  return CheckFiles(options);
}

}  // namespace ringfence::server
