#include "pipelines/identifiers/ip_address.h"
#include "pipelines/identifiers/text.h"
#include "pipelines/identifiers/types.h"

namespace ringfence::identifiers {
namespace {

constexpr std::string_view kNetwork = "/64";

bool IsPort(std::string_view text) { return text.size() <= 5 && IsAllDigits(text); }

std::string_view WithoutZone(std::string_view v6) { return v6.substr(0, v6.find('%')); }

// "[2001:db8::1]:443", "2001:db8::1%eth0", "2001:db8::/64".
std::optional<IpAddress> ParseV6(std::string_view text) {
  if (text.front() == '[') {
    size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    std::string_view rest = text.substr(close + 1);
    if (!rest.empty() && (rest.front() != ':' || !IsPort(rest.substr(1)))) return std::nullopt;
    text = text.substr(1, close - 1);
  }
  if (text.ends_with(kNetwork)) text.remove_suffix(kNetwork.size());
  return ParseIpv6(WithoutZone(text));
}

std::optional<IpAddress> ParseV4(std::string_view text) {
  size_t colon = text.find(':');
  if (colon == std::string_view::npos) return ParseIpv4(text);
  if (!IsPort(text.substr(colon + 1))) return std::nullopt;
  return ParseIpv4(text.substr(0, colon));
}

}  // namespace

Normalised NormaliseIp(std::string_view text, const Hints&) {
  std::string refanged = Refang(text);
  bool is_v6 = refanged.front() == '[' || refanged.find(':') != refanged.rfind(':');
  std::optional<IpAddress> address = is_v6 ? ParseV6(refanged) : ParseV4(refanged);
  if (!address) return Refused("ip.malformed");
  if (!IsPublic(*address)) return Refused("ip.not_public");
  return Of(CanonicalIp(*address));
}

}  // namespace ringfence::identifiers
