#include "services/ringfence/sample/checksums.h"

#include <algorithm>
#include <vector>

#include "pipelines/core/id.h"

namespace ringfence::sample {
namespace {

constexpr std::string_view kBitcoinDigits =
    "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr std::string_view kRippleDigits =
    "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz";
constexpr std::string_view kBech32Digits = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

std::string_view AsText(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Letters count as 10 ... 35.
int Mod97(std::string_view text) {
  int rest = 0;
  for (char c : text) {
    rest = c >= 'A' ? (rest * 100 + (c - 'A' + 10)) % 97 : (rest * 10 + (c - '0')) % 97;
  }
  return rest;
}

// BIP-173.
uint32_t Bech32Polymod(std::span<const uint8_t> values) {
  constexpr uint32_t kGenerator[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
  uint32_t sum = 1;
  for (uint8_t value : values) {
    const uint32_t top = sum >> 25;
    sum = (sum & 0x1ffffff) << 5 ^ value;
    for (int i = 0; i < 5; ++i) sum ^= (top >> i & 1) != 0 ? kGenerator[i] : 0;
  }
  return sum;
}

}  // namespace

std::string MakeIban(std::string_view country, std::string_view bban) {
  std::string rotated = std::string(bban) + std::string(country) + "00";
  const int check = 98 - Mod97(rotated);
  std::string iban(country);
  iban += static_cast<char>('0' + check / 10);
  iban += static_cast<char>('0' + check % 10);
  return iban + std::string(bban);
}

char AbaCheckDigit(std::string_view eight_digits) {
  constexpr int kWeights[] = {3, 7, 1};
  int sum = 0;
  for (size_t i = 0; i < eight_digits.size(); ++i) sum += (eight_digits[i] - '0') * kWeights[i % 3];
  return static_cast<char>('0' + (10 - sum % 10) % 10);
}

std::string Base58Check(std::span<const uint8_t> payload, Base58Alphabet alphabet) {
  const std::string_view digits =
      alphabet == Base58Alphabet::kBitcoin ? kBitcoinDigits : kRippleDigits;
  std::vector<uint8_t> bytes(payload.begin(), payload.end());
  const core::Sha256Digest once = core::Sha256(AsText(payload));
  const core::Sha256Digest twice = core::Sha256(AsText(once));
  bytes.insert(bytes.end(), twice.begin(), twice.begin() + 4);
  // Digits of the number, the least significant first.
  std::vector<uint8_t> number;
  for (uint8_t byte : bytes) {
    uint32_t carry = byte;
    for (uint8_t& digit : number) {
      carry += uint32_t{digit} << 8;
      digit = static_cast<uint8_t>(carry % 58);
      carry /= 58;
    }
    for (; carry > 0; carry /= 58) number.push_back(static_cast<uint8_t>(carry % 58));
  }
  std::string text;
  for (size_t i = 0; i < bytes.size() && bytes[i] == 0; ++i) text += digits[0];
  std::for_each(number.rbegin(), number.rend(), [&](uint8_t digit) { text += digits[digit]; });
  return text;
}

std::string Bech32Address(std::span<const uint8_t, 20> program) {
  std::vector<uint8_t> data = {0};
  uint32_t bits = 0;
  int held = 0;
  for (uint8_t byte : program) {
    bits = (bits << 8 | byte) & 0xfff;
    for (held += 8; held >= 5; held -= 5) {
      data.push_back(static_cast<uint8_t>(bits >> (held - 5) & 31));
    }
  }
  // "bc": the high bits, a zero, the low bits.
  std::vector<uint8_t> checked = {'b' >> 5, 'c' >> 5, 0, 'b' & 31, 'c' & 31};
  checked.insert(checked.end(), data.begin(), data.end());
  checked.insert(checked.end(), 6, 0);
  const uint32_t checksum = Bech32Polymod(checked) ^ 1;
  std::string text = "bc1";
  for (uint8_t value : data) text += kBech32Digits[value];
  for (int i = 5; i >= 0; --i) text += kBech32Digits[checksum >> (5 * i) & 31];
  return text;
}

}  // namespace ringfence::sample
