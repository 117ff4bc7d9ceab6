#include "services/publish/http/caller.h"

#include <string>

#include "services/publish/clearance.h"

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

uint32_t Shown(uint32_t count) { return count < kCountMin ? 0 : count; }

}  // namespace

std::optional<HttpCaller> CallerOf(const runtime::HttpRequest& request) {
  for (const char* header : kProxyHeaders) {
    if (request.Header(header)) return std::nullopt;
  }
  if (!IsNameOfThisMachine(request.Header("host").value_or(""))) return std::nullopt;
  const std::optional<v1::Tlp> clearance = ClearanceOf(PeerOf(request.remote_address));
  if (!clearance) return std::nullopt;
  return HttpCaller{*clearance, true};
}

void WithholdSmallCounts(v1::Indicator& indicator) {
  if (!indicator.has_explanation()) return;
  v1::Explanation& explanation = *indicator.mutable_explanation();
  explanation.set_incidents(Shown(explanation.incidents()));
  explanation.set_reports(Shown(explanation.reports()));
  explanation.set_organisations(Shown(explanation.organisations()));
  for (v1::RoleEvidence& role : *explanation.mutable_by_role()) {
    role.set_incidents(Shown(role.incidents()));
    role.set_organisations(Shown(role.organisations()));
  }
}

}  // namespace ringfence::publish
