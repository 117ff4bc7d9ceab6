#include "pipelines/intake/amount.h"

#include <algorithm>

namespace ringfence::intake {
namespace {

constexpr size_t kDigitsMax = 18;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsDigits(std::string_view text) {
  return !text.empty() && text.size() <= kDigitsMax &&
         std::all_of(text.begin(), text.end(), IsDigit);
}

}  // namespace

std::optional<std::string> NormaliseAmount(std::string_view amount) {
  size_t point = amount.find('.');
  std::string_view whole = amount.substr(0, point);
  std::string_view fraction;
  if (!IsDigits(whole)) return std::nullopt;
  if (point != std::string_view::npos) {
    fraction = amount.substr(point + 1);
    if (!IsDigits(fraction)) return std::nullopt;
    while (fraction.ends_with('0')) fraction.remove_suffix(1);
  }
  while (whole.size() > 1 && whole.starts_with('0')) whole.remove_prefix(1);
  std::string normal(whole);
  if (!fraction.empty()) normal.append(".").append(fraction);
  return normal;
}

bool IsCurrency(std::string_view currency) {
  return currency.size() >= 3 && currency.size() <= 10 &&
         std::all_of(currency.begin(), currency.end(),
                     [](char c) { return IsDigit(c) || (c >= 'A' && c <= 'Z'); });
}

}  // namespace ringfence::intake
