#include "pipelines/campaigns/campaign_names.h"

#include <openssl/evp.h>

#include <cstdlib>
#include <memory>

namespace ringfence::campaigns {
namespace {

constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
constexpr size_t kNameSize = 26;

// Fetching the algorithm and making a context cost more than the block does: both are kept.
struct Aes128 {
  Aes128()
      : algorithm(EVP_CIPHER_fetch(nullptr, "AES-128-ECB", nullptr)),
        context(EVP_CIPHER_CTX_new()) {
    if (algorithm == nullptr || context == nullptr) std::abort();
  }
  ~Aes128() {
    EVP_CIPHER_CTX_free(context);
    EVP_CIPHER_free(algorithm);
  }
  Aes128(const Aes128&) = delete;
  Aes128& operator=(const Aes128&) = delete;

  EVP_CIPHER* algorithm;
  EVP_CIPHER_CTX* context;
};

core::Id Block(const NamingKey& key, const core::Id& in, bool encrypt) {
  thread_local Aes128 aes;
  const std::string bytes = in.Bytes();
  // EVP may write a second block when it is told of padding; there is none.
  std::array<uint8_t, 32> out;
  int size = 0;
  if (EVP_CipherInit_ex2(aes.context, aes.algorithm, key.data(), nullptr, encrypt ? 1 : 0,
                         nullptr) != 1 ||
      EVP_CIPHER_CTX_set_padding(aes.context, 0) != 1 ||
      EVP_CipherUpdate(aes.context, out.data(), &size,
                       reinterpret_cast<const uint8_t*>(bytes.data()),
                       static_cast<int>(bytes.size())) != 1 ||
      size != static_cast<int>(bytes.size())) {
    std::abort();
  }
  return core::Id::FromBytes({reinterpret_cast<const char*>(out.data()), bytes.size()});
}

std::string ToBase32(std::string_view bytes) {
  std::string text;
  uint32_t bits = 0;
  int count = 0;
  for (char byte : bytes) {
    bits = bits << 8 | static_cast<uint8_t>(byte);
    for (count += 8; count >= 5; count -= 5) text += kAlphabet[bits >> (count - 5) & 31];
  }
  if (count > 0) text += kAlphabet[bits << (5 - count) & 31];
  return text;
}

std::optional<std::string> FromBase32(std::string_view text) {
  std::string bytes;
  uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    const size_t digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 5 | static_cast<uint32_t>(digit);
    count += 5;
    if (count >= 8) {
      count -= 8;
      bytes.push_back(static_cast<char>(bits >> count & 0xff));
    }
  }
  // One text for one value: what is left over is zero.
  if ((bits & ((1u << count) - 1)) != 0) return std::nullopt;
  return bytes;
}

}  // namespace

std::string CampaignNames::NameOf(const core::Id& oldest) const {
  return ToBase32(Hide(oldest).Bytes());
}

std::optional<core::Id> CampaignNames::OldestOf(std::string_view campaign_id) const {
  if (campaign_id.size() != kNameSize) return std::nullopt;
  const std::optional<std::string> bytes = FromBase32(campaign_id);
  if (!bytes) return std::nullopt;
  return Reveal(core::Id::FromBytes(*bytes));
}

core::Id CampaignNames::Hide(const core::Id& id) const { return Block(key_, id, true); }
core::Id CampaignNames::Reveal(const core::Id& hidden) const { return Block(key_, hidden, false); }

}  // namespace ringfence::campaigns
