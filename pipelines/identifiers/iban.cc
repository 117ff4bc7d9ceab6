#include "pipelines/identifiers/iban.h"

#include <algorithm>

#include "pipelines/identifiers/text.h"
#include "pipelines/identifiers/types.h"

namespace ringfence::identifiers {
namespace {

struct CountryLength {
  std::string_view country;
  size_t length;
};

// SWIFT IBAN registry, release 99, and of the partial registry the countries that use the form for
// their own payments. Sorted.
constexpr CountryLength kLengths[] = {
    {"AD", 24}, {"AE", 23}, {"AL", 28}, {"AO", 25}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16},
    {"BF", 28}, {"BG", 22}, {"BH", 22}, {"BI", 27}, {"BJ", 28}, {"BR", 29}, {"BY", 28}, {"CF", 27},
    {"CG", 27}, {"CH", 21}, {"CI", 28}, {"CM", 27}, {"CR", 22}, {"CV", 25}, {"CY", 28}, {"CZ", 24},
    {"DE", 22}, {"DJ", 27}, {"DK", 18}, {"DO", 28}, {"DZ", 26}, {"EE", 20}, {"EG", 29}, {"ES", 24},
    {"FI", 18}, {"FK", 18}, {"FO", 18}, {"FR", 27}, {"GA", 27}, {"GB", 22}, {"GE", 22}, {"GI", 23},
    {"GL", 18}, {"GQ", 27}, {"GR", 27}, {"GT", 28}, {"GW", 25}, {"HN", 28}, {"HR", 21}, {"HU", 28},
    {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IR", 26}, {"IS", 26}, {"IT", 27}, {"JO", 30}, {"KM", 27},
    {"KW", 30}, {"KZ", 20}, {"LB", 28}, {"LC", 32}, {"LI", 21}, {"LT", 20}, {"LU", 20}, {"LV", 21},
    {"LY", 25}, {"MA", 28}, {"MC", 27}, {"MD", 24}, {"ME", 22}, {"MG", 27}, {"MK", 19}, {"ML", 28},
    {"MN", 20}, {"MR", 27}, {"MT", 31}, {"MU", 30}, {"MZ", 25}, {"NE", 28}, {"NI", 28}, {"NL", 18},
    {"NO", 15}, {"OM", 23}, {"PK", 24}, {"PL", 28}, {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24},
    {"RS", 22}, {"RU", 33}, {"SA", 24}, {"SC", 31}, {"SD", 18}, {"SE", 24}, {"SI", 19}, {"SK", 24},
    {"SM", 27}, {"SN", 28}, {"SO", 23}, {"ST", 25}, {"SV", 28}, {"TD", 27}, {"TG", 28}, {"TL", 23},
    {"TN", 24}, {"TR", 26}, {"UA", 29}, {"VA", 22}, {"VG", 24}, {"XK", 20}, {"YE", 30},
};

std::string_view WithoutWord(std::string_view text) {
  constexpr std::string_view kWord = "IBAN";
  return text.starts_with(kWord) ? text.substr(kWord.size()) : text;
}

bool HasIbanHead(std::string_view text) {
  return text.size() > 4 && IsUpper(text[0]) && IsUpper(text[1]) && IsAllDigits(text.substr(2, 2));
}

// "GB82 WEST 123456 98765432": bank, sort code, account.
std::string SortCodeAccount(std::string_view iban) {
  std::string_view digits = iban.substr(8);
  if (!IsAllDigits(digits)) return {};
  return "gb-sort-code:" + std::string(digits.substr(0, 6)) + "/" + std::string(digits.substr(6));
}

}  // namespace

size_t IbanLength(std::string_view country) {
  const auto* row = std::lower_bound(
      std::begin(kLengths), std::end(kLengths), country,
      [](const CountryLength& a, std::string_view wanted) { return a.country < wanted; });
  return row != std::end(kLengths) && row->country == country ? row->length : 0;
}

bool IbanChecksumHolds(std::string_view iban) {
  unsigned remainder = 0;
  auto take = [&remainder](std::string_view part) {
    for (char c : part) {
      remainder = IsDigit(c) ? (remainder * 10 + static_cast<unsigned>(c - '0')) % 97
                             : (remainder * 100 + static_cast<unsigned>(c - 'A') + 10) % 97;
    }
  };
  take(iban.substr(4));
  take(iban.substr(0, 4));
  // 98 less a remainder of 0 to 96: of the two digits that would leave one, ISO 7064 means this
  // one.
  std::string_view digits = iban.substr(2, 2);
  return remainder == 1 && digits >= "02" && digits <= "98";
}

Normalised NormaliseIban(std::string_view text, const Hints&) {
  std::string without_colon(text);
  std::erase(without_colon, ':');
  std::optional<std::string> letters_and_digits = LettersAndDigits(without_colon);
  if (!letters_and_digits) return Refused("iban.malformed");
  std::string_view iban = WithoutWord(*letters_and_digits);
  if (!HasIbanHead(iban)) return Refused("iban.malformed");
  size_t length = IbanLength(iban.substr(0, 2));
  if (length == 0) return Refused("iban.country");
  if (iban.size() != length) return Refused("iban.length");
  if (!IbanChecksumHolds(iban)) return Refused("iban.checksum");
  Canonical canonical;
  canonical.value = std::string(iban);
  if (iban.starts_with("GB")) canonical.also_value = SortCodeAccount(iban);
  if (!canonical.also_value.empty()) canonical.also_type = v1::IDENTIFIER_TYPE_BANK_ACCOUNT;
  return canonical;
}

}  // namespace ringfence::identifiers
