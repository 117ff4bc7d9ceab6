// The vectors of canonical-forms.md, row by row.
#include <gtest/gtest.h>

#include "pipelines/core/id.h"
#include "pipelines/identifiers/normalise_testing.h"

namespace ringfence::identifiers {
namespace {

using enum v1::IdentifierType;

struct Vector {
  v1::IdentifierType type;
  std::string_view raw;
  Hints hints;
  std::string_view outcome;
};

const Vector kVectors[] = {
    {IDENTIFIER_TYPE_PHONE, "(212) 555-0123", Region("US"), "+12125550123"},
    {IDENTIFIER_TYPE_PHONE, "tel:+1-212-555-0123", {}, "+12125550123"},
    {IDENTIFIER_TYPE_PHONE, "212-555-0123 ext. 44", Region("US"), "+12125550123"},
    {IDENTIFIER_TYPE_PHONE, "２１２５５５０１２３", Region("US"), "+12125550123"},
    {IDENTIFIER_TYPE_PHONE, "0044 20 7946 0018", Region("GB"), "+442079460018"},
    {IDENTIFIER_TYPE_PHONE, "0491 570 156", Region("AU"), "+61491570156"},
    {IDENTIFIER_TYPE_PHONE, "1111111111", Region("US"), "phone.not_valid"},
    {IDENTIFIER_TYPE_PHONE, "911", Region("US"), "phone.not_valid"},
    {IDENTIFIER_TYPE_PHONE, "07700 900123", Region("GB"), "phone.not_valid"},
    {IDENTIFIER_TYPE_PHONE, "call me", Region("US"), "phone.not_a_number"},
    {IDENTIFIER_TYPE_PHONE, "call me", {}, "phone.not_a_number"},
    {IDENTIFIER_TYPE_PHONE, "212 555 0123", {}, "phone.no_region"},
    {IDENTIFIER_TYPE_PHONE, "+1 212 555 0123;ext=44", {}, "+12125550123"},
    {IDENTIFIER_TYPE_PHONE, "212 555 0123 x44", Region("US"), "+12125550123"},
    {IDENTIFIER_TYPE_PHONE, "#31#212 555 0123", Region("US"), "+12125550123"},

    {IDENTIFIER_TYPE_SENDER_ID, "hmrc", Region("GB"), "GB:HMRC"},
    {IDENTIFIER_TYPE_SENDER_ID, "hmrc", {}, "sender_id.no_region"},

    {IDENTIFIER_TYPE_IP, "2001:DB8:0:0:1:0:0:1", {}, "2001:db8::/64"},
    {IDENTIFIER_TYPE_IP, "::ffff:198.51.100.7", {}, "198.51.100.7"},
    {IDENTIFIER_TYPE_IP, "198[.]51[.]100[.]7:443", {}, "198.51.100.7"},
    {IDENTIFIER_TYPE_IP, "10.0.0.1", {}, "ip.not_public"},
    {IDENTIFIER_TYPE_IP, "127.0.0.1", {}, "ip.not_public"},
    {IDENTIFIER_TYPE_IP, "100.64.1.1", {}, "ip.not_public"},
    {IDENTIFIER_TYPE_IP, "010.1.1.1", {}, "ip.malformed"},

    {IDENTIFIER_TYPE_DOMAIN, "WWW.Example.COM.", {}, "example.com"},
    {IDENTIFIER_TYPE_DOMAIN, "hxxps://login[.]example[.]com:8443/a", {}, "login.example.com"},
    {IDENTIFIER_TYPE_DOMAIN, "bücher.example", {}, "xn--bcher-kva.example"},
    {IDENTIFIER_TYPE_DOMAIN, "shop.blogspot.com", {}, "shop.blogspot.com"},
    {IDENTIFIER_TYPE_DOMAIN, "co.uk", {}, "domain.public_suffix"},
    {IDENTIFIER_TYPE_DOMAIN, "localhost", {}, "domain.public_suffix"},
    {IDENTIFIER_TYPE_DOMAIN, "198.51.100.7", {}, "domain.is_ip"},

    {IDENTIFIER_TYPE_URL,
     "HTTP://User:pw@WWW.Example.com:80/a/../b%7e?x=1#y",
     {},
     "http://www.example.com/b~"},
    {IDENTIFIER_TYPE_URL, "ftp://example.com/a", {}, "url.scheme"},

    {IDENTIFIER_TYPE_EMAIL, "Mailto:Jane.Doe@Example.COM", {}, "jane.doe@example.com"},
    {IDENTIFIER_TYPE_EMAIL, "jane@doe@example.com", {}, "email.malformed"},
    {IDENTIFIER_TYPE_EMAIL, "jane.doe@", {}, "email.malformed"},
    {IDENTIFIER_TYPE_EMAIL, "jane.doe", {}, "email.malformed"},

    {IDENTIFIER_TYPE_REMOTE_ACCESS_ID, "123 456 789", Scheme("anydesk"), "anydesk:123456789"},
    {IDENTIFIER_TYPE_REMOTE_ACCESS_ID, "123 456 789", {}, "remote_access_id.no_vendor"},
    {IDENTIFIER_TYPE_REMOTE_ACCESS_ID, "Anna@AD", Scheme("AnyDesk"), "anydesk:anna@ad"},
    {IDENTIFIER_TYPE_REMOTE_ACCESS_ID, "AB c1", Scheme("goto"), "goto:abc1"},

    {IDENTIFIER_TYPE_IBAN, "gb82 WEST 1234 5698 7654 32", {}, "GB82WEST12345698765432"},
    {IDENTIFIER_TYPE_IBAN, "GB82WEST12345698765433", {}, "iban.checksum"},
    {IDENTIFIER_TYPE_IBAN, "GB82WEST1234569876543", {}, "iban.length"},

    {IDENTIFIER_TYPE_BANK_ACCOUNT, "021000021/00123456", Scheme("us-aba"),
     "us-aba:021000021/00123456"},
    {IDENTIFIER_TYPE_BANK_ACCOUNT, "12-34-56/12345678", Scheme("gb-sort-code"),
     "gb-sort-code:123456/12345678"},
    {IDENTIFIER_TYPE_BANK_ACCOUNT, "021000022/1", Scheme("us-aba"), "bank_account.checksum"},
    {IDENTIFIER_TYPE_BANK_ACCOUNT, "021000021", Scheme("us-aba"), "bank_account.malformed"},

    {IDENTIFIER_TYPE_UPI, "UPI://pay?pa=Some.One@OKBANK&am=1", {}, "some.one@okbank"},
    {IDENTIFIER_TYPE_UPI, "some.one@ok.bank", {}, "upi.malformed"},

    {IDENTIFIER_TYPE_WALLET,
     "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
     {},
     "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"},
    {IDENTIFIER_TYPE_WALLET,
     "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
     {},
     "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"},
    {IDENTIFIER_TYPE_WALLET,
     "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
     {},
     "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"},
    {IDENTIFIER_TYPE_WALLET, "hello", {}, "wallet.unknown_format"},

    {IDENTIFIER_TYPE_PAYMENT_REFERENCE, "FT 2311-7 xk", {}, "ref:FT23117XK"},
    {IDENTIFIER_TYPE_PAYMENT_REFERENCE, "FT 23", {}, "payment_reference.too_short"},

    {IDENTIFIER_TYPE_GIFT_CARD, "abcd-1234 efgh", {}, "ABCD1234EFGH"},
    {IDENTIFIER_TYPE_PAYMENT_CARD, "4111 1111 1111 1111", {}, "payment_card.raw_refused"},

    {IDENTIFIER_TYPE_SOCIAL_HANDLE, "@Crypto_Anna", Scheme("telegram"), "telegram:crypto_anna"},
    {IDENTIFIER_TYPE_SOCIAL_HANDLE, "@Crypto_Anna", {}, "social_handle.no_platform"},
    {IDENTIFIER_TYPE_APP, "com.Fake.Wallet", Scheme("google-play"), "google-play:com.fake.wallet"},
    {IDENTIFIER_TYPE_APP, "com.Fake.Wallet", {}, "app.no_store"},
    {IDENTIFIER_TYPE_PAYMENT_HANDLE, "$QuickHelp", Scheme("cashapp"), "cashapp:$quickhelp"},
    {IDENTIFIER_TYPE_PAYMENT_HANDLE, "$QuickHelp", {}, "payment_handle.no_scheme"},
};

TEST(CanonicalForms, AreThoseOfTheContract) {
  for (const Vector& vector : kVectors) {
    EXPECT_EQ(Outcome(vector.type, vector.raw, vector.hints), vector.outcome) << vector.raw;
  }
}

TEST(CanonicalForms, AreTheirOwnCanonicalForms) {
  for (const Vector& vector : kVectors) {
    Normalised first = Normalise(vector.type, vector.raw, vector.hints);
    const auto* canonical = std::get_if<Canonical>(&first);
    if (canonical == nullptr || vector.type == IDENTIFIER_TYPE_WALLET) continue;
    EXPECT_EQ(Outcome(vector.type, canonical->value), canonical->value) << vector.raw;
    EXPECT_EQ(Outcome(vector.type, canonical->value, vector.hints), canonical->value) << vector.raw;
  }
}

// The last character of a checked address changed to any other: of Bech32, Base58 and EIP-55.
TEST(CanonicalForms, AWalletWithAnotherLastCharacterFailsItsChecksum) {
  for (std::string_view address :
       {"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"}) {
    std::string_view others = address.starts_with("0x") ? "0123456789abcef" : "23456789acdefghjk";
    for (char c : others) {
      std::string changed(address.substr(0, address.size() - 1));
      changed.push_back(c);
      if (changed == address) continue;
      EXPECT_EQ(Outcome(IDENTIFIER_TYPE_WALLET, changed), "wallet.checksum") << changed;
    }
  }
}

TEST(CanonicalForms, EveryTypeHasTheGeneralProblems) {
  for (int number = 1; number < v1::IdentifierType_ARRAYSIZE; ++number) {
    auto type = static_cast<v1::IdentifierType>(number);
    std::string word(TypeWord(type));
    for (std::string_view nothing : {"", "  ", "\t\n", "\u200b", "\ufeff\u00a0\u200e", "\u3000"}) {
      EXPECT_EQ(Outcome(type, nothing, {"GB", "x", ""}), word + ".empty");
    }
    EXPECT_EQ(Outcome(type, "a\xff", {"GB", "x", ""}), word + ".not_utf8");
    EXPECT_EQ(Outcome(type, "\xed\xa0\x80", {"GB", "x", ""}), word + ".not_utf8");
    EXPECT_EQ(Outcome(type, std::string(2049, 'a'), {"GB", "x", ""}), word + ".too_long");
  }
}

TEST(CanonicalForms, InvisibleCharactersAreTakenOff) {
  EXPECT_EQ(Outcome(IDENTIFIER_TYPE_DOMAIN, "\ufeff ex\u200bam\u00adple\u2060.c\u200eom\u00a0"),
            "example.com");
  EXPECT_EQ(Outcome(IDENTIFIER_TYPE_EMAIL, "ja\u200dne@example.com"), "jane@example.com");
}

TEST(CanonicalForms, GiveTheIdsOfTheContract) {
  EXPECT_EQ(core::IdentifierId(IDENTIFIER_TYPE_PHONE,
                               Outcome(IDENTIFIER_TYPE_PHONE, "(212) 555-0123", Region("US")))
                .Hex(),
            "01c38b2913b35594a04c711a70a6a4b1");
  EXPECT_EQ(core::IdentifierId(IDENTIFIER_TYPE_DOMAIN,
                               Outcome(IDENTIFIER_TYPE_DOMAIN, "WWW.Example.COM."))
                .Hex(),
            "04b021d32091ac9b530d3b138e276817");
}

}  // namespace
}  // namespace ringfence::identifiers
