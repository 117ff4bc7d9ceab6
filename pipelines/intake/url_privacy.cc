#include "pipelines/intake/url_privacy.h"

#include "absl/strings/ascii.h"

namespace ringfence::intake {
namespace {

bool IsAlphanumeric(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); }
bool IsHex(char c) { return absl::ascii_isxdigit(static_cast<unsigned char>(c)); }

int HexValue(char c) {
  if (c <= '9') return c - '0';
  return absl::ascii_tolower(static_cast<unsigned char>(c)) - 'a' + 10;
}

std::string PercentDecode(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && IsHex(text[i + 1]) && IsHex(text[i + 2])) {
      decoded.push_back(static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2])));
      i += 2;
    } else {
      decoded.push_back(text[i]);
    }
  }
  return decoded;
}

bool IsLocalPart(char c) {
  constexpr std::string_view kOthers = ".!#$'*+-_`{|}~";
  return IsAlphanumeric(c) || kOthers.find(c) != std::string_view::npos ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool IsHostPart(char c) {
  return IsAlphanumeric(c) || c == '-' || c == '.' || static_cast<unsigned char>(c) >= 0x80;
}

// "example.com", then anything: is there a dot with something on either side?
bool BeginsWithHost(std::string_view text) {
  size_t end = 0;
  while (end < text.size() && IsHostPart(text[end])) ++end;
  size_t dot = text.substr(0, end).find('.');
  return dot != std::string_view::npos && dot > 0 && dot + 1 < end && text[dot + 1] != '.';
}

}  // namespace

std::string DecodedPath(std::string_view url) {
  size_t host = url.find("://");
  size_t path = host == std::string_view::npos ? host : url.find_first_of("/?#", host + 3);
  if (path == std::string_view::npos) return {};
  std::string decoded = PercentDecode(PercentDecode(url.substr(path)));
  absl::AsciiStrToLower(&decoded);
  return decoded;
}

bool HoldsEmailAddress(std::string_view path) {
  for (size_t at = path.find('@'); at != std::string_view::npos; at = path.find('@', at + 1)) {
    if (at > 0 && IsLocalPart(path[at - 1]) && BeginsWithHost(path.substr(at + 1))) return true;
  }
  return false;
}

std::string LettersAndDigits(std::string_view text) {
  std::string kept;
  for (char c : text) {
    if (IsAlphanumeric(c)) kept.push_back(absl::ascii_tolower(static_cast<unsigned char>(c)));
  }
  return kept;
}

}  // namespace ringfence::intake
