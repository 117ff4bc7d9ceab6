#include "pipelines/core/decimal.h"

#include <algorithm>

namespace ringfence::core {
namespace {

constexpr size_t kDigitsMax = 18;
// 2^128 has 39.
constexpr size_t kSumDigitsMax = 38;
constexpr uint64_t kFractionUnit = 1'000'000'000'000'000'000;

std::optional<absl::uint128> ParseDigits(std::string_view digits, size_t digits_max) {
  if (digits.empty() || digits.size() > digits_max) return std::nullopt;
  absl::uint128 value = 0;
  for (char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<uint64_t>(c - '0');
  }
  return value;
}

std::string Digits(absl::uint128 value) {
  std::string digits;
  do {
    digits.push_back(static_cast<char>('0' + static_cast<int>(value % 10)));
    value /= 10;
  } while (value != 0);
  std::reverse(digits.begin(), digits.end());
  return digits;
}

}  // namespace

std::optional<Decimal> Decimal::Parse(std::string_view text) { return Parse(text, kDigitsMax); }

std::optional<Decimal> Decimal::ParseSum(std::string_view text) {
  return Parse(text, kSumDigitsMax);
}

std::optional<Decimal> Decimal::Parse(std::string_view text, size_t whole_digits_max) {
  const size_t point = text.find('.');
  const std::optional<absl::uint128> whole = ParseDigits(text.substr(0, point), whole_digits_max);
  if (!whole) return std::nullopt;
  Decimal decimal;
  decimal.whole_ = *whole;
  if (point == std::string_view::npos) return decimal;
  const std::string_view digits = text.substr(point + 1);
  const std::optional<absl::uint128> fraction = ParseDigits(digits, kDigitsMax);
  if (!fraction) return std::nullopt;
  decimal.fraction_ = static_cast<uint64_t>(*fraction);
  for (size_t i = digits.size(); i < kDigitsMax; ++i) decimal.fraction_ *= 10;
  return decimal;
}

std::string Decimal::ToString() const {
  std::string text = Digits(whole_);
  if (fraction_ == 0) return text;
  std::string fraction = Digits(fraction_);
  fraction.insert(0, kDigitsMax - fraction.size(), '0');
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return text + "." + fraction;
}

Decimal& Decimal::operator+=(const Decimal& other) {
  whole_ += other.whole_;
  fraction_ += other.fraction_;
  if (fraction_ >= kFractionUnit) {
    fraction_ -= kFractionUnit;
    ++whole_;
  }
  return *this;
}

Decimal& Decimal::operator-=(const Decimal& other) {
  whole_ -= other.whole_;
  if (fraction_ < other.fraction_) {
    fraction_ += kFractionUnit;
    --whole_;
  }
  fraction_ -= other.fraction_;
  return *this;
}

}  // namespace ringfence::core
