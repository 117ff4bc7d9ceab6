#include "services/runtime/normalise_memory.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace ringfence::runtime {
namespace {

using identifiers::Canonical;
using identifiers::Normalised;

Normalised Answer(const std::string& value) {
  Canonical canonical;
  canonical.value = value;
  return canonical;
}

std::string ValueOf(const std::optional<Normalised>& answer) {
  const Canonical* canonical = answer ? std::get_if<Canonical>(&*answer) : nullptr;
  return canonical == nullptr ? "" : canonical->value;
}

TEST(NormaliseMemory, IsBounded) {
  SharedNormaliseMemory memory;
  for (int i = 0; i < 200'000; ++i) memory.Remember(std::to_string(i), Answer("v"));
  int held = 0;
  for (int i = 0; i < 200'000; ++i) held += memory.Find(std::to_string(i)).has_value();
  EXPECT_LE(held, 64 * 1024);
  EXPECT_GE(held, 32 * 1024) << "it forgets what it has room for";
  EXPECT_EQ(ValueOf(memory.Find("199999")), "v");
}

TEST(NormaliseMemory, ThreadsGetTheirOwnAnswers) {
  SharedNormaliseMemory memory;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&memory, t] {
      for (int i = 0; i < 20'000; ++i) {
        const std::string question = std::to_string((i * 7 + t) % 5'000);
        const std::optional<Normalised> known = memory.Find(question);
        if (known) {
          ASSERT_EQ(ValueOf(known), "of " + question);
        }
        memory.Remember(question, Answer("of " + question));
      }
    });
  }
}

// A cache over a memory that others filled answers from it.
TEST(NormaliseMemory, IsSharedByCaches) {
  auto memory = std::make_shared<SharedNormaliseMemory>();
  intake::NormaliseCache one(memory);
  intake::NormaliseCache other(memory);
  identifiers::Hints hints;
  hints.region = "GB";
  const Normalised first = one.Normalise(v1::IDENTIFIER_TYPE_PHONE, "020 7946 0958", hints);
  EXPECT_EQ(ValueOf(first), "+442079460958");
  EXPECT_EQ(ValueOf(other.Normalise(v1::IDENTIFIER_TYPE_PHONE, "020 7946 0958", hints)),
            "+442079460958");
  // Another region is another question.
  hints.region = "DE";
  EXPECT_NE(ValueOf(other.Normalise(v1::IDENTIFIER_TYPE_PHONE, "020 7946 0958", hints)),
            "+442079460958");
}

}  // namespace
}  // namespace ringfence::runtime
