#include "pipelines/identifiers/text.h"

#include <gtest/gtest.h>

namespace ringfence::identifiers {
namespace {

TEST(CleanText, TrimsWhiteSpaceOfAnyScript) {
  EXPECT_EQ(CleanText(" \t\r\n a b \v\f"), "a b");
  EXPECT_EQ(CleanText("\u00a0\u1680\u2003\u2028\u202f\u205f\u3000a\u0085"), "a");
  EXPECT_EQ(CleanText(" "), "");
  EXPECT_EQ(CleanText(""), "");
}

TEST(CleanText, RemovesWhatCannotBeSeen) {
  EXPECT_EQ(CleanText("a\u200b\u200c\u200d\u2060\ufeffb"), "ab");
  EXPECT_EQ(CleanText("\u200ea\u200f\u202ab\u202e\u2066c\u2069"), "abc");
  EXPECT_EQ(CleanText("a\u00ad\u034f\u061c\u180e\ufe0fb"), "ab");
  EXPECT_EQ(CleanText("a\U000e0041\U000e0100b"), "ab");
  EXPECT_EQ(CleanText(std::string_view("a\0\x01\x7f\u0080b", 7)), "ab");
  EXPECT_EQ(CleanText(" \u200b a \u200b "), "a");
}

TEST(CleanText, IsInNfkc) {
  EXPECT_EQ(CleanText("ﬁ①Ａ㎏"), "fi1Akg");
  EXPECT_EQ(CleanText("e\u0301"), "é");
  EXPECT_EQ(CleanText("\u212b"), "Å");
  EXPECT_EQ(CleanText("e\u200b\u0301"), "é");
  EXPECT_EQ(CleanText("a\uffa0b\u3164"), "ab");
  // Their own forms begin with spaces.
  EXPECT_EQ(CleanText("\u00a8"), "\u0308");
}

std::string Utf8(char32_t c) {
  auto tail = [c](int shift) { return static_cast<char>(0x80 | (c >> shift & 0x3f)); };
  if (c < 0x80) return {static_cast<char>(c)};
  if (c < 0x800) return {static_cast<char>(0xc0 | c >> 6), tail(0)};
  if (c < 0x10000) return {static_cast<char>(0xe0 | c >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xf0 | c >> 18), tail(12), tail(6), tail(0)};
}

TEST(CleanText, OfEveryCharacterIsCleanBesideAMark) {
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (c >= 0xd800 && c < 0xe000) continue;
    std::optional<std::string> clean = CleanText("a" + Utf8(c) + "\u0301");
    ASSERT_TRUE(clean.has_value()) << static_cast<uint32_t>(c);
    ASSERT_EQ(CleanText(*clean), clean) << static_cast<uint32_t>(c);
  }
}

TEST(CleanText, RefusesWhatIsNotUtf8) {
  for (std::string_view raw : {"\xff", "a\xc3", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80",
                               "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\x80"}) {
    EXPECT_EQ(CleanText(raw), std::nullopt);
  }
}

TEST(Case, FollowsUnicodeInNfkc) {
  EXPECT_EQ(ToLower("ÀÉÎ ΣΊΣΥΦΟΣ Ж"), "àéî σίσυφος ж");
  EXPECT_EQ(ToLower("İ"), "i\u0307");
  EXPECT_EQ(ToUpper("straße ŉ"), "STRASSE ʼN");
  for (std::string_view text : {"İ", "ŉ", "ǰ", "ΐ", "ﬀ", "ẞ", "ᾳ", "\u1e96"}) {
    EXPECT_EQ(ToUpper(ToUpper(text)), ToUpper(text)) << text;
    EXPECT_EQ(ToLower(ToLower(text)), ToLower(text)) << text;
  }
}

TEST(Refang, UndoesWhatCanStandInAHost) {
  EXPECT_EQ(Refang("a[.]b(.)c{.}d[dot]e(DOT)f"), "a.b.c.d.e.f");
  EXPECT_EQ(Refang("[2001:db8::1]"), "[2001:db8::1]");
  EXPECT_EQ(Refang("a[at]b"), "a[at]b");
  EXPECT_EQ(Refang("{dot}[.)"), "{dot}[.)");
  EXPECT_EQ(RefangEmail("a[at]b(AT)c[.]d"), "a@b@c.d");
}

TEST(WhiteSpace, IsCollapsed) {
  EXPECT_EQ(CollapseWhiteSpace("  a \t\u3000 b  "), "a b");
  EXPECT_EQ(CollapseWhiteSpace(" "), "");
  EXPECT_TRUE(HoldsWhiteSpace("a\u3000b"));
  EXPECT_FALSE(HoldsWhiteSpace("a-b"));
}

TEST(LettersAndDigits, KnowsSeparatorsFromMasks) {
  EXPECT_EQ(LettersAndDigits("ab-12 3.4_5,6\u2013\u30007"), "AB1234567");
  EXPECT_EQ(LettersAndDigits("12*4"), std::nullopt);
  EXPECT_EQ(LettersAndDigits("é"), std::nullopt);
  EXPECT_EQ(LettersAndDigits(""), "");
}

TEST(PercentDecoded, LeavesWhatIsNoEscape) {
  EXPECT_EQ(PercentDecoded("%41%6a%"), "Aj%");
  EXPECT_EQ(PercentDecoded("%4"), "%4");
  EXPECT_EQ(PercentDecoded("%zz"), "%zz");
  EXPECT_EQ(PercentDecoded("%2541"), "%41");
}

}  // namespace
}  // namespace ringfence::identifiers
