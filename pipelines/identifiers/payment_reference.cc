#include <algorithm>

#include "pipelines/identifiers/scheme.h"
#include "pipelines/identifiers/text.h"
#include "pipelines/identifiers/types.h"

namespace ringfence::identifiers {
namespace {

constexpr std::string_view kNoScheme = "ref";
constexpr size_t kCharactersMin = 6;
constexpr size_t kHashDigits = 64;

// A transaction of a chain: "0x" and hexadecimal digits, or 64 of these.
bool IsHash(std::string_view text) {
  bool has_mark = StartsWithNoCase(text, "0x");
  std::string_view digits = has_mark ? text.substr(2) : text;
  return IsAllHex(digits) && (has_mark || digits.size() == kHashDigits);
}

std::string Body(std::string_view text) {
  std::string kept = OnlyAlphanumerics(text);
  return IsHash(kept) ? AsciiLower(kept) : AsciiUpper(kept);
}

// "utr:FT23117XK": a canonical form, whatever the sender gave as a scheme beside it. "UTR: FT 2311"
// is none: there the word is a part of the reference.
bool IsCanonical(std::string_view text) {
  size_t colon = text.find(':');
  if (colon == std::string_view::npos) return false;
  std::string_view word = text.substr(0, colon);
  std::string_view body = text.substr(colon + 1);
  return SchemeWord(word, {}) == word && body == Body(body);
}

}  // namespace

Normalised NormalisePaymentReference(std::string_view text, const Hints& hints) {
  std::string scheme = SchemeWord(hints.scheme, {});
  if (scheme.empty()) scheme = kNoScheme;
  size_t colon = text.find(':');
  if (colon != std::string_view::npos) {
    std::string prefix = SchemeWord(text.substr(0, colon), {});
    if (IsCanonical(text)) scheme = prefix;
    if (prefix == scheme || prefix == kNoScheme) text.remove_prefix(colon + 1);
  }
  std::string body = Body(text);
  size_t characters = body.starts_with("0x") ? body.size() - 2 : body.size();
  if (characters < kCharactersMin) return Refused("payment_reference.too_short");
  return Of(scheme + ":" + body);
}

}  // namespace ringfence::identifiers
