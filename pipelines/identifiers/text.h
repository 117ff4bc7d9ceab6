#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ringfence::identifiers {

// Text of people as it is before any type looks at it. All texts are UTF-8 unless said otherwise;
// Unicode data come from ICU. Everything here is pure and thread-safe.

// What every type begins with: NFKC, invisible characters (default ignorable code points of the
// Unicode standard: zero width, directional marks, BOM, variation selectors; and control
// characters that are no white space) off, white space at both ends off. Applying it again changes
// nothing. Empty optional: `raw` is not UTF-8.
std::optional<std::string> CleanText(std::string_view raw);

// As the Unicode standard maps case without a language, in NFKC. Applying it again changes nothing.
std::string ToLower(std::string_view text);
std::string ToUpper(std::string_view text);

// Defanging undone: "[.]", "(.)", "{.}", "[dot]", "(dot)" become a dot, "[:]" and "[://]" what they
// hold. Brackets of IPv6 addresses stay. Letters in either case.
std::string Refang(std::string_view text);
// The same, and "[at]", "(at)" become an at sign.
std::string RefangEmail(std::string_view text);

std::string TrimWhiteSpace(std::string_view text);
// Runs of white space become one space.
std::string CollapseWhiteSpace(std::string_view text);
bool HoldsWhiteSpace(std::string_view text);
size_t CountCharacters(std::string_view text);

// What people put between groups of an account or code left out: white space, dashes, dots, commas,
// underscores. Empty optional where anything but ASCII letters and digits would be left; letters
// become upper case.
std::optional<std::string> LettersAndDigits(std::string_view text);

// Letters and digits of any script; all else left out.
std::string WithoutPunctuation(std::string_view text);

// ASCII only, whatever the locale.
constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool IsLetter(char c) { return IsLower(c) || IsUpper(c); }
constexpr bool IsAlphanumeric(char c) { return IsDigit(c) || IsLetter(c); }
constexpr char Lower(char c) { return IsUpper(c) ? static_cast<char>(c - 'A' + 'a') : c; }
constexpr char Upper(char c) { return IsLower(c) ? static_cast<char>(c - 'a' + 'A') : c; }
// 0 to 15, or -1.
constexpr int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  char lower = Lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}
bool IsAscii(std::string_view text);
std::string OnlyAlphanumerics(std::string_view text);
bool IsAllDigits(std::string_view text);  // true of the empty text
bool IsAllHex(std::string_view text);     // likewise
std::string AsciiLower(std::string_view text);
std::string AsciiUpper(std::string_view text);
// "%41" becomes "A"; a percent sign that escapes nothing stays.
std::string PercentDecoded(std::string_view text);
// Does `text` begin with `prefix`, which is in lower case, letters in either case?
bool StartsWithNoCase(std::string_view text, std::string_view prefix);

}  // namespace ringfence::identifiers
