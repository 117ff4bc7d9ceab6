#pragma once

#include <string>
#include <string_view>

#include "pipelines/identifiers/normalise.h"
#include "ringfence/v1/report.pb.h"

namespace ringfence::identifiers {

// Ranges of addresses and of phone numbers, as operators' overrides name them.

// The canonical form of a range: of IP "198.51.100.0/24" or "2001:db8::/32" (at most /64, the form
// that IPv6 identifiers have), the bits behind it zero; of PHONE "+" and 1 to 14 digits. Problems:
// "<type>.range_malformed", "ip.range_too_wide" (wider than /8, of IPv6 /16), "<type>.no_range" for
// types that have none.
Normalised NormaliseRange(v1::IdentifierType type, std::string_view raw);

// The range of `bits` that a canonical IP is in, in canonical form; empty where it is of the other
// family (`v6`) or no address.
std::string RangeOf(std::string_view canonical_ip, bool v6, int bits);

// The host of a canonical URL, without its port.
std::string_view HostOfUrl(std::string_view canonical_url);

}  // namespace ringfence::identifiers
