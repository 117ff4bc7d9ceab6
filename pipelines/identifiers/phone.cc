#include <phonenumbers/phonenumberutil.h>

#include <algorithm>

#include "pipelines/identifiers/text.h"
#include "pipelines/identifiers/types.h"

namespace ringfence::identifiers {
namespace {

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

// The library's expressions take time with the cube of the length: 2,048 bytes are minutes, these a
// few milliseconds. No number with its extension is longer.
constexpr size_t kDialledBytesMax = 100;

// Fewer digits the library takes only without anything between them.
constexpr size_t kDigitsMin = 3;

// "#31#" and "*31#" of GSM, "*67" of North America: how the next call is to be shown.
std::string_view WithoutDialMarks(std::string_view text) {
  constexpr size_t kMarkBytesMax = 6;
  if (text.front() != '#' && text.front() != '*') return text;
  size_t hash = text.find('#', 1);
  bool has_hash = hash != std::string_view::npos && hash <= kMarkBytesMax;
  size_t digits = std::min(text.find_first_not_of("0123456789", 1), text.size());
  if (has_hash && digits == hash) return text.substr(hash + 1);
  constexpr size_t kServiceCodeBytes = 3;
  return text.substr(std::min(text.size(), text.front() == '*' ? kServiceCodeBytes : 0));
}

}  // namespace

std::string DigitsAsDialled(std::string_view text) {
  std::string digits;
  if (text.size() > kDialledBytesMax) return digits;
  for (const char c : text) {
    if (IsDigit(c) || (c == '+' && digits.empty())) {
      digits.push_back(c);
    } else if (c != ' ' && c != '-' && c != '.' && c != '(' && c != ')' && c != '/') {
      return {};
    }
  }
  const bool has_plus = digits.starts_with('+');
  return digits.size() < kDigitsMin + has_plus ? std::string() : digits;
}

// libphonenumber takes off "tel:", extensions and the parameters of RFC 3966 itself.
Normalised NormalisePhone(std::string_view text, const Hints& hints) {
  std::string dialled = DigitsAsDialled(text);
  if (dialled.empty()) dialled = CollapseWhiteSpace(WithoutDialMarks(text));
  if (dialled.size() > kDialledBytesMax) return Refused("phone.not_a_number");
  const PhoneNumberUtil& numbers = *PhoneNumberUtil::GetInstance();
  PhoneNumber number;
  auto error = numbers.Parse(dialled, std::string(hints.region), &number);
  switch (error) {
    case PhoneNumberUtil::NO_PARSING_ERROR:
      break;
    case PhoneNumberUtil::NOT_A_NUMBER:
      return Refused("phone.not_a_number");
    case PhoneNumberUtil::INVALID_COUNTRY_CODE_ERROR:
      return Refused(dialled.find('+') == std::string::npos ? "phone.no_region"
                                                            : "phone.not_valid");
    default:
      return Refused("phone.not_valid");
  }
  if (!numbers.IsValidNumber(number)) return Refused("phone.not_valid");
  std::string canonical;
  numbers.Format(number, PhoneNumberUtil::E164, &canonical);
  return Of(std::move(canonical));
}

}  // namespace ringfence::identifiers
