#include "pipelines/ties/reasons.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace ringfence::ties {
namespace {

NodeKey Key(uint64_t number, int32_t day = 0) {
  const auto type = static_cast<uint64_t>(v1::IDENTIFIER_TYPE_PHONE);
  return {{type << 56 | number, number}, day};
}

NodeFacts AnyFacts(std::mt19937_64& random, const NodeKey& other) {
  NodeFacts facts;
  facts.established = random() % 2 == 0;
  facts.reach = static_cast<uint8_t>(1 + random() % 2);
  if (random() % 4 == 0) {
    facts.infrastructure = random() % 2 == 0 ? Infrastructure::kByRule : Infrastructure::kDeclared;
    return facts;
  }
  if (random() % 4 == 0) facts.home = other;
  facts.home_in_doubt = facts.home.has_value() && random() % 2 == 0;
  if (random() % 2 == 0) facts.anchors.push_back({Key(9), 0});
  return facts;
}

// Whatever the two ends are: the reason is one for what the rule says, and all are met.
TEST(Reasons, AgreeWithTheRuleWhateverTheEndsAre) {
  std::mt19937_64 random(7);
  const Rules rules;
  std::set<Reason> met;
  for (int i = 0; i < 20'000; ++i) {
    const NodeKey one = Key(1);
    const NodeKey other = Key(2, random() % 4 == 0 ? 20'000 : 0);
    const NodeFacts of_one = AnyFacts(random, other);
    const NodeFacts of_other = AnyFacts(random, one);
    const auto incidents = static_cast<uint32_t>(1 + random() % 3);
    const Tie tie{incidents, static_cast<uint32_t>(1 + random() % incidents), incidents, 0, 0};
    const Verdict verdict = Judge({one, of_one}, {other, of_other}, tie, rules);
    const bool vouched = random() % 2 == 0;
    const bool heard = random() % 8 != 0;
    const bool active =
        heard && (verdict == Verdict::kActive || (verdict == Verdict::kIfVouchedFor && vouched));
    const Reason reason = ReasonOf({one, of_one}, {other, of_other}, tie, active, heard, rules);
    ASSERT_EQ(IsActive(reason), active) << WordOf(reason);
    ASSERT_EQ(reason == Reason::kVouchedFor, active && verdict == Verdict::kIfVouchedFor);
    ASSERT_EQ(reason, ReasonOf({other, of_other}, {one, of_one}, tie, active, heard, rules));
    met.insert(reason);
  }
  EXPECT_EQ(met.size(), 10u);
}

TEST(Reasons, HaveAWordEach) {
  std::set<std::string_view> words;
  for (int i = 0; i <= static_cast<int>(Reason::kTooThin); ++i) {
    words.insert(WordOf(static_cast<Reason>(i)));
  }
  EXPECT_EQ(words.size(), 10u);
  EXPECT_FALSE(words.contains(""));
}

}  // namespace
}  // namespace ringfence::ties
