#include "pipelines/intake/victim_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringfence::intake {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TokenKey VectorKey() {
  TokenKey key{.id = "k1"};
  for (size_t i = 0; i < key.secret.size(); ++i) key.secret[i] = static_cast<uint8_t>(i);
  return key;
}

// The vectors of canonical-forms.md.
TEST(VictimTokens, HaveTheVectors) {
  VictimTokens tokens(VectorKey());
  EXPECT_EQ(tokens.Token(TokenKind::kPhone, "+12125550123"), "k1:IObS9nOKvDmHWPFnke7TQQ");
  EXPECT_EQ(tokens.Token(TokenKind::kEmail, "jane.doe@example.com"), "k1:ptD69qdmURQSJelcTbUjAA");
  EXPECT_EQ(tokens.Token(TokenKind::kAccount, "GB82WEST12345698765432"),
            "k1:N8VqbcqBQqJdlVaC9rNH0A");
  EXPECT_EQ(tokens.Token(TokenKind::kAccount, "12345612345678"), "k1:AL4JV-c7VeNP1B7AUE4tcw");
  EXPECT_EQ(tokens.Token(TokenKind::kRemoteAccessId, "anydesk123456789"),
            "k1:eE6-FBVJ2DAUd3gIsEAhdQ");
  // Once more: each token starts from the key, not from the token before.
  EXPECT_EQ(tokens.Token(TokenKind::kPhone, "+12125550123"), "k1:IObS9nOKvDmHWPFnke7TQQ");
}

TEST(VictimTokens, DifferByKindAndByKey) {
  VictimTokens tokens(VectorKey());
  EXPECT_NE(tokens.Token(TokenKind::kPhone, "1"), tokens.Token(TokenKind::kAccount, "1"));
  TokenKey other = VectorKey();
  other.secret[31] ^= 1;
  EXPECT_NE(tokens.Token(TokenKind::kPhone, "1"),
            VictimTokens(other).Token(TokenKind::kPhone, "1"));
}

TEST(VictimTokens, AreOfTheFormThatIsAccepted) {
  VictimTokens tokens(VectorKey());
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(IsToken(tokens.Token(TokenKind::kPhone, std::to_string(i))));
  }
}

TEST(IsToken, RefusesWhatNoKeyCanMake) {
  EXPECT_TRUE(IsToken("partner.2:IObS9nOKvDmHWPFnke7TQQ"));
  EXPECT_FALSE(IsToken(""));
  EXPECT_FALSE(IsToken("IObS9nOKvDmHWPFnke7TQQ"));
  EXPECT_FALSE(IsToken(":IObS9nOKvDmHWPFnke7TQQ"));
  EXPECT_FALSE(IsToken("k 1:IObS9nOKvDmHWPFnke7TQQ"));
  EXPECT_FALSE(IsToken("k1:IObS9nOKvDmHWPFnke7TQ"));
  EXPECT_FALSE(IsToken("k1:IObS9nOKvDmHWPFnke7TQQ=="));
  EXPECT_FALSE(IsToken("k1:IObS9nOKvDmHWPFnke7T+Q"));
  // Bits behind the 128th.
  EXPECT_FALSE(IsToken("k1:IObS9nOKvDmHWPFnke7TQR"));
  EXPECT_FALSE(IsToken(std::string(33, 'k') + ":IObS9nOKvDmHWPFnke7TQQ"));
  // A phone number is not to be kept as a token.
  EXPECT_FALSE(IsToken("k1:+12125550123"));
}

TEST(AccountHandle, KeepsLettersAndDigits) {
  EXPECT_EQ(AccountHandle("gb82 WEST-1234/5698.7654 32"), "GB82WEST12345698765432");
  EXPECT_EQ(AccountHandle(" -/ "), "");
}

TEST(TokenKey, IsReadAsItIsWritten) {
  auto key = ParseTokenKey(FormatTokenKey(VectorKey()));
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->id, "k1");
  EXPECT_EQ(key->secret, VectorKey().secret);
}

TEST(TokenKey, AllowsCommentsAndWindowsLineEnds) {
  std::string secret(64, 'a');
  auto key = ParseTokenKey("# of 2026\r\n\r\nid: k-2\r\nsecret: " + secret + "\r\n");
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->id, "k-2");
  EXPECT_EQ(key->secret[31], 0xaa);
}

TEST(TokenKey, RefusesOthersWithoutQuotingThem) {
  const std::string secret(64, 'a');
  for (const std::string& content : std::vector<std::string>{
           "", "id: k1\n", "secret: " + secret + "\nid: k1\n", "id: \nsecret: " + secret,
           "id: k1\nsecret: " + secret.substr(1), "id: k1\nsecret: " + secret.substr(1) + "g",
           "id: k1\nsecret: " + secret + "\nmore: 1", "id: k:1\nsecret: " + secret}) {
    auto key = ParseTokenKey(content);
    ASSERT_EQ(key.status().code(), absl::StatusCode::kInvalidArgument) << content;
    EXPECT_THAT(std::string(key.status().message()), Not(HasSubstr("aaa")));
  }
}

}  // namespace
}  // namespace ringfence::intake
