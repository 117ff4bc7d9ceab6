#include "services/publish/http/caller.h"

#include <string>

namespace ringfence::publish {
namespace {

constexpr const char* kProxyHeaders[] = {"forwarded", "x-forwarded-for", "x-real-ip", "via"};

std::string PeerOf(const std::string& address) {
  return address.find(':') == std::string::npos ? "ipv4:" + address + ":0"
                                                : "ipv6:[" + address + "]:0";
}

bool IsNameOfThisMachine(std::string host) {
  if (const size_t port = host.rfind(':'); port != std::string::npos && !host.ends_with(']'))
    host.resize(port);
  return host == "localhost" || host == "[::1]" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos);
}

}  // namespace

std::optional<Viewer> CallerOf(const runtime::HttpRequest& request) {
  for (const char* header : kProxyHeaders) {
    if (request.Header(header)) return std::nullopt;
  }
  if (!IsNameOfThisMachine(request.Header("host").value_or(""))) return std::nullopt;
  return ViewerOf(PeerOf(request.remote_address));
}

}  // namespace ringfence::publish
