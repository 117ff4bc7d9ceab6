#include "services/runtime/identity/caller.h"

#include <arpa/inet.h>

#include <array>
#include <cstring>
#include <optional>

#include "absl/strings/numbers.h"

namespace ringfence::runtime {
namespace {

struct Network {
  // IPv4 as IPv4-mapped.
  std::array<uint8_t, 16> address{};
  int bits = 0;
};

// "198.51.100.0/24", "2001:db8::/32", or an address, which is a network of its own.
std::optional<Network> ParseNetwork(std::string_view text) {
  const size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  Network network;
  int most = 128;
  if (in_addr four{}; inet_pton(AF_INET, address.c_str(), &four) == 1) {
    most = 32;
    network.address[10] = network.address[11] = 0xff;
    std::memcpy(&network.address[12], &four, 4);
  } else if (inet_pton(AF_INET6, address.c_str(), network.address.data()) != 1) {
    return std::nullopt;
  }
  int bits = most;
  if (slash != std::string_view::npos) {
    const std::string digits(text.substr(slash + 1));
    if (digits.empty() || digits.find_first_not_of("0123456789") != std::string::npos ||
        !absl::SimpleAtoi(digits, &bits) || bits > most)
      return std::nullopt;
  }
  network.bits = bits + 128 - most;
  return network;
}

bool IsWithin(const Network& inner, const Network& outer) {
  if (inner.bits < outer.bits) return false;
  for (int bit = 0; bit < outer.bits; ++bit) {
    const auto byte = static_cast<size_t>(bit / 8);
    if (((inner.address[byte] ^ outer.address[byte]) >> (7 - bit % 8) & 1) != 0) return false;
  }
  return true;
}

// "https://login.bank.example:8443/x", "user@bank.example" and "bank.example" have a host.
std::string_view HostOf(v1::IdentifierType type, std::string_view value) {
  if (type == v1::IDENTIFIER_TYPE_EMAIL) return value.substr(value.rfind('@') + 1);
  if (type != v1::IDENTIFIER_TYPE_URL) return value;
  if (const size_t scheme = value.find("://"); scheme != std::string_view::npos)
    value.remove_prefix(scheme + 3);
  value = value.substr(0, value.find_first_of("/?#"));
  // Nobody can pass for another by what stands before the host.
  if (const size_t user = value.rfind('@'); user != std::string_view::npos)
    value.remove_prefix(user + 1);
  if (value.starts_with('[')) return value;
  return value.substr(0, value.find(':'));
}

bool IsOfDomains(v1::IdentifierType type) {
  return type == v1::IDENTIFIER_TYPE_DOMAIN || type == v1::IDENTIFIER_TYPE_URL ||
         type == v1::IDENTIFIER_TYPE_EMAIL;
}

}  // namespace

std::string ReceiverName(const Caller& caller, const std::string& consumer) {
  if (!caller.partner.empty()) return caller.partner;
  return caller.is_local ? consumer : caller.organisation;
}

uint32_t AllTypes() {
  uint32_t bits = 0;
  for (int type = v1::IdentifierType_MIN + 1; type <= v1::IdentifierType_MAX; ++type) {
    if (v1::IdentifierType_IsValid(type)) bits |= uint32_t{1} << type;
  }
  return bits;
}

absl::Status CheckRange(v1::IdentifierType type, std::string_view range) {
  if (type == v1::IDENTIFIER_TYPE_IP) {
    if (ParseNetwork(range)) return absl::OkStatus();
    return absl::InvalidArgumentError("an address or a network is wanted, like 198.51.100.0/24");
  }
  if (IsOfDomains(type)) {
    const bool plain =
        range.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") == std::string_view::npos;
    if (plain && range.find('.') != std::string_view::npos && range.front() != '.' &&
        range.back() != '.')
      return absl::OkStatus();
    return absl::InvalidArgumentError(
        "a domain is wanted, in lower case, with what is internationalised as xn--: bank.example");
  }
  if (type == v1::IDENTIFIER_TYPE_PHONE) {
    if (range.size() >= 3 && range.size() <= 16 && range[0] == '+' && range[1] != '0' &&
        range.find_first_not_of("0123456789", 1) == std::string_view::npos)
      return absl::OkStatus();
    return absl::InvalidArgumentError("the beginning of numbers is wanted, like +4420");
  }
  // One character would be half a country.
  if (range.size() >= 2) return absl::OkStatus();
  return absl::InvalidArgumentError("the beginning of canonical values is wanted, like DE37040044");
}

bool IsInRange(v1::IdentifierType type, std::string_view value, std::string_view range) {
  if (value.empty() || range.empty()) return false;
  if (type == v1::IDENTIFIER_TYPE_IP) {
    const std::optional<Network> inner = ParseNetwork(value);
    const std::optional<Network> outer = ParseNetwork(range);
    return inner && outer && IsWithin(*inner, *outer);
  }
  if (!IsOfDomains(type)) return value.starts_with(range);
  const std::string_view host = HostOf(type, value);
  return host == range || (host.size() > range.size() && host.ends_with(range) &&
                           host[host.size() - range.size() - 1] == '.');
}

bool Caller::IsCustodianOf(v1::IdentifierType type, std::string_view value) const {
  if (is_local) return true;
  if (role != internal::v1::ROLE_CUSTODIAN || !identity) return false;
  for (const internal::v1::IdentityRange& range : identity->ranges()) {
    if (range.type() == type && IsInRange(type, value, range.value())) return true;
  }
  return false;
}

}  // namespace ringfence::runtime
