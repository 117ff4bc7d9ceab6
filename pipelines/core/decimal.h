#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/numeric/int128.h"

namespace ringfence::core {

// An unsigned decimal with 18 digits after the point, exact: for sums of amounts of money. Holds
// sums of more than 10^20 amounts of 18 digits before the point.
class Decimal {
 public:
  Decimal() = default;

  // A plain decimal, "299.00" or "0.5": at most 18 digits before and 18 after the point, at least
  // one before. nullopt for anything else (signs, exponents, separators).
  static std::optional<Decimal> Parse(std::string_view text);
  // What ToString gave: a sum, with up to 38 digits before the point.
  static std::optional<Decimal> ParseSum(std::string_view text);
  // Without trailing zeros: "299", "0.5".
  std::string ToString() const;

  Decimal& operator+=(const Decimal& other);
  // `other` must have been added before: the result is never below zero.
  Decimal& operator-=(const Decimal& other);
  bool IsZero() const { return whole_ == 0 && fraction_ == 0; }
  friend bool operator==(const Decimal& a, const Decimal& b) {
    return a.whole_ == b.whole_ && a.fraction_ == b.fraction_;
  }

 private:
  static std::optional<Decimal> Parse(std::string_view text, size_t whole_digits_max);

  absl::uint128 whole_ = 0;
  // In units of 10^-18.
  uint64_t fraction_ = 0;
};

}  // namespace ringfence::core
