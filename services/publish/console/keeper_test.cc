#include "services/publish/console/keeper.h"

#include <gtest/gtest.h>

#include <string>

namespace ringfence::publish {
namespace {

TEST(Keeper, MakesAnAnswerOnceForManyWhoAsk) {
  Keeper<std::string, int> keeper(2);
  int made = 0;
  const auto make = [&] { return ++made; };
  EXPECT_EQ(*keeper.Get("a", 1, make), 1);
  EXPECT_EQ(*keeper.Get("a", 1, make), 1);
  // Something has changed, but the answer is of just now.
  EXPECT_EQ(*keeper.Get("a", 2, make), 1);
  EXPECT_EQ(*keeper.Get("b", 2, make), 2);
}

TEST(Keeper, OfTooManyTheOldestGoes) {
  Keeper<std::string, int> keeper(2);
  int made = 0;
  const auto make = [&] { return ++made; };
  for (const char* key : {"a", "b", "c"}) keeper.Get(key, 1, make);
  EXPECT_EQ(*keeper.Get("c", 1, make), 3);
  EXPECT_EQ(*keeper.Get("b", 1, make), 2);
  EXPECT_EQ(*keeper.Get("a", 1, make), 4);
}

}  // namespace
}  // namespace ringfence::publish
