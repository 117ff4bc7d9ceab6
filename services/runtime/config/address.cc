#include <algorithm>
#include <cctype>

#include "services/runtime/config/config.h"

namespace ringfence::runtime {
namespace {

constexpr int kPortMax = 65'535;

bool IsHost(const std::string& host) {
  if (host.empty() || host.size() > 255) return false;
  const bool bracketed = host.front() == '[' && host.back() == ']';
  const std::string inner = bracketed ? host.substr(1, host.size() - 2) : host;
  return !inner.empty() && std::all_of(inner.begin(), inner.end(), [bracketed](unsigned char c) {
    if (bracketed) return std::isxdigit(c) != 0 || c == ':' || c == '.';
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
  });
}

}  // namespace

absl::StatusOr<Address> ParseAddress(const std::string& text) {
  const size_t colon = text.rfind(':');
  const std::string port = colon == std::string::npos ? "" : text.substr(colon + 1);
  const std::string host = text.substr(0, colon);
  if (port.empty() || port.size() > 5 ||
      port.find_first_not_of("0123456789") != std::string::npos || std::stoi(port) > kPortMax ||
      !IsHost(host)) {
    return absl::InvalidArgumentError(text + ": HOST:PORT is wanted, like 127.0.0.1:7733");
  }
  return Address{host, std::stoi(port)};
}

bool IsLoopback(const Address& address) {
  if (address.host == "localhost" || address.host == "[::1]") return true;
  // Not a name that begins like one.
  return address.host.starts_with("127.") &&
         address.host.find_first_not_of("0123456789.") == std::string::npos;
}

}  // namespace ringfence::runtime
