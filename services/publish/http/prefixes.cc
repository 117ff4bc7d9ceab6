#include "services/publish/http/prefixes.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdlib>

#include "absl/strings/escaping.h"

namespace ringfence::publish {
namespace {

constexpr std::string_view kPurpose = "ringfence-private-list-v1";

std::string HmacSha256(std::string_view key, std::string_view message) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  // Fails for want of memory only.
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest,
           &size) == nullptr) {
    std::abort();
  }
  return {reinterpret_cast<const char*>(digest), size};
}

}  // namespace

Prefixes::Prefixes(std::string_view secret) : key_(HmacSha256(secret, kPurpose)) {}

uint32_t Prefixes::Of(v1::IdentifierType type, std::string_view canonical_value) const {
  std::string message = std::to_string(static_cast<int>(type)) + '\0';
  message += canonical_value;
  const std::string code = HmacSha256(key_, message);
  uint32_t prefix = 0;
  for (size_t i = 0; i < 4; ++i) prefix = prefix << 8 | static_cast<unsigned char>(code[i]);
  return prefix;
}

std::string Prefixes::KeyHex() const { return absl::BytesToHexString(key_); }

}  // namespace ringfence::publish
