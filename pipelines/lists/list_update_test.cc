#include "pipelines/lists/list_update.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "pipelines/lists/rice.h"

namespace ringfence::lists {
namespace {

Elements Random(std::mt19937_64& rng, Form form, size_t count) {
  std::set<uint64_t> chosen;
  const uint64_t max = form == Form::kNumbers ? 999'999'999'999'999 : 0xffff'ffff;
  std::uniform_int_distribution<uint64_t> any(0, max);
  while (chosen.size() < count) chosen.insert(any(rng));
  return {chosen.begin(), chosen.end()};
}

Update Whole(Form form, Elements elements, std::string version) {
  Update update;
  update.form = form;
  update.version = std::move(version);
  update.count = elements.size();
  update.sum = SumOf(elements, form);
  update.additions = std::move(elements);
  return update;
}

TEST(ListUpdate, ComesBackAsItWasWritten) {
  std::mt19937_64 rng(1);
  for (const Form form : {Form::kNumbers, Form::kPrefixes}) {
    for (const size_t count : {0, 1, 2, 3, 100, 10'000}) {
      Update update = Whole(form, Random(rng, form, count), "v2");
      update.from = "v1";
      update.removals = Random(rng, form, count / 2);
      const absl::StatusOr<Update> decoded = Decode(Encode(update));
      ASSERT_TRUE(decoded.ok()) << decoded.status();
      EXPECT_EQ(decoded->form, form);
      EXPECT_EQ(decoded->from, "v1");
      EXPECT_EQ(decoded->version, "v2");
      EXPECT_EQ(decoded->removals, update.removals);
      EXPECT_EQ(decoded->additions, update.additions);
      EXPECT_EQ(decoded->count, count);
      EXPECT_EQ(decoded->sum, update.sum);
    }
  }
}

// The example of Safe Browsing's documentation of Rice coding has no bytes; this one is by hand:
// parameter 2, gaps 15 and 9: 111 0 11, 11 0 10 (remainder 1, least significant bit first).
TEST(ListUpdate, RiceCodingIsThatOfSafeBrowsing) {
  EXPECT_EQ(EncodeRice({15, 9}, 2), std::string("\xf7\x02", 2));
  EXPECT_EQ(*DecodeRice("\xf7\x02", 2, 2), (std::vector<uint64_t>{15, 9}));
}

TEST(ListUpdate, RiceCodedPrefixesAreSmall) {
  std::mt19937_64 rng(2);
  const Update update = Whole(Form::kPrefixes, Random(rng, Form::kPrefixes, 100'000), "v");
  // log2(2^32 / 100,000) + 1.5 bits at best.
  EXPECT_LT(Encode(update).size() * 8, size_t{100'000} * 173 / 10);
}

TEST(ListUpdate, AHeldListFollowsAndHoldsWhatItShould) {
  std::mt19937_64 rng(3);
  for (const Form form : {Form::kNumbers, Form::kPrefixes}) {
    HeldList held(form);
    std::set<uint64_t> truth;
    ASSERT_TRUE(held.Apply(Whole(form, {}, "0")).ok());
    for (int step = 1; step < 200; ++step) {
      Update update;
      update.form = form;
      update.from = std::to_string(step - 1);
      update.version = std::to_string(step);
      update.additions = Random(rng, form, rng() % 20);
      for (const uint64_t element : truth) {
        if (rng() % 10 == 0) update.removals.push_back(element);
      }
      for (const uint64_t element : update.removals) truth.erase(element);
      truth.insert(update.additions.begin(), update.additions.end());
      const Elements expected(truth.begin(), truth.end());
      update.count = expected.size();
      update.sum = SumOf(expected, form);
      ASSERT_TRUE(held.Apply(*Decode(Encode(update))).ok());
      EXPECT_EQ(held.elements(), expected);
      EXPECT_EQ(held.version(), update.version);
    }
  }
}

TEST(ListUpdate, WhatDoesNotFitChangesNothing) {
  HeldList held(Form::kNumbers);
  ASSERT_TRUE(held.Apply(Whole(Form::kNumbers, {1, 2, 3}, "a")).ok());
  Update update = Whole(Form::kNumbers, {4}, "c");
  update.from = "b";
  EXPECT_EQ(held.Apply(update).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(held.Apply(Whole(Form::kPrefixes, {4}, "c")).code(),
            absl::StatusCode::kFailedPrecondition);
  update.from = "a";
  EXPECT_EQ(held.Apply(update).code(), absl::StatusCode::kDataLoss);
  update = Whole(Form::kNumbers, {4}, "c");
  update.sum[0] ^= 1;
  EXPECT_EQ(held.Apply(update).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(held.elements(), (Elements{1, 2, 3}));
  EXPECT_EQ(held.version(), "a");
}

// Cut anywhere, or with any byte changed: refused, or what is held stays right.
TEST(ListUpdate, DamageNeverGetsIntoAHeldList) {
  std::mt19937_64 rng(4);
  for (const Form form : {Form::kNumbers, Form::kPrefixes}) {
    HeldList good(form);
    const Elements before = Random(rng, form, 30);
    ASSERT_TRUE(good.Apply(Whole(form, before, "a")).ok());
    Update update = Whole(form, Random(rng, form, 30), "b");
    update.from = "a";
    update.removals = before;
    const std::string bytes = Encode(update);
    for (size_t i = 0; i < bytes.size(); ++i) {
      EXPECT_FALSE(Decode(bytes.substr(0, i)).ok());
      for (int bit = 0; bit < 8; ++bit) {
        std::string damaged = bytes;
        damaged[i] = static_cast<char>(static_cast<unsigned char>(damaged[i]) ^ 1U << bit);
        const absl::StatusOr<Update> decoded = Decode(damaged);
        HeldList held = good;
        if (!decoded.ok() || !held.Apply(*decoded).ok()) {
          EXPECT_EQ(held.elements(), before);
          continue;
        }
        EXPECT_EQ(held.elements(), update.additions);
      }
    }
  }
}

}  // namespace
}  // namespace ringfence::lists
