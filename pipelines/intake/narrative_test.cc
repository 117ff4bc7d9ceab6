#include "pipelines/intake/narrative.h"

#include <gtest/gtest.h>

#include <bit>
#include <string>

namespace ringfence::intake {
namespace {

constexpr char kStory[] =
    "A man who said he was from the bank called me in the evening and told me that somebody was "
    "trying to take my savings, so I had to move the money to a safe account at once.";

int Differ(uint64_t a, uint64_t b) { return std::popcount(a ^ b); }

class Narratives : public testing::Test {
 protected:
  uint64_t Of(const std::string& text) const { return fingerprints_.Of(text); }
  NarrativeFingerprints fingerprints_{{.id = "k1", .secret = {1, 2, 3}}};
};

TEST_F(Narratives, CopiesOfOneTextAreNear) {
  const std::string story = kStory;
  EXPECT_EQ(Differ(Of(story), Of("  " + story + "\n")), 0);
  EXPECT_LE(Differ(Of(story + story + story), Of(story + story + story + " Please help me.")), 8);
}

TEST_F(Narratives, TextsOfTwoPeopleAreFar) {
  EXPECT_GE(
      Differ(Of(kStory), Of("I found a site that sells telephones for half of the price, paid "
                            "with my card, and nothing was ever delivered to my house.")),
      16);
}

TEST_F(Narratives, NumbersAndAddressesAreNotInIt) {
  const std::string story = kStory;
  EXPECT_EQ(Of(story + " My number is +12125550123."), Of(story + " My number is +12125550199."));
  EXPECT_EQ(Of(story + " Write to jane@example.com"), Of(story + " Write to john@example.com"));
}

TEST_F(Narratives, AShortOneHasNone) {
  EXPECT_EQ(Of(""), 0u);
  EXPECT_EQ(Of("They said my computer was ill."), 0u);
  EXPECT_EQ(Of(std::string(16'384, '\xff')), 0u);
}

TEST_F(Narratives, AnotherKeySaysSomethingElse) {
  const NarrativeFingerprints other({.id = "k2", .secret = {9}});
  EXPECT_GE(Differ(Of(kStory), other.Of(kStory)), 16);
}

}  // namespace
}  // namespace ringfence::intake
