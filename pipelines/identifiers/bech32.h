#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringfence::identifiers {

enum class Bech32Variant { kBech32, kBech32m };

struct Bech32 {
  std::string prefix;  // lower case
  // Five bits each, without the checksum.
  std::vector<uint8_t> data;
  Bech32Variant variant = Bech32Variant::kBech32;
};

// BIP-173 or BIP-350. Longer texts than their 90 characters are taken, up to 256, as Cardano's
// addresses are: segwit addresses are held to 90 by their own rules.
std::optional<Bech32> Bech32Decode(std::string_view text);

// Is it a witness program as BIP-173 and BIP-350 allow: version 0 to 16, 2 to 40 bytes, of version
// 0 20 or 32, in the variant of its version?
bool IsWitnessProgram(const Bech32& decoded);

}  // namespace ringfence::identifiers
