#include "pipelines/identifiers/base58.h"

#include <algorithm>

#include "pipelines/core/id.h"

namespace ringfence::identifiers {
namespace {

constexpr size_t kCharactersMax = 64;
constexpr size_t kChecksumBytes = 4;

constexpr std::string_view kBitcoin = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr std::string_view kXrp = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz";

std::string_view Bytes(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace

std::optional<std::vector<uint8_t>> Base58Decode(std::string_view text, Base58Alphabet alphabet) {
  if (text.size() > kCharactersMax) return std::nullopt;
  std::string_view letters = alphabet == Base58Alphabet::kBitcoin ? kBitcoin : kXrp;
  std::vector<uint8_t> reversed;
  reversed.reserve(text.size());
  for (char c : text) {
    size_t digit = letters.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    auto carry = static_cast<uint32_t>(digit);
    for (uint8_t& byte : reversed) {
      carry += 58u * byte;
      byte = static_cast<uint8_t>(carry);
      carry >>= 8;
    }
    if (carry > 0) reversed.push_back(static_cast<uint8_t>(carry));
  }
  // Leading zero digits are leading zero bytes.
  size_t zeros = std::min(text.find_first_not_of(letters[0]), text.size());
  reversed.insert(reversed.end(), zeros, 0);
  return std::vector<uint8_t>(reversed.rbegin(), reversed.rend());
}

std::optional<std::vector<uint8_t>> Base58CheckDecode(std::string_view text,
                                                      Base58Alphabet alphabet) {
  std::optional<std::vector<uint8_t>> bytes = Base58Decode(text, alphabet);
  if (!bytes || bytes->size() <= kChecksumBytes) return std::nullopt;
  size_t payload = bytes->size() - kChecksumBytes;
  core::Sha256Digest once = core::Sha256(Bytes(bytes->data(), payload));
  core::Sha256Digest twice = core::Sha256(Bytes(once.data(), once.size()));
  if (!std::equal(bytes->begin() + static_cast<ptrdiff_t>(payload), bytes->end(), twice.begin())) {
    return std::nullopt;
  }
  bytes->resize(payload);
  return bytes;
}

}  // namespace ringfence::identifiers
