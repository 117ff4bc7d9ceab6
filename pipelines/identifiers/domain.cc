#include "pipelines/identifiers/host.h"
#include "pipelines/identifiers/types.h"

namespace ringfence::identifiers {
namespace {

bool IsBareIpv6(std::string_view text) {
  std::optional<Host> host = ParseHost("[" + std::string(text) + "]");
  return host.has_value();
}

}  // namespace

Normalised NormaliseDomain(std::string_view text, const Hints&) {
  if (IsBareIpv6(text)) return Refused("domain.is_ip");
  std::optional<Address> address = SplitAddress(text);
  if (!address) return Refused("domain.malformed");
  std::optional<Host> host = ParseHost(address->authority.host);
  if (!host) return Refused("domain.malformed");
  if (host->ip) return Refused("domain.is_ip");
  std::string registrable = RegistrableDomain(host->name);
  if (registrable.empty()) return Refused("domain.public_suffix");
  return DomainOf(host->name, registrable);
}

}  // namespace ringfence::identifiers
