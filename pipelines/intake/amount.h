#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ringfence::intake {

// A plain decimal of 1-18 digits and, after a point, 1-18 more, without leading and trailing zeros:
// "0299.50" -> "299.5", "7.00" -> "7". nullopt for anything else: signs, exponents, group
// separators.
std::optional<std::string> NormaliseAmount(std::string_view amount);

// 3-10 upper-case letters and digits (ISO 4217, tickers).
bool IsCurrency(std::string_view currency);

}  // namespace ringfence::intake
