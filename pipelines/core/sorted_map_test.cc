#include "pipelines/core/sorted_map.h"

#include <gtest/gtest.h>

#include <array>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <utility>
#include <vector>

namespace ringfence::core {
namespace {

using Map = SortedMap<int, std::unique_ptr<int>>;
using Model = std::map<int, int>;

void ExpectSame(const Map& map, const Model& model) {
  ASSERT_EQ(map.size(), model.size());
  EXPECT_EQ(map.empty(), model.empty());
  auto expected = model.begin();
  for (const auto& [key, value] : map) {
    EXPECT_EQ(key, expected->first);
    EXPECT_EQ(*value, expected->second);
    ++expected;
  }
  if (!model.empty()) {
    EXPECT_EQ(map.last_key(), std::prev(model.end())->first);
  }
}

// Sizes go up and down through that at which an array becomes a tree, and a tree an array.
TEST(SortedMapTest, IsAMap) {
  std::mt19937 random(7);
  for (const int keys : {1, 8, 40, 60, 300}) {
    Map map;
    Model model;
    for (int step = 0; step < 4'000; ++step) {
      const int key = static_cast<int>(random() % static_cast<unsigned>(keys));
      const bool grows = step / 500 % 2 == 0;
      const auto found = map.find(key);
      ASSERT_EQ(found != map.end(), model.contains(key));
      ASSERT_EQ(map.contains(key), model.contains(key));
      const auto from = map.lower_bound(key);
      const auto expected = model.lower_bound(key);
      ASSERT_EQ(from == map.end(), expected == model.end());
      if (expected != model.end()) {
        ASSERT_EQ(from->first, expected->first);
      }
      if (random() % 4 != 0 ? grows : !grows) {
        const auto [at, is_new] = map.try_emplace(key, std::make_unique<int>(step));
        ASSERT_EQ(is_new, model.try_emplace(key, step).second);
        ASSERT_EQ(at->first, key);
        ASSERT_EQ(*at->second, model.at(key));
      } else if (step % 2 == 0) {
        ASSERT_EQ(map.erase(key), model.erase(key));
      } else if (found != map.end()) {
        map.erase(found);
        model.erase(key);
      }
      if (step % 100 == 0) ExpectSame(map, model);
    }
    ExpectSame(map, model);
  }
}

TEST(SortedMapTest, ValuesAreChangedInPlace) {
  for (const int size : {3, 100}) {
    SortedMap<int, int> map;
    for (int key = size; key-- > 0;) map[key] = key;
    for (auto [key, value] : map) value *= 2;
    map.insert_or_assign(1, 50);
    map.find(2)->second += 1;
    EXPECT_EQ(map.at(0), 0);
    EXPECT_EQ(map.at(1), 50);
    EXPECT_EQ(map.at(2), 5);
    EXPECT_EQ(std::as_const(map).at(size - 1), size == 3 ? 5 : 2 * (size - 1));
  }
}

TEST(SortedMapDeathTest, AskedForWhatIsNotThereItEndsTheProcess) {
  const SortedMap<int, int> empty;
  EXPECT_DEATH(static_cast<void>(empty.at(1)), "");
  SortedMap<int, int> map;
  map[1] = 1;
  EXPECT_DEATH(static_cast<void>(map.at(2)), "");
}

TEST(SortedMapTest, CopiesAreTheirOwn) {
  for (const int size : {3, 100}) {
    SortedMap<int, int> map;
    for (int key = 0; key < size; ++key) map[key] = key;
    SortedMap<int, int> copy(map);
    copy[1] = 7;
    copy.erase(2);
    EXPECT_EQ(map.at(1), 1);
    EXPECT_EQ(map.size(), static_cast<size_t>(size));
    EXPECT_EQ(copy.size(), static_cast<size_t>(size - 1));
    const SortedMap<int, int> moved(std::move(copy));
    EXPECT_EQ(moved.at(1), 7);
  }
}

// The array grows in small steps.
TEST(SortedMapTest, HasLittleRoomToSpare) {
  SortedMap<int, std::array<char, 96>> map;
  for (int key = 0; key < 6; ++key) map[key];
  EXPECT_LE(map.allocated_bytes(), 8u * 100);
}

}  // namespace
}  // namespace ringfence::core
