#pragma once

#include <string_view>

namespace ringfence::identifiers {

// Does the case of the letters of `digits` (40 hexadecimal digits, without "0x") agree with EIP-55?
// One case throughout says nothing and holds.
bool Eip55Holds(std::string_view digits);

}  // namespace ringfence::identifiers
