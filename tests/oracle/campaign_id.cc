#include <openssl/evp.h>

#include <cstdlib>
#include <memory>
#include <string_view>

#include "tests/oracle/oracle.h"

namespace ringfence::oracle {
namespace {

std::string Base32(std::string_view bytes) {
  constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
  std::string text;
  uint32_t bits = 0;
  int count = 0;
  for (char byte : bytes) {
    bits = (bits << 8) | static_cast<uint8_t>(byte);
    for (count += 8; count >= 5; count -= 5) text += kAlphabet[(bits >> (count - 5)) & 31];
  }
  if (count > 0) text += kAlphabet[(bits << (5 - count)) & 31];
  return text;
}

}  // namespace

std::string CampaignId(const core::Id& oldest, const NamingKey& key) {
  const std::string plain = oldest.Bytes();
  std::array<uint8_t, 32> block;
  int size = 0;
  std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(EVP_CIPHER_CTX_new(),
                                                                          &EVP_CIPHER_CTX_free);
  if (context == nullptr ||
      EVP_EncryptInit_ex(context.get(), EVP_aes_128_ecb(), nullptr, key.data(), nullptr) != 1 ||
      EVP_EncryptUpdate(context.get(), block.data(), &size,
                        reinterpret_cast<const uint8_t*>(plain.data()), 16) != 1 ||
      size != 16) {
    std::abort();
  }
  return Base32({reinterpret_cast<const char*>(block.data()), 16});
}

}  // namespace ringfence::oracle
