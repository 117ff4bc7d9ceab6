#include "pipelines/identifiers/bech32.h"

#include <algorithm>

#include "pipelines/identifiers/text.h"

namespace ringfence::identifiers {
namespace {

constexpr std::string_view kLetters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr size_t kCharactersMax = 256;
constexpr size_t kPrefixBytesMax = 83;
constexpr size_t kChecksumCharacters = 6;
constexpr uint32_t kBech32Constant = 1;
constexpr uint32_t kBech32mConstant = 0x2bc830a3;

// One step of the BCH code of BIP-173.
uint32_t Step(uint32_t checksum, uint32_t value) {
  constexpr uint32_t kGenerator[5] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
  uint32_t top = checksum >> 25;
  checksum = (checksum & 0x1ffffff) << 5 ^ value;
  for (size_t i = 0; i < 5; ++i) {
    if ((top >> i & 1) != 0) checksum ^= kGenerator[i];
  }
  return checksum;
}

uint32_t Checksum(std::string_view prefix, const std::vector<uint8_t>& data) {
  uint32_t checksum = 1;
  for (char c : prefix) checksum = Step(checksum, static_cast<unsigned char>(c) >> 5);
  checksum = Step(checksum, 0);
  for (char c : prefix) checksum = Step(checksum, static_cast<unsigned char>(c) & 31);
  for (uint8_t value : data) checksum = Step(checksum, value);
  return checksum;
}

bool HasMixedCase(std::string_view text) {
  return std::any_of(text.begin(), text.end(), IsLower) &&
         std::any_of(text.begin(), text.end(), IsUpper);
}

bool IsPrefix(std::string_view text) {
  return !text.empty() && text.size() <= kPrefixBytesMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace

std::optional<Bech32> Bech32Decode(std::string_view text) {
  size_t separator = text.rfind('1');
  if (text.size() > kCharactersMax || separator == std::string_view::npos || HasMixedCase(text) ||
      text.size() - separator - 1 < kChecksumCharacters || !IsPrefix(text.substr(0, separator))) {
    return std::nullopt;
  }
  Bech32 decoded;
  decoded.prefix = AsciiLower(text.substr(0, separator));
  for (char c : text.substr(separator + 1)) {
    size_t value = kLetters.find(Lower(c));
    if (value == std::string_view::npos) return std::nullopt;
    decoded.data.push_back(static_cast<uint8_t>(value));
  }
  uint32_t checksum = Checksum(decoded.prefix, decoded.data);
  if (checksum != kBech32Constant && checksum != kBech32mConstant) return std::nullopt;
  decoded.variant = checksum == kBech32Constant ? Bech32Variant::kBech32 : Bech32Variant::kBech32m;
  decoded.data.resize(decoded.data.size() - kChecksumCharacters);
  return decoded;
}

bool IsWitnessProgram(const Bech32& decoded) {
  constexpr size_t kAddressCharactersMax = 90;
  if (decoded.data.empty() ||
      decoded.prefix.size() + 1 + decoded.data.size() + kChecksumCharacters >
          kAddressCharactersMax) {
    return false;
  }
  uint8_t version = decoded.data[0];
  size_t bits = (decoded.data.size() - 1) * 5;
  size_t bytes = bits / 8;
  size_t padding = bits % 8;
  uint8_t padded = decoded.data.back() & static_cast<uint8_t>((1u << padding) - 1);
  if (version > 16 || bytes < 2 || bytes > 40 || padding > 4 || padded != 0) return false;
  if (version == 0 && bytes != 20 && bytes != 32) return false;
  return (version == 0) == (decoded.variant == Bech32Variant::kBech32);
}

}  // namespace ringfence::identifiers
