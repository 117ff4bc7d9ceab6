#include "pipelines/identifiers/stellar_account.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace ringfence::identifiers {
namespace {

constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

// CRC-16/XMODEM.
uint16_t Crc16(const uint8_t* data, size_t size) {
  uint32_t crc = 0;
  for (size_t i = 0; i < size; ++i) {
    crc ^= static_cast<uint32_t>(data[i]) << 8;
    for (int bit = 0; bit < 8; ++bit) crc = crc << 1 ^ ((crc & 0x8000) != 0 ? 0x1021u : 0u);
  }
  return static_cast<uint16_t>(crc);
}

}  // namespace

bool IsStellarAccount(std::string_view text) {
  constexpr size_t kCharacters = 56;
  std::array<uint8_t, kCharacters * 5 / 8> bytes{};
  if (text.size() != kCharacters || text[0] != 'G') return false;
  for (size_t i = 0; i < text.size(); ++i) {
    size_t value = kLetters.find(text[i]);
    if (value == std::string_view::npos) return false;
    for (size_t bit = 0; bit < 5; ++bit) {
      size_t at = i * 5 + bit;
      if ((value >> (4 - bit) & 1) != 0) bytes[at / 8] |= static_cast<uint8_t>(0x80 >> at % 8);
    }
  }
  constexpr size_t kPayload = bytes.size() - 2;
  return Crc16(bytes.data(), kPayload) == (bytes[kPayload] | bytes[kPayload + 1] << 8);
}

}  // namespace ringfence::identifiers
