// What holds of every value, tried on random ones.
#include <gtest/gtest.h>
#include <phonenumbers/phonenumberutil.h>

#include <list>
#include <random>
#include <set>
#include <vector>

#include "pipelines/identifiers/normalise_testing.h"
#include "pipelines/identifiers/text.h"

namespace ringfence::identifiers {
namespace {

using enum v1::IdentifierType;

// Pieces that the rules look at, and odd characters: put together at random they reach most paths.
constexpr std::string_view kPieces[] = {"http://",
                                        "hxxps://",
                                        "HTTP:",
                                        "//",
                                        "/",
                                        "\\",
                                        "..",
                                        ".",
                                        "/../",
                                        "/./",
                                        "%2e",
                                        "%2F",
                                        "%%36%31",
                                        "%",
                                        "%41",
                                        "?",
                                        "#",
                                        "&",
                                        "a=1",
                                        "b=2",
                                        "@",
                                        "[at]",
                                        "(dot)",
                                        "[.]",
                                        "[",
                                        "]",
                                        "(",
                                        ")",
                                        "{.}",
                                        ":",
                                        ":80",
                                        ":443",
                                        ":65536",
                                        "www.",
                                        "WWW.",
                                        "example",
                                        ".com",
                                        "com",
                                        "co.uk",
                                        "t.co",
                                        "bit.ly",
                                        "github.io",
                                        "xn--",
                                        "xn--bcher-kva",
                                        "bücher",
                                        "ß",
                                        "İ",
                                        "ﬁ",
                                        "①",
                                        "Ａ",
                                        "。",
                                        "．",
                                        "☃",
                                        "عربي",
                                        "1",
                                        "127",
                                        "0x7f",
                                        "::",
                                        "2001:db8",
                                        "/64",
                                        "198.51.100.7",
                                        "%eth0",
                                        " ",
                                        "\t",
                                        "\n",
                                        "\u200b",
                                        "\u00ad",
                                        "\u3000",
                                        "\u0301",
                                        "\u1160",
                                        "\uffa0",
                                        "\ufdfa",
                                        "\u2488",
                                        "+1",
                                        "212",
                                        "5550123",
                                        "tel:",
                                        ";ext=",
                                        "x44",
                                        "#31#",
                                        "*67",
                                        "GB:",
                                        "GB82",
                                        "WEST",
                                        "12345698765432",
                                        "anydesk:",
                                        "telegram:",
                                        "t.me/",
                                        "wa.me/",
                                        "ref:",
                                        "0x",
                                        "bc1q",
                                        "TR7N",
                                        "r",
                                        "-",
                                        "_",
                                        "$",
                                        "'",
                                        "\"",
                                        "é",
                                        "mailto:",
                                        "jane@example.com",
                                        "some.one@okbank",
                                        "upi://pay?pa=",
                                        "021000021/",
                                        "us-aba:",
                                        "ethereum:",
                                        "bitcoin:",
                                        "\x01",
                                        "A",
                                        "z",
                                        "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
                                        "GB82WEST12345698765432",
                                        "021000021/00123456",
                                        "#7"};

constexpr std::string_view kSchemes[] = {"",        "anydesk",  "goto",    "us-aba", "gb-sort-code",
                                         "bitcoin", "ethereum", "ripple",  "ton",    "telegram",
                                         "skype",   "cashapp",  "made-up", "BAD ::", "google-play"};

constexpr int kRounds = 60000;

std::string RandomValue(std::mt19937& random) {
  std::string value;
  for (auto pieces = 1 + random() % 8; pieces > 0; --pieces) {
    value.append(kPieces[random() % std::size(kPieces)]);
  }
  return value;
}

std::string RandomBytes(std::mt19937& random) {
  std::string bytes(random() % 64, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

void ExpectComesBack(v1::IdentifierType type, const Canonical& canonical, const Hints& hints,
                     std::string_view raw) {
  Canonical again = Taken(type, canonical.value, hints);
  EXPECT_EQ(again.value, canonical.value)
      << TypeWord(type) << " of " << testing::PrintToString(raw);
  EXPECT_EQ(again.standing, canonical.standing) << canonical.value;
  EXPECT_EQ(again.base_type, canonical.base_type) << canonical.value;
  EXPECT_EQ(again.base_value, canonical.base_value) << canonical.value;
  EXPECT_EQ(again.also_type, canonical.also_type) << canonical.value;
  EXPECT_EQ(again.also_value, canonical.also_value) << canonical.value;
}

TEST(Properties, ACanonicalValueComesBackAsItself) {
  std::mt19937 random(1);
  std::vector<int> taken(v1::IdentifierType_ARRAYSIZE);
  for (int round = 0; round < kRounds; ++round) {
    std::string raw = RandomValue(random);
    Hints hints{random() % 2 == 0 ? "GB" : "", kSchemes[random() % std::size(kSchemes)],
                random() % 8 == 0 ? "tag 1" : ""};
    auto type = static_cast<v1::IdentifierType>(1 + random() % 17);
    Normalised normalised = Normalise(type, raw, hints);
    const auto* canonical = std::get_if<Canonical>(&normalised);
    if (canonical == nullptr) continue;
    ++taken[static_cast<size_t>(type)];
    ExpectComesBack(type, *canonical, hints, raw);
    // What its own prefix says needs no hint.
    if (type != IDENTIFIER_TYPE_WALLET) ExpectComesBack(type, *canonical, {}, raw);
  }
  for (int type = 1; type < v1::IdentifierType_ARRAYSIZE; ++type) {
    if (type == IDENTIFIER_TYPE_PAYMENT_CARD) continue;
    EXPECT_GT(taken[static_cast<size_t>(type)], 0)
        << TypeWord(static_cast<v1::IdentifierType>(type));
  }
}

TEST(Properties, WhatAValueNamesTooIsCanonical) {
  std::mt19937 random(2);
  for (int round = 0; round < kRounds; ++round) {
    Normalised normalised = Normalise(IDENTIFIER_TYPE_URL, RandomValue(random), {});
    const auto* url = std::get_if<Canonical>(&normalised);
    if (url == nullptr) continue;
    EXPECT_EQ(Outcome(url->also_type, url->also_value), url->also_value);
    if (url->base_type != 0) {
      EXPECT_EQ(Outcome(url->base_type, url->base_value), url->base_value);
    }
  }
}

TEST(Properties, AnyBytesAreTakenOrRefusedWithTheTypesOwnCode) {
  std::mt19937 random(3);
  for (int round = 0; round < kRounds; ++round) {
    std::string raw = round % 2 == 0 ? RandomBytes(random) : RandomValue(random);
    std::string region = round % 3 == 0 ? RandomBytes(random) : "US";
    std::string scheme = round % 5 == 0 ? RandomBytes(random) : "";
    std::string sub_account = round % 7 == 0 ? RandomBytes(random) : "";
    auto type = static_cast<v1::IdentifierType>(1 + random() % 17);
    Normalised normalised = Normalise(type, raw, {region, scheme, sub_account});
    if (const auto* problem = std::get_if<Problem>(&normalised)) {
      EXPECT_TRUE(problem->code.starts_with(std::string(TypeWord(type)) + ".")) << problem->code;
    } else {
      EXPECT_EQ(CleanText(std::get<Canonical>(normalised).value).value_or("not UTF-8"),
                std::get<Canonical>(normalised).value);
    }
  }
}

TEST(Properties, LongValuesAreTakenInTimeThatGrowsWithTheirLength) {
  for (std::string_view piece :
       {"%%36%31", "a.", "/..", "&", "\u00e9", "(", "1", "xn--a", "\ufdfa"}) {
    std::string raw = "http://example.com/";
    while (raw.size() + piece.size() <= 2048) raw.append(piece);
    for (int number = 1; number < v1::IdentifierType_ARRAYSIZE; ++number) {
      auto type = static_cast<v1::IdentifierType>(number);
      Normalised normalised = Normalise(type, raw, {"US", "x", ""});
      if (const auto* canonical = std::get_if<Canonical>(&normalised)) {
        EXPECT_LE(canonical->value.size(), 2048u);
      }
    }
  }
}

// What the library itself says of the text as it is written.
std::string AsTheLibraryReads(const std::string& text, const std::string& region) {
  using i18n::phonenumbers::PhoneNumberUtil;
  const PhoneNumberUtil& numbers = *PhoneNumberUtil::GetInstance();
  i18n::phonenumbers::PhoneNumber number;
  const auto error = numbers.Parse(text, region, &number);
  if (error == PhoneNumberUtil::NOT_A_NUMBER) return "phone.not_a_number";
  const bool is_region_missing = error == PhoneNumberUtil::INVALID_COUNTRY_CODE_ERROR;
  if (is_region_missing && text.find('+') == std::string::npos) return "phone.no_region";
  if (error != PhoneNumberUtil::NO_PARSING_ERROR || !numbers.IsValidNumber(number))
    return "phone.not_valid";
  std::string canonical;
  numbers.Format(number, PhoneNumberUtil::E164, &canonical);
  return canonical;
}

TEST(Properties, PunctuationBetweenDigitsSaysNothing) {
  std::mt19937_64 rng(3);
  constexpr std::string_view kBetween[] = {"",  "",   "",   "",  " ",  "-",  ".",  "(",
                                           ")", ") ", " (", "/", "--", "()", " - "};
  constexpr std::string_view kBegin[] = {"",    "",  "+",   "+1",      "+44", "+49", "00",
                                         "011", "0", "(0)", "+44 (0)", "++",  "1"};
  constexpr std::string_view kNumbers[] = {"2125550123", "7911123456",  "15123456789", "3012345678",
                                           "612345678",  "13912345678", "900123456",   "12",
                                           "112",        "6502530000",  "5",           ""};
  size_t valid = 0;
  std::set<std::string> spellings;
  for (int i = 0; i < 3'000; ++i) {
    std::string text(kBegin[rng() % std::size(kBegin)]);
    for (const char digit : kNumbers[rng() % std::size(kNumbers)])
      text.append(kBetween[rng() % std::size(kBetween)]).push_back(digit);
    if (rng() % 4 == 0) text.append(kBetween[rng() % std::size(kBetween)]);
    if (rng() % 8 == 0 && !text.empty()) text[rng() % text.size()] = "+-x0,;"[rng() % 6];
    text = TrimWhiteSpace(text);
    if (text.empty()) continue;
    for (const char* region : {"US", "GB", "DE", ""}) {
      const std::string expected = AsTheLibraryReads(CollapseWhiteSpace(text), region);
      ASSERT_EQ(Outcome(IDENTIFIER_TYPE_PHONE, text, Region(region)), expected) << text;
      const std::string spelling = ShortestSpelling(IDENTIFIER_TYPE_PHONE, text);
      ASSERT_EQ(Outcome(IDENTIFIER_TYPE_PHONE, spelling, Region(region)), expected) << spelling;
      spellings.insert(spelling);
      valid += expected[0] == '+';
    }
  }
  EXPECT_GT(valid, 750u);
  EXPECT_LT(spellings.size(), 1'500u);
}

TEST(Properties, TheLibrarysExampleNumbersComeBack) {
  using i18n::phonenumbers::PhoneNumber;
  using i18n::phonenumbers::PhoneNumberUtil;
  const PhoneNumberUtil& numbers = *PhoneNumberUtil::GetInstance();
  std::set<std::string> regions;
  numbers.GetSupportedRegions(&regions);
  EXPECT_GT(regions.size(), 200u);
  for (const std::string& region : regions) {
    for (int type = 0; type <= PhoneNumberUtil::VOICEMAIL; ++type) {
      PhoneNumber number;
      if (!numbers.GetExampleNumberForType(
              region, static_cast<PhoneNumberUtil::PhoneNumberType>(type), &number)) {
        continue;
      }
      std::string international;
      std::string national;
      numbers.Format(number, PhoneNumberUtil::INTERNATIONAL, &international);
      numbers.Format(number, PhoneNumberUtil::NATIONAL, &national);
      std::string canonical = Outcome(IDENTIFIER_TYPE_PHONE, international);
      EXPECT_TRUE(canonical.starts_with('+')) << region << " " << international << " " << canonical;
      EXPECT_EQ(Outcome(IDENTIFIER_TYPE_PHONE, national, Region(region)), canonical) << national;
      EXPECT_EQ(Outcome(IDENTIFIER_TYPE_PHONE, canonical), canonical);
      EXPECT_EQ(Outcome(IDENTIFIER_TYPE_PHONE, canonical, Region("US")), canonical);
    }
  }
}

}  // namespace
}  // namespace ringfence::identifiers
