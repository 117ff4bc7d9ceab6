#include "pipelines/identifiers/cash_address.h"

#include <cstdint>

#include "pipelines/identifiers/text.h"

namespace ringfence::identifiers {
namespace {

constexpr std::string_view kLetters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr std::string_view kPrefix = "bitcoincash";

// One step of CashAddr's BCH code over 40 bits.
uint64_t Step(uint64_t checksum, uint64_t value) {
  constexpr uint64_t kGenerator[5] = {0x98f2bc8e61, 0x79b76d99e2, 0xf33e5fb3c4, 0xae2eabe2a8,
                                      0x1e4f43e470};
  uint64_t top = checksum >> 35;
  checksum = (checksum & 0x07ffffffff) << 5 ^ value;
  for (size_t i = 0; i < 5; ++i) {
    if ((top >> i & 1) != 0) checksum ^= kGenerator[i];
  }
  return checksum;
}

}  // namespace

std::optional<std::string> CanonicalCashAddress(std::string_view text) {
  // 8 characters of checksum after version and hash of 20 to 64 bytes.
  constexpr size_t kCharactersMin = 42;
  constexpr size_t kCharactersMax = 112;
  std::string lower = AsciiLower(text);
  bool is_one_case = lower == text || AsciiUpper(text) == text;
  if (!is_one_case || text.size() < kCharactersMin || text.size() > kCharactersMax) {
    return std::nullopt;
  }
  uint64_t checksum = 1;
  for (char c : kPrefix) checksum = Step(checksum, static_cast<uint64_t>(c & 0x1f));
  checksum = Step(checksum, 0);
  for (char c : lower) {
    size_t value = kLetters.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    checksum = Step(checksum, value);
  }
  if (checksum != 1) return std::nullopt;
  return lower;
}

}  // namespace ringfence::identifiers
