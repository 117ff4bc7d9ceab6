#include "pipelines/identifiers/host.h"

#include <unicode/uidna.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

#include "pipelines/identifiers/text.h"

namespace ringfence::identifiers {
namespace {

constexpr size_t kHostBytesMax = 253;
constexpr size_t kLabelBytesMax = 63;

bool IsSchemeText(std::string_view text) {
  return !text.empty() && IsLetter(text[0]) && std::all_of(text.begin(), text.end(), [](char c) {
    return IsAlphanumeric(c) || c == '+' || c == '-' || c == '.';
  });
}

bool IsSlash(char c) { return c == '/' || c == '\\'; }

bool BeginsWithPort(std::string_view text) {
  size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  return digits == text.size() || IsSlash(text[digits]) || text[digits] == '?' ||
         text[digits] == '#';
}

std::string_view AfterSlashes(std::string_view text) {
  while (!text.empty() && IsSlash(text.front())) text.remove_prefix(1);
  return text;
}

// "example.com:8080/a" has no scheme, "javascript:x" has one.
std::string_view SchemeOf(std::string_view text) {
  size_t colon = text.find(':');
  if (colon == std::string_view::npos) return {};
  std::string_view scheme = text.substr(0, colon);
  std::string_view after = text.substr(colon + 1);
  if (!IsSchemeText(scheme)) return {};
  bool has_slashes = after.size() >= 2 && IsSlash(after[0]) && IsSlash(after[1]);
  bool may_be_host = BeginsWithPort(after) || scheme.find('.') != std::string_view::npos;
  return has_slashes || IsWebScheme(scheme) || !may_be_host ? scheme : std::string_view();
}

std::optional<Authority> SplitAuthority(std::string_view text) {
  size_t at = text.rfind('@');
  if (at != std::string_view::npos) text.remove_prefix(at + 1);
  size_t colon = text.rfind(':');
  size_t bracket = text.rfind(']');
  bool has_port = colon != std::string_view::npos &&
                  (bracket == std::string_view::npos || colon > bracket) &&
                  (bracket != std::string_view::npos || text.find(':') == colon);
  if (!has_port) return Authority{std::string(text), ""};
  std::string_view port = text.substr(colon + 1);
  if (!IsAllDigits(port)) return std::nullopt;
  size_t zeros = std::min(port.find_first_not_of('0'), port.size());
  if (zeros == port.size() && zeros > 0) --zeros;
  port.remove_prefix(zeros);
  if (port.size() > 5 || (!port.empty() && std::stoi(std::string(port)) > 65535)) {
    return std::nullopt;
  }
  return Authority{std::string(text.substr(0, colon)), std::string(port)};
}

// ICU's table of UTS 46; immutable and thread-safe once made.
const UIDNA* Uts46() {
  static const UIDNA* const kUts46 = [] {
    UErrorCode error = U_ZERO_ERROR;
    const UIDNA* made =
        uidna_openUTS46(UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_NONTRANSITIONAL_TO_UNICODE |
                            UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ,
                        &error);
    if (U_FAILURE(error)) std::abort();
    return made;
  }();
  return kUts46;
}

bool HoldsALabel(std::string_view ascii) {
  for (size_t at = 0; at < ascii.size(); at = std::min(ascii.find('.', at), ascii.size() - 1) + 1) {
    if (StartsWithNoCase(ascii.substr(at), "xn--")) return true;
  }
  return false;
}

// With hyphens and lengths unchecked, as the URL standard asks for: lengths are checked later.
std::optional<std::string> ToAscii(std::string_view text) {
  if (IsAscii(text) && !HoldsALabel(text)) return AsciiLower(text);
  constexpr uint32_t kUnchecked = UIDNA_ERROR_LEADING_HYPHEN | UIDNA_ERROR_TRAILING_HYPHEN |
                                  UIDNA_ERROR_HYPHEN_3_4 | UIDNA_ERROR_EMPTY_LABEL;
  std::array<char, 512> ascii;
  UIDNAInfo info = UIDNA_INFO_INITIALIZER;
  UErrorCode error = U_ZERO_ERROR;
  int32_t length =
      uidna_nameToASCII_UTF8(Uts46(), text.data(), static_cast<int32_t>(text.size()), ascii.data(),
                             static_cast<int32_t>(ascii.size()), &info, &error);
  if (U_FAILURE(error) || (info.errors & ~kUnchecked) != 0) return std::nullopt;
  return std::string(ascii.data(), static_cast<size_t>(length));
}

bool IsLabel(std::string_view label) {
  return !label.empty() && label.size() <= kLabelBytesMax &&
         std::all_of(label.begin(), label.end(),
                     [](char c) { return IsAlphanumeric(c) || c == '-' || c == '_'; });
}

bool IsName(std::string_view host) {
  if (host.size() > kHostBytesMax) return false;
  while (true) {
    size_t dot = host.find('.');
    if (!IsLabel(host.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    host.remove_prefix(dot + 1);
  }
}

// The URL standard's "IPv4 number": decimal, octal with 0, hexadecimal with 0x.
std::optional<uint64_t> Ipv4Number(std::string_view text) {
  uint64_t radix = 10;
  if (text.empty()) return std::nullopt;
  if (StartsWithNoCase(text, "0x")) {
    radix = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text[0] == '0') {
    radix = 8;
    text.remove_prefix(1);
  }
  constexpr uint64_t kTooLarge = uint64_t{1} << 32;
  uint64_t number = 0;
  for (char c : text) {
    int digit = HexDigit(c);
    if (digit < 0 || static_cast<uint64_t>(digit) >= radix) return std::nullopt;
    number = std::min(number * radix + static_cast<uint64_t>(digit), kTooLarge);
  }
  return number;
}

bool EndsInNumber(std::string_view host) {
  std::string_view last = host.substr(host.rfind('.') + 1);
  if (last.empty()) return false;
  return IsAllDigits(last) || (StartsWithNoCase(last, "0x") && Ipv4Number(last).has_value());
}

// The URL standard's IPv4 parser: "0x7f.1" is 127.0.0.1.
std::optional<IpAddress> BrowserIpv4(std::string_view host) {
  uint64_t address = 0;
  for (int part = 0; part < 4; ++part) {
    size_t dot = host.find('.');
    std::optional<uint64_t> number = Ipv4Number(host.substr(0, dot));
    if (!number) return std::nullopt;
    if (dot == std::string_view::npos) {
      int bits = 32 - 8 * part;
      if (*number >> bits != 0) return std::nullopt;
      IpAddress ip;
      ip.v4 = static_cast<uint32_t>(address << bits | *number);
      return ip;
    }
    if (*number > 255) return std::nullopt;
    address = address << 8 | *number;
    host.remove_prefix(dot + 1);
  }
  return std::nullopt;
}

std::optional<Host> HostOfAddress(std::optional<IpAddress> ip) {
  if (!ip) return std::nullopt;
  return Host{"", *ip};
}

}  // namespace

bool IsWebScheme(std::string_view scheme) {
  constexpr std::string_view kWeb[] = {"http", "https", "hxxp", "hxxps"};
  return std::find(std::begin(kWeb), std::end(kWeb), AsciiLower(scheme)) != std::end(kWeb);
}

std::optional<Address> SplitAddress(std::string_view text) {
  Address address;
  // Of a defanged colon too: "hxxps[:]//".
  size_t head = std::min(text.find_first_of("/\\?#"), text.size());
  std::string refanged = Refang(text.substr(0, std::min(head + 3, text.size())));
  refanged.append(text.substr(std::min(head + 3, text.size())));
  std::string_view rest = refanged;
  std::string_view scheme = SchemeOf(rest);
  if (!scheme.empty()) {
    address.scheme = AsciiLower(scheme);
    rest.remove_prefix(scheme.size() + 1);
    if (address.scheme == "hxxp") address.scheme = "http";
    if (address.scheme == "hxxps") address.scheme = "https";
  }
  rest = AfterSlashes(rest);
  size_t end = std::min(rest.find_first_of("/\\?#"), rest.size());
  std::optional<Authority> authority = SplitAuthority(Refang(rest.substr(0, end)));
  if (!authority) return std::nullopt;
  address.authority = std::move(*authority);
  address.rest = std::string(rest.substr(end));
  return address;
}

std::optional<Host> ParseHost(std::string_view text) {
  if (!text.empty() && text.front() == '[') {
    if (text.back() != ']') return std::nullopt;
    return HostOfAddress(ParseIpv6(text.substr(1, text.size() - 2)));
  }
  std::optional<std::string> ascii =
      ToAscii(text.find('%') == std::string_view::npos ? std::string(text) : PercentDecoded(text));
  if (!ascii) return std::nullopt;
  if (ascii->ends_with('.')) ascii->pop_back();
  if (EndsInNumber(*ascii)) return HostOfAddress(BrowserIpv4(*ascii));
  if (!IsName(*ascii)) return std::nullopt;
  return Host{std::move(*ascii), std::nullopt};
}

std::string_view WithoutWww(std::string_view host, std::string_view registrable) {
  constexpr std::string_view kWww = "www.";
  while (host.size() > registrable.size() && host.starts_with(kWww)) {
    host.remove_prefix(kWww.size());
  }
  return host;
}

Canonical DomainOf(std::string_view host, std::string_view registrable) {
  Canonical domain;
  domain.value = std::string(WithoutWww(host, registrable));
  if (IsSharedHost(domain.value)) domain.standing = internal::v1::STANDING_SHARED_HOST;
  if (registrable != domain.value) {
    domain.base_type = v1::IDENTIFIER_TYPE_DOMAIN;
    domain.base_value = std::string(registrable);
  }
  return domain;
}

}  // namespace ringfence::identifiers
