#include "pipelines/stix/ids.h"

#include <openssl/evp.h>

#include <cstdlib>

namespace ringfence::stix {
namespace {

constexpr char kHex[] = "0123456789abcdef";

int Nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  std::abort();
}

}  // namespace

Uuid ParseUuid(std::string_view text) {
  Uuid uuid{};
  size_t digits = 0;
  for (const char c : text) {
    if (c == '-') continue;
    if (digits == 2 * uuid.size()) std::abort();
    uint8_t& byte = uuid[digits++ / 2];
    byte = static_cast<uint8_t>(byte << 4 | Nibble(c));
  }
  if (digits != 2 * uuid.size()) std::abort();
  return uuid;
}

std::string UuidV5(const Uuid& name_space, std::string_view name) {
  std::string message(name_space.begin(), name_space.end());
  message += name;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  // Fails for want of memory only.
  if (EVP_Digest(message.data(), message.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1)
    std::abort();
  digest[6] = static_cast<unsigned char>((digest[6] & 0x0f) | 0x50);
  digest[8] = static_cast<unsigned char>((digest[8] & 0x3f) | 0x80);
  std::string text;
  for (size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kHex[digest[i] >> 4];
    text += kHex[digest[i] & 15];
  }
  return text;
}

}  // namespace ringfence::stix
