#include "pipelines/intake/victim_tokens.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"

namespace ringfence::intake {
namespace {

constexpr std::string_view kDomain = "ringfence-victim-v1";
constexpr size_t kTokenBytes = 16;
constexpr size_t kTokenCharacters = 22;

// Failure means that OpenSSL has no SHA-256 or no memory: no token may leave then.
void Require(bool success) {
  if (!success) std::abort();
}

bool IsKeyIdCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
}

bool IsKeyId(std::string_view id) {
  return !id.empty() && id.size() <= 32 && std::all_of(id.begin(), id.end(), IsKeyIdCharacter);
}

bool IsBase64Url(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
}

std::vector<std::string_view> ContentLines(std::string_view content) {
  std::vector<std::string_view> lines;
  while (!content.empty()) {
    size_t end = std::min(content.find('\n'), content.size());
    std::string_view line = content.substr(0, end);
    content.remove_prefix(std::min(end + 1, content.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty() && !line.starts_with('#')) lines.push_back(line);
  }
  return lines;
}

// The 32 bytes of 64 hexadecimal digits.
bool IsSecret(std::string_view hex) {
  return hex.size() == 64 && std::all_of(hex.begin(), hex.end(), [](char c) {
           return absl::ascii_isxdigit(static_cast<unsigned char>(c));
         });
}

}  // namespace

absl::StatusOr<TokenKey> ParseTokenKey(std::string_view content) {
  constexpr std::string_view kId = "id: ";
  constexpr std::string_view kSecret = "secret: ";
  std::vector<std::string_view> lines = ContentLines(content);
  if (lines.size() != 2 || !lines[0].starts_with(kId) || !lines[1].starts_with(kSecret)) {
    return absl::InvalidArgumentError(
        "token key: expected a line \"id: …\" and a line \"secret: …\"");
  }
  std::string_view id = lines[0].substr(kId.size());
  std::string_view hex = lines[1].substr(kSecret.size());
  if (!IsKeyId(id)) {
    return absl::InvalidArgumentError("token key: the id is not 1-32 characters of [A-Za-z0-9._-]");
  }
  if (!IsSecret(hex)) {
    return absl::InvalidArgumentError("token key: the secret is not 64 hexadecimal digits");
  }
  TokenKey key{.id = std::string(id)};
  for (size_t i = 0; i < key.secret.size(); ++i) {
    std::from_chars(hex.data() + 2 * i, hex.data() + 2 * i + 2, key.secret[i], 16);
  }
  return key;
}

std::string FormatTokenKey(const TokenKey& key) {
  absl::string_view secret(reinterpret_cast<const char*>(key.secret.data()), key.secret.size());
  return "id: " + key.id + "\nsecret: " + absl::BytesToHexString(secret) + "\n";
}

bool IsToken(std::string_view token) {
  size_t colon = token.find(':');
  if (colon == std::string_view::npos || !IsKeyId(token.substr(0, colon))) return false;
  std::string_view code = token.substr(colon + 1);
  // The last character holds two bits only: one token, one spelling.
  constexpr std::string_view kLast = "AQgw";
  return code.size() == kTokenCharacters && std::all_of(code.begin(), code.end(), IsBase64Url) &&
         kLast.find(code.back()) != std::string_view::npos;
}

std::string AccountHandle(std::string_view account) {
  std::string handle;
  for (char c : account) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c))) {
      handle.push_back(absl::ascii_toupper(static_cast<unsigned char>(c)));
    }
  }
  return handle;
}

void VictimTokens::FreeContext::operator()(evp_mac_ctx_st* context) const {
  EVP_MAC_CTX_free(context);
}

VictimTokens::VictimTokens(const TokenKey& key, const std::vector<TokenKey>& further_keys) {
  Add(key);
  for (const TokenKey& further : further_keys) Add(further);
}

void VictimTokens::Add(const TokenKey& key) {
  Key& added = keys_.emplace_back();
  added.prefix = key.id + ":";
  EVP_MAC* hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  Require(hmac != nullptr);
  added.context.reset(EVP_MAC_CTX_new(hmac));
  EVP_MAC_free(hmac);
  char digest[] = "SHA256";
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("digest", digest, 0),
                             OSSL_PARAM_construct_end()};
  Require(added.context != nullptr &&
          EVP_MAC_init(added.context.get(), key.secret.data(), key.secret.size(), parameters) == 1);
}

VictimTokens::~VictimTokens() = default;

std::vector<std::string> VictimTokens::AllTokens(TokenKind kind, std::string_view handle) {
  std::vector<std::string> tokens;
  for (Key& key : keys_) tokens.push_back(TokenBy(key, kind, handle));
  return tokens;
}

std::string VictimTokens::TokenBy(Key& key, TokenKind kind, std::string_view handle) {
  std::string message(kDomain);
  message.push_back('\0');
  message.append(std::to_string(static_cast<uint32_t>(kind)));
  message.push_back('\0');
  message.append(handle);
  std::array<uint8_t, EVP_MAX_MD_SIZE> code;
  size_t size = 0;
  // Without a key it starts anew with the one that it has.
  Require(EVP_MAC_init(key.context.get(), nullptr, 0, nullptr) == 1 &&
          EVP_MAC_update(key.context.get(), reinterpret_cast<const uint8_t*>(message.data()),
                         message.size()) == 1 &&
          EVP_MAC_final(key.context.get(), code.data(), &size, code.size()) == 1 &&
          size >= kTokenBytes);
  OPENSSL_cleanse(message.data(), message.size());
  std::string encoded;
  absl::WebSafeBase64Escape(
      absl::string_view(reinterpret_cast<const char*>(code.data()), kTokenBytes), &encoded);
  return key.prefix + encoded;
}

}  // namespace ringfence::intake
