// The small readers of single values.
#include <gtest/gtest.h>

#include <optional>

#include "pipelines/intake/amount.h"
#include "pipelines/intake/reading.h"
#include "pipelines/intake/rfc3339.h"
#include "pipelines/intake/url_privacy.h"

namespace ringfence::intake {
namespace {

TEST(Amount, IsWrittenWithoutNeedlessZeros) {
  EXPECT_EQ(NormaliseAmount("299.00"), "299");
  EXPECT_EQ(NormaliseAmount("0.50"), "0.5");
  EXPECT_EQ(NormaliseAmount("007"), "7");
  EXPECT_EQ(NormaliseAmount("0"), "0");
  EXPECT_EQ(NormaliseAmount("000.000"), "0");
  EXPECT_EQ(NormaliseAmount("999999999999999999.999999999999999999"),
            "999999999999999999.999999999999999999");
}

TEST(Amount, NothingButPlainDecimals) {
  for (const char* amount :
       {"", ".", "1.", ".5", "-1", "+1", "1e3", "1,000", "1.000.000", " 1", "1 ", "0x1", "NaN",
        "1000000000000000000", "1.0000000000000000000", "\xef\xbc\x91"}) {
    EXPECT_EQ(NormaliseAmount(amount), std::nullopt) << amount;
  }
}

TEST(Currency, IsThreeToTenUpperCaseLettersAndDigits) {
  EXPECT_TRUE(IsCurrency("USD"));
  EXPECT_TRUE(IsCurrency("1INCH"));
  EXPECT_FALSE(IsCurrency("usd"));
  EXPECT_FALSE(IsCurrency("US"));
  EXPECT_FALSE(IsCurrency("ABCDEFGHIJK"));
  EXPECT_FALSE(IsCurrency("U$D"));
}

TEST(Rfc3339, ReadsOffsetsAndFractions) {
  auto seconds = [](const char* text) { return ParseRfc3339(text)->seconds(); };
  EXPECT_EQ(seconds("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(seconds("2024-02-29T23:59:59Z"), 1709251199);
  EXPECT_EQ(seconds("2024-03-01T05:29:59+05:30"), 1709251199);
  EXPECT_EQ(seconds("2024-02-29t18:59:59-05:00"), 1709251199);
  EXPECT_EQ(seconds("0001-01-01T00:00:00Z"), -62135596800);
  EXPECT_EQ(seconds("9999-12-31T23:59:59Z"), 253402300799);
  EXPECT_EQ(ParseRfc3339("1969-12-31T23:59:59.5Z")->seconds(), -1);
  EXPECT_EQ(ParseRfc3339("1969-12-31T23:59:59.5Z")->nanos(), 500'000'000);
  EXPECT_EQ(ParseRfc3339("2024-02-29T23:59:59.000000001Z")->nanos(), 1);
}

TEST(Rfc3339, RefusesWhatIsNoTime) {
  for (const char* text : {"",
                           "2024",
                           "2024-02-30T00:00:00Z",
                           "2023-02-29T00:00:00Z",
                           "2024-13-01T00:00:00Z",
                           "2024-01-01T24:00:00Z",
                           "2024-01-01T23:60:00Z",
                           "2024-01-01T23:59:60Z",
                           "2024-01-01T00:00:00",
                           "2024-01-01 00:00:00Z",
                           "2024-01-01T00:00:00.Z",
                           "2024-01-01T00:00:00.x99999999Z",
                           "2024-01-01T00:00:00.0000000001Z",
                           "2024-01-01T00:00:00+24:00",
                           "2024-01-01T00:00:00+05",
                           "2024-01-01T00:00:00Zx",
                           "0000-12-31T00:00:00Z",
                           "0001-01-01T00:00:00+01:00",
                           "9999-12-31T23:59:59-01:00",
                           "-001-01-01T00:00:00Z",
                           "1709251199"}) {
    EXPECT_FALSE(ParseRfc3339(text).has_value()) << text;
  }
}

TEST(SourceAndId, HasTwoPartsWithoutControlCharacters) {
  EXPECT_TRUE(IsSourceAndId("ic3:I1234"));
  EXPECT_TRUE(IsSourceAndId("police:M\xc3\xbcnchen 7:1"));
  EXPECT_TRUE(IsSourceAndId("a:" + std::string(254, 'x')));
  EXPECT_FALSE(IsSourceAndId("a:" + std::string(255, 'x')));
  for (const char* text : {"", ":", "a:", ":b", "ab", "a:b\n", "a:\x7f", "a:\xff"}) {
    EXPECT_FALSE(IsSourceAndId(text)) << text;
  }
}

TEST(UrlPrivacy, FindsAddressesHoweverEscaped) {
  EXPECT_EQ(DecodedPath("http://example.com/A%2540b%40C?x=%41"), "/a@b@c?x=a");
  EXPECT_EQ(DecodedPath("http://example.com"), "");
  for (const char* path :
       {"/jane.doe@example.com", "/u/jane@mail.example/x", "?e=a+b@c.de", "/@x/jane@example.com"}) {
    EXPECT_TRUE(HoldsEmailAddress(path)) << path;
  }
  for (const char* path :
       {"/@name.official", "/a@b", "/a@", "/user@.com", "/x@y./", "/plain/path", ""}) {
    EXPECT_FALSE(HoldsEmailAddress(path)) << path;
  }
  EXPECT_EQ(LettersAndDigits("+1 (212) aB-%"), "1212ab");
}

}  // namespace
}  // namespace ringfence::intake
