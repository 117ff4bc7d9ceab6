#pragma once

#include <string_view>

namespace ringfence::identifiers {

// Is `text` a Stellar account ("G" and 55 of RFC 4648's base32) whose CRC-16 holds (SEP-23)?
bool IsStellarAccount(std::string_view text);

}  // namespace ringfence::identifiers
