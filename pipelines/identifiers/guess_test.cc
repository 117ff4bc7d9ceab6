#include "pipelines/identifiers/guess.h"

#include <gmock/gmock.h>

#include "pipelines/identifiers/normalise.h"

namespace ringfence::identifiers {
namespace {

struct Case {
  const char* value;
  const char* scheme;
  v1::IdentifierType likeliest;
};

TEST(Guess, LikeliestTypeCanBeRead) {
  const Case kCases[] = {
      {"+1 212 555 0123", "", v1::IDENTIFIER_TYPE_PHONE},
      {"(212) 555-0123", "", v1::IDENTIFIER_TYPE_PHONE},
      {"tel:+12125550123", "", v1::IDENTIFIER_TYPE_PHONE},
      {"198[.]51[.]100[.]7:443", "", v1::IDENTIFIER_TYPE_IP},
      {"2001:db8::1", "", v1::IDENTIFIER_TYPE_IP},
      {"login[.]example[.]com", "", v1::IDENTIFIER_TYPE_DOMAIN},
      {"hxxps://login[.]example[.]com/a", "", v1::IDENTIFIER_TYPE_URL},
      {"Jane.Doe@Example.COM", "", v1::IDENTIFIER_TYPE_EMAIL},
      {"GB82 WEST 1234 5698 7654 32", "", v1::IDENTIFIER_TYPE_IBAN},
      {"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "", v1::IDENTIFIER_TYPE_WALLET},
      {"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "", v1::IDENTIFIER_TYPE_WALLET},
      {"TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "", v1::IDENTIFIER_TYPE_WALLET},
      {"123 456 789", "anydesk", v1::IDENTIFIER_TYPE_REMOTE_ACCESS_ID},
      {"anydesk:123456789", "", v1::IDENTIFIER_TYPE_REMOTE_ACCESS_ID},
      {"021000021/00123456", "us-aba", v1::IDENTIFIER_TYPE_BANK_ACCOUNT},
      {"@Crypto_Anna", "telegram", v1::IDENTIFIER_TYPE_SOCIAL_HANDLE},
      {"$QuickHelp", "cashapp", v1::IDENTIFIER_TYPE_PAYMENT_HANDLE},
      {"hmrc", "", v1::IDENTIFIER_TYPE_SENDER_ID},
  };
  for (const Case& one : kCases) {
    const auto guesses = GuessIdentifiers(one.value, one.scheme, "US");
    ASSERT_FALSE(guesses.empty()) << one.value;
    EXPECT_EQ(TypeWord(guesses[0].type()), TypeWord(one.likeliest)) << one.value;
    const auto normalised = Normalise(
        guesses[0].type(), guesses[0].value(),
        {.region = guesses[0].region(), .scheme = guesses[0].scheme(), .sub_account = ""});
    EXPECT_TRUE(std::holds_alternative<Canonical>(normalised)) << one.value;
  }
}

TEST(Guess, TriesAllThatAValueMayBe) {
  std::vector<v1::IdentifierType> types;
  for (const v1::Identifier& guess : GuessIdentifiers("some.one@okbank", "", ""))
    types.push_back(guess.type());
  EXPECT_THAT(types, testing::ElementsAre(v1::IDENTIFIER_TYPE_EMAIL, v1::IDENTIFIER_TYPE_UPI));
}

TEST(Guess, BlanksAroundSayNothing) {
  for (const char* value : {"  +12125550142", "+12125550142\n", "\u200b+12125550142 "}) {
    const auto guesses = GuessIdentifiers(value, "", "");
    EXPECT_EQ(guesses[0].type(), v1::IDENTIFIER_TYPE_PHONE);
    EXPECT_EQ(guesses[0].value(), "+12125550142");
  }
}

TEST(Guess, NothingIsWithoutAGuess) {
  for (const char* value : {"", " ", "@", ":", "\xff", "🦊"}) {
    EXPECT_FALSE(GuessIdentifiers(value, "", "").empty()) << value;
  }
}

}  // namespace
}  // namespace ringfence::identifiers
