#pragma once

#include <string>
#include <string_view>

namespace ringfence::identifiers {

// Path of an http address as RFC 3986 (6.2.2) and the WHATWG URL standard leave it: "/" where
// empty; backslashes are slashes; escapes of unreserved characters decoded, others in upper case,
// also where decoding makes a new one; what may not stand in a path escaped; then "." and ".."
// resolved. `path` is UTF-8 and empty or begins with a slash or backslash.
std::string CanonicalPath(std::string_view path);

// What follows "?", in the same way, its parameters sorted by bytes and empty ones left out.
std::string CanonicalQuery(std::string_view query);

// What the query "a=1&b=2" gives for exactly `name`, as written; empty where it is not in it. Of
// several the first.
std::string_view ParameterOf(std::string_view query, std::string_view name);

}  // namespace ringfence::identifiers
