#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "pipelines/identifiers/ip_address.h"
#include "pipelines/identifiers/normalise.h"

namespace ringfence::identifiers {

// What stands between "//" and the path.
struct Authority {
  std::string host;
  // Digits; empty where none was given.
  std::string port;
};

// The parts of an address after its scheme, if it has one. Defanging is undone in the authority
// only; slashes in front and backslashes are taken as browsers do.
struct Address {
  // Lower case; empty where none was given.
  std::string scheme;
  Authority authority;
  // From the path's slash, "?" or "#" on, as written.
  std::string rest;
};

// "http", "https" or defanged so, letters in either case.
bool IsWebScheme(std::string_view scheme);

// `text` as an address of the web: "hxxps://user:pw@www[.]example[.]com:443/a", "example.com/a".
// A word before a colon is a scheme unless what follows is a port. Empty optional: the authority
// holds a port that is no number up to 65535.
std::optional<Address> SplitAddress(std::string_view text);

// A host as the WHATWG URL standard's host parser leaves it, but for the final dot, which is off: a
// name of lower-case A-labels (UTS 46, non-transitional) or an IP address.
struct Host {
  std::string name;  // empty where it is an address
  std::optional<IpAddress> ip;
};

// Empty optional: neither. Names have labels of 1 to 63 letters, digits, hyphens and underscores,
// and at most 253 characters.
std::optional<Host> ParseHost(std::string_view text);

// The host without any leading "www." that a registrable domain remains without. `registrable` is
// RegistrableDomain(host), and not empty.
std::string_view WithoutWww(std::string_view host, std::string_view registrable);

// The DOMAIN of a canonical name, with standing and base. `registrable` as above.
Canonical DomainOf(std::string_view host, std::string_view registrable);

}  // namespace ringfence::identifiers
