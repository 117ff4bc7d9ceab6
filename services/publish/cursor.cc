#include "services/publish/cursor.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdlib>
#include <utility>

#include "absl/strings/escaping.h"
#include "pipelines/core/id.h"

namespace ringfence::publish {
namespace {

constexpr char kFormat = 1;
constexpr size_t kHashBytes = 8;
constexpr size_t kSignatureBytes = 16;
constexpr size_t kTextMax = 16'384;

std::string HashBytes(std::string_view text) {
  const core::Sha256Digest digest = core::Sha256(text);
  return std::string(reinterpret_cast<const char*>(digest.data()), kHashBytes);
}

void AppendVarint(uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

std::optional<uint64_t> TakeVarint(std::string_view& rest) {
  uint64_t value = 0;
  for (int shift = 0; shift < 64 && !rest.empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(rest.front());
    rest.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  return std::nullopt;
}

}  // namespace

Cursors::Cursors(std::string key, std::string_view incarnation, size_t partitions)
    : key_(std::move(key)), incarnation_hash_(HashBytes(incarnation)), partitions_(partitions) {}

std::string Cursors::HashOf(std::string_view filter_key) { return HashBytes(filter_key); }

std::string Cursors::Encode(const Offsets& offsets, std::string_view filter_key) const {
  std::string bytes(1, kFormat);
  bytes += HashOf(filter_key);
  bytes += incarnation_hash_;
  for (int64_t offset : offsets) AppendVarint(static_cast<uint64_t>(offset), bytes);
  bytes += Signature(bytes);
  return absl::WebSafeBase64Escape(absl::string_view(bytes.data(), bytes.size()));
}

std::optional<Cursor> Cursors::Decode(std::string_view text) const {
  std::string bytes;
  if (text.size() > kTextMax ||
      !absl::WebSafeBase64Unescape(absl::string_view(text.data(), text.size()), &bytes) ||
      bytes.size() < 1 + 2 * kHashBytes + kSignatureBytes || bytes.front() != kFormat) {
    return std::nullopt;
  }
  std::string_view rest(bytes);
  const std::string_view signature = rest.substr(rest.size() - kSignatureBytes);
  rest.remove_suffix(kSignatureBytes);
  if (CRYPTO_memcmp(Signature(rest).data(), signature.data(), kSignatureBytes) != 0)
    return std::nullopt;
  rest.remove_prefix(1);
  Cursor cursor;
  cursor.filter_hash = rest.substr(0, kHashBytes);
  if (rest.substr(kHashBytes, kHashBytes) != incarnation_hash_) return std::nullopt;
  rest.remove_prefix(2 * kHashBytes);
  while (!rest.empty()) {
    const std::optional<uint64_t> offset = TakeVarint(rest);
    if (!offset) return std::nullopt;
    cursor.offsets.push_back(static_cast<int64_t>(*offset));
  }
  if (cursor.offsets.size() != partitions_) return std::nullopt;
  return cursor;
}

std::string Cursors::Signature(std::string_view bytes) const {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
           reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest,
           &size) == nullptr) {
    std::abort();
  }
  return std::string(reinterpret_cast<const char*>(digest), kSignatureBytes);
}

}  // namespace ringfence::publish
