#pragma once

#include <cstddef>
#include <string_view>

namespace ringfence::identifiers {

// Length of the IBANs of a country (two upper-case letters) in the SWIFT IBAN registry, or 0.
size_t IbanLength(std::string_view country);

// ISO 7064 MOD 97-10 as ISO 13616 applies it: `iban` is upper-case letters and digits, at least 4.
bool IbanChecksumHolds(std::string_view iban);

}  // namespace ringfence::identifiers
