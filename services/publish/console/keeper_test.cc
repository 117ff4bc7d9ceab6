#include "services/publish/console/keeper.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

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

TEST(Keeper, WhereNoneIsMadeYetOthersWaitForTheFirst) {
  Keeper<int, int> keeper(1);
  std::atomic<int> made = 0;
  std::vector<std::jthread> threads;
  std::atomic<uint64_t> asked = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      EXPECT_EQ(*keeper.Get(0, ++asked,
                            [&] {
                              std::this_thread::sleep_for(std::chrono::milliseconds(100));
                              return ++made;
                            }),
                1);
    });
  }
  threads.clear();
  EXPECT_EQ(made, 1);
}

TEST(Keeper, WhatWasDearIsMadeAnewSoonWhereItIsHastened) {
  Keeper<int, int> keeper(1);
  int made = 0;
  const auto make = [&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    return ++made;
  };
  // Is kept for four seconds.
  keeper.Get(0, 1, make);
  keeper.Hasten();
  EXPECT_EQ(*keeper.Get(0, 2, make), 1);
  std::this_thread::sleep_for(std::chrono::milliseconds(2'100));
  EXPECT_EQ(*keeper.Get(0, 2, make), 2);
  EXPECT_EQ(*keeper.Get(0, 3, make), 2);
}

}  // namespace
}  // namespace ringfence::publish
