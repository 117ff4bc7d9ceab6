#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ringfence::identifiers {

// An IPv4 address, or an IPv6 address that is none mapped from IPv4.
struct IpAddress {
  bool is_v6 = false;
  uint32_t v4 = 0;                   // of an IPv4 address
  std::array<uint16_t, 8> groups{};  // of an IPv6 address, in order

  bool operator==(const IpAddress&) const = default;
};

// Four decimal numbers without leading zeros.
std::optional<IpAddress> ParseIpv4(std::string_view text);
// RFC 4291, section 2.2, without zone; an IPv4-mapped address (::ffff:0:0/96) is the IPv4 one.
std::optional<IpAddress> ParseIpv6(std::string_view text);

// Globally reachable as the IANA special-purpose address registries have it, or of a documentation
// range of RFC 5737 or RFC 3849. Of IPv6 the /64 network decides.
bool IsPublic(const IpAddress& address);

// Dotted decimals, or RFC 5952 text.
std::string ToText(const IpAddress& address);
// Canonical form of type IP: IPv4 as is, of IPv6 the network, "2001:db8::/64".
std::string CanonicalIp(const IpAddress& address);

}  // namespace ringfence::identifiers
