#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "ringfence/v1/report.pb.h"

struct evp_mac_ctx_st;

namespace ringfence::intake {

// The deployment's key for victim tokens, shared with partners that make their own.
struct TokenKey {
  // 1-32 of [A-Za-z0-9._-]; stands in front of every token.
  std::string id;
  std::array<uint8_t, 32> secret{};
};

// The content of a key file, a text of two lines, in this order; lines that begin with # and empty
// lines do not count:
//
//   id: k1
//   secret: <64 hexadecimal digits>
//
// kInvalidArgument, which never quotes the content, for any other.
absl::StatusOr<TokenKey> ParseTokenKey(std::string_view content);
std::string FormatTokenKey(const TokenKey& key);

// Kinds of tokens, as canonical-forms numbers them.
enum class TokenKind : uint32_t {
  kPhone = 1,
  kEmail = 2,
  kAccount = 3,
  kGiftCard = 4,
  kPaymentCard = 5,
  kRemoteAccessId = 6,
  kIp = 7,
};

// Is it "<key id>:<22 characters of base64url>", the form of every token? Says nothing about the
// key.
bool IsToken(std::string_view token);

// An account number as tokens are made of it: its letters and digits, upper case (ASCII).
std::string AccountHandle(std::string_view account);

// Makes keyed tokens (canonical-forms, "Victim tokens"): HMAC-SHA-256 (RFC 2104) cut to 16 bytes,
// so that equal handles have equal tokens and nobody without the key can try all phone numbers.
// While a deployment changes its key it has several: a handle then has a token by each. Owned by
// one thread.
class VictimTokens {
 public:
  explicit VictimTokens(const TokenKey& key, const std::vector<TokenKey>& further_keys = {});
  ~VictimTokens();
  VictimTokens(const VictimTokens&) = delete;
  VictimTokens& operator=(const VictimTokens&) = delete;

  // By the first key. `handle` must be normalised as its kind asks.
  std::string Token(TokenKind kind, std::string_view handle) {
    return TokenBy(keys_.front(), kind, handle);
  }
  // By every key, the first first.
  std::vector<std::string> AllTokens(TokenKind kind, std::string_view handle);

 private:
  struct FreeContext {
    void operator()(evp_mac_ctx_st* context) const;
  };
  struct Key {
    std::string prefix;
    std::unique_ptr<evp_mac_ctx_st, FreeContext> context;
  };

  void Add(const TokenKey& key);
  static std::string TokenBy(Key& key, TokenKind kind, std::string_view handle);

  // At least one.
  std::vector<Key> keys_;
};

}  // namespace ringfence::intake
