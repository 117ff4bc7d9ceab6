#include "pipelines/core/decimal.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace ringfence::core {
namespace {

std::string Shown(std::string_view text) {
  auto decimal = Decimal::Parse(text);
  return decimal ? decimal->ToString() : "none";
}

TEST(Decimal, PrintsWithoutTrailingZeros) {
  EXPECT_EQ(Shown("299.00"), "299");
  EXPECT_EQ(Shown("0.50"), "0.5");
  EXPECT_EQ(Shown("007.010"), "7.01");
  EXPECT_EQ(Shown("999999999999999999.999999999999999999"),
            "999999999999999999.999999999999999999");
}

TEST(Decimal, RefusesAllButPlainDecimals) {
  for (std::string_view text : {"", ".", ".5", "5.", "-1", "+1", "1e3", "1,000", " 1", "1.2.3",
                                "1000000000000000000", "0.1234567890123456789"}) {
    EXPECT_EQ(Shown(text), "none") << text;
  }
}

TEST(Decimal, SumsAreExactInAnyOrderAndTakenBack) {
  std::mt19937_64 random(7);
  Decimal sum;
  std::vector<Decimal> amounts;
  for (int i = 0; i < 1000; ++i) {
    amounts.push_back(*Decimal::Parse(std::to_string(random() % 1'000'000'000'000'000'000) + "." +
                                      std::to_string(random() % 1'000'000'000)));
    sum += amounts.back();
  }
  Decimal backwards;
  for (auto it = amounts.rbegin(); it != amounts.rend(); ++it) backwards += *it;
  EXPECT_EQ(sum, backwards);
  for (const Decimal& amount : amounts) sum -= amount;
  EXPECT_TRUE(sum.IsZero());
}

TEST(Decimal, ReadsItsOwnSumsAgain) {
  Decimal sum;
  for (int i = 0; i < 1000; ++i) sum += *Decimal::Parse("999999999999999999.9");
  EXPECT_EQ(sum.ToString(), "999999999999999999900");
  ASSERT_TRUE(Decimal::ParseSum(sum.ToString()).has_value());
  EXPECT_EQ(*Decimal::ParseSum(sum.ToString()), sum);
  EXPECT_FALSE(Decimal::ParseSum(std::string(39, '9')).has_value());
  EXPECT_FALSE(Decimal::ParseSum("-1").has_value());
}

TEST(Decimal, CarriesOverThePoint) {
  Decimal sum = *Decimal::Parse("0.999999999999999999");
  sum += *Decimal::Parse("0.000000000000000001");
  EXPECT_EQ(sum.ToString(), "1");
  sum -= *Decimal::Parse("0.5");
  EXPECT_EQ(sum.ToString(), "0.5");
}

}  // namespace
}  // namespace ringfence::core
