#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdlib>

#include "absl/strings/escaping.h"
#include "pipelines/referral/dossier.h"

namespace ringfence::referral {
namespace {

constexpr std::string_view kDomain = "ringfence-referral-v1";
constexpr size_t kAliasCharacters = 16;

std::string Hmac(std::string_view key, std::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac = {};
  unsigned int size = 0;
  // Failure means that OpenSSL has no SHA-256 or no memory: nothing may leave then.
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(data.data()), data.size(), mac.data(),
           &size) == nullptr) {
    std::abort();
  }
  return {reinterpret_cast<const char*>(mac.data()), size};
}

// RFC 4648, without padding.
std::string Base32(std::string_view bytes, size_t characters) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string text;
  uint32_t bits = 0;
  int held = 0;
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<uint8_t>(c);
    for (held += 8; held >= 5; held -= 5) {
      text.push_back(kDigits[bits >> (held - 5) & 31]);
      if (text.size() == characters) return text;
    }
  }
  return text;
}

}  // namespace

Aliases::Aliases(std::string_view key) : key_(Hmac(key, kDomain)) {}

std::string Aliases::Mac(std::string_view what, std::string_view data) const {
  std::string text(what);
  text.push_back('\0');
  text += data;
  return Hmac(key_, text);
}

std::string Aliases::OfReport(const core::Id& report) const {
  return "R-" + Base32(Mac("report", report.Bytes()), kAliasCharacters);
}

std::string Aliases::OfIncident(const core::Id& incident) const {
  return "I-" + Base32(Mac("incident", incident.Bytes()), kAliasCharacters);
}

std::string Aliases::OfContent(std::string_view content_hash) const {
  const std::string mac = Mac("content", content_hash);
  return absl::BytesToHexString(absl::string_view(mac.data(), mac.size()));
}

}  // namespace ringfence::referral
