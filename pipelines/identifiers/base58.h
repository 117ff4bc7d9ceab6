#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace ringfence::identifiers {

enum class Base58Alphabet { kBitcoin, kXrp };

// The bytes of `text` where it is in the alphabet and at most 64 characters.
std::optional<std::vector<uint8_t>> Base58Decode(std::string_view text, Base58Alphabet alphabet);

// Base58Check: the payload (version and hash) before the last four bytes, where those begin
// SHA-256(SHA-256(payload)).
std::optional<std::vector<uint8_t>> Base58CheckDecode(std::string_view text,
                                                      Base58Alphabet alphabet);

}  // namespace ringfence::identifiers
