#include "pipelines/identifiers/ranges.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "pipelines/identifiers/ip_address.h"
#include "pipelines/identifiers/text.h"

namespace ringfence::identifiers {
namespace {

constexpr int kV4WidestBits = 8;
constexpr int kV6WidestBits = 16;
constexpr int kV6NarrowestBits = 64;
constexpr size_t kPrefixDigitsMax = 14;

IpAddress Masked(IpAddress address, int bits) {
  if (!address.is_v6) {
    address.v4 = bits == 0 ? 0 : address.v4 & ~uint32_t{0} << (32 - bits);
    return address;
  }
  for (int group = 0; group < 8; ++group) {
    const int kept = std::clamp(bits - 16 * group, 0, 16);
    const auto mask = static_cast<uint16_t>(0xffffu << (16 - kept));
    address.groups[static_cast<size_t>(group)] &= mask;
  }
  return address;
}

std::string RangeText(const IpAddress& address, int bits) {
  bits = std::min(bits, address.is_v6 ? 128 : 32);
  return ToText(Masked(address, bits)) + "/" + std::to_string(bits);
}

std::optional<IpAddress> ParseEither(std::string_view text) {
  if (auto v4 = ParseIpv4(text)) return v4;
  return ParseIpv6(text);
}

Normalised IpRange(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return Problem{"ip.range_malformed"};
  const std::optional<IpAddress> address = ParseEither(text.substr(0, slash));
  const std::string_view digits = text.substr(slash + 1);
  int bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  const bool is_number = error == std::errc() && end == digits.data() + digits.size();
  if (!address || digits.empty() || !is_number) return Problem{"ip.range_malformed"};
  if (bits < 0 || bits > (address->is_v6 ? kV6NarrowestBits : 32)) {
    return Problem{"ip.range_malformed"};
  }
  if (bits < (address->is_v6 ? kV6WidestBits : kV4WidestBits)) return Problem{"ip.range_too_wide"};
  Canonical canonical;
  canonical.value = RangeText(*address, bits);
  return canonical;
}

Normalised PhoneRange(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c >= '0' && c <= '9') digits += c;
    if ((c < '0' || c > '9') && std::string_view("+ -.()*").find(c) == std::string_view::npos) {
      return Problem{"phone.range_malformed"};
    }
  }
  const bool sound = text.starts_with('+') && !digits.empty() && digits.front() != '0' &&
                     digits.size() <= kPrefixDigitsMax;
  if (!sound) return Problem{"phone.range_malformed"};
  Canonical canonical;
  canonical.value = "+" + digits;
  return canonical;
}

}  // namespace

Normalised NormaliseRange(v1::IdentifierType type, std::string_view raw) {
  const std::optional<std::string> text = CleanText(raw);
  if (!text) return Problem{std::string(TypeWord(type)) + ".not_utf8"};
  if (text->empty()) return Problem{std::string(TypeWord(type)) + ".empty"};
  if (type == v1::IDENTIFIER_TYPE_IP) return IpRange(Refang(*text));
  if (type == v1::IDENTIFIER_TYPE_PHONE) return PhoneRange(*text);
  return Problem{std::string(TypeWord(type)) + ".no_range"};
}

std::string RangeOf(std::string_view canonical_ip, bool v6, int bits) {
  const std::optional<IpAddress> address =
      ParseEither(canonical_ip.substr(0, canonical_ip.find('/')));
  if (!address || address->is_v6 != v6) return "";
  return RangeText(*address, bits);
}

std::string_view HostOfUrl(std::string_view canonical_url) {
  const size_t begin = canonical_url.find("://");
  if (begin == std::string_view::npos) return "";
  std::string_view host = canonical_url.substr(begin + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

}  // namespace ringfence::identifiers
