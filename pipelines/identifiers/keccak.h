#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace ringfence::identifiers {

// Keccak-256 as Ethereum uses it: the sponge of FIPS 202 with rate 1088, but with the padding of
// the original submission (0x01), which SHA3-256 changed. OpenSSL 3.0 does not offer it.
std::array<uint8_t, 32> Keccak256(std::string_view data);

}  // namespace ringfence::identifiers
