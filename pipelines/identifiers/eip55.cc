#include "pipelines/identifiers/eip55.h"

#include <algorithm>

#include "pipelines/identifiers/keccak.h"
#include "pipelines/identifiers/text.h"

namespace ringfence::identifiers {

bool Eip55Holds(std::string_view digits) {
  bool is_mixed = std::any_of(digits.begin(), digits.end(), IsLower) &&
                  std::any_of(digits.begin(), digits.end(), IsUpper);
  if (!is_mixed) return true;
  std::array<uint8_t, 32> hash = Keccak256(AsciiLower(digits));
  for (size_t i = 0; i < digits.size(); ++i) {
    int nibble = i % 2 == 0 ? hash[i / 2] >> 4 : hash[i / 2] & 0xf;
    if (IsLetter(digits[i]) && IsUpper(digits[i]) != (nibble >= 8)) return false;
  }
  return true;
}

}  // namespace ringfence::identifiers
