#include <algorithm>
#include <utility>

#include "pipelines/identifiers/host.h"
#include "pipelines/identifiers/text.h"
#include "pipelines/identifiers/types.h"
#include "pipelines/identifiers/url_path.h"

namespace ringfence::identifiers {
namespace {

std::string WithoutTabsAndNewlines(std::string_view text) {
  std::string kept(text);
  std::erase_if(kept, [](char c) { return c == '\t' || c == '\n' || c == '\r'; });
  return kept;
}

std::string HostText(const Host& host) {
  if (!host.ip) return host.name;
  return host.ip->is_v6 ? "[" + ToText(*host.ip) + "]" : ToText(*host.ip);
}

bool IsDefaultPort(std::string_view scheme, std::string_view port) {
  return port == (scheme == "https" ? "443" : "80");
}

// Base, and the host named too; of a shared host no base: the URL is its own link node.
void NameHost(const Host& host, std::string registrable, bool is_shared, Canonical& url) {
  if (host.ip) {
    url.base_type = url.also_type = v1::IDENTIFIER_TYPE_IP;
    url.base_value = url.also_value = CanonicalIp(*host.ip);
    return;
  }
  url.also_type = v1::IDENTIFIER_TYPE_DOMAIN;
  url.also_value = std::string(WithoutWww(host.name, registrable));
  if (is_shared) return;
  url.base_type = v1::IDENTIFIER_TYPE_DOMAIN;
  url.base_value = std::move(registrable);
}

}  // namespace

Normalised NormaliseUrl(std::string_view text, const Hints&) {
  std::optional<Address> address = SplitAddress(WithoutTabsAndNewlines(text));
  if (!address) return Refused("url.malformed");
  if (address->scheme.empty()) address->scheme = "http";
  if (address->scheme != "http" && address->scheme != "https") return Refused("url.scheme");
  std::optional<Host> host = ParseHost(address->authority.host);
  if (!host) return Refused("url.malformed");
  std::string registrable = host->ip ? std::string() : RegistrableDomain(host->name);
  bool is_public = host->ip ? IsPublic(*host->ip) : !registrable.empty();
  if (!is_public) return Refused("url.not_public");

  bool is_shared = !host->ip && IsSharedHost(host->name);
  std::string_view rest = address->rest;
  rest = rest.substr(0, rest.find('#'));
  size_t query = std::min(rest.find('?'), rest.size());
  Canonical url;
  url.value = address->scheme + "://" + HostText(*host);
  const std::string& port = address->authority.port;
  if (!port.empty() && !IsDefaultPort(address->scheme, port)) url.value += ":" + port;
  url.value += CanonicalPath(rest.substr(0, query));
  if (is_shared && query < rest.size()) {
    std::string parameters = CanonicalQuery(rest.substr(query + 1));
    if (!parameters.empty()) url.value += "?" + parameters;
  }
  NameHost(*host, std::move(registrable), is_shared, url);
  return url;
}

}  // namespace ringfence::identifiers
