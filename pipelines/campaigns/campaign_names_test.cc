#include "pipelines/campaigns/campaign_names.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace ringfence::campaigns {
namespace {

NamingKey CountingKey() {
  NamingKey key;
  for (uint8_t i = 0; i < key.size(); ++i) key[i] = i;
  return key;
}

struct Vector {
  v1::IdentifierType type;
  const char* value;
  const char* id;
  const char* under_zeros;
  const char* under_counting;
};

// canonical-forms, "Identifier id and campaign id".
constexpr Vector kVectors[] = {
    {v1::IDENTIFIER_TYPE_PHONE, "+12125550123", "01c38b2913b35594a04c711a70a6a4b1",
     "mj5zc3dtor3ksr5kyyj4c2acdq", "2iycojnhy6id5udbwhw27ml4ye"},
    {v1::IDENTIFIER_TYPE_DOMAIN, "example.com", "04b021d32091ac9b530d3b138e276817",
     "ahlfimdgqyrtzojjdxnrfdfeva", "edvgug6e4ubqvo3y7kgopaltm4"},
    {v1::IDENTIFIER_TYPE_WALLET, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
     "0b523d187f55706a56c69c75e29cfd25", "pcjpbdnrqktwmvz46v2vsrciqe",
     "yfjqoxoo3cey7qmlb7r7rkipde"},
};

TEST(CampaignNames, AreTheContractsVectors) {
  const CampaignNames zeros({});
  const CampaignNames counting(CountingKey());
  for (const Vector& vector : kVectors) {
    const core::Id id = core::IdentifierId(vector.type, vector.value);
    ASSERT_EQ(id.Hex(), vector.id);
    EXPECT_EQ(zeros.NameOf(id), vector.under_zeros);
    EXPECT_EQ(counting.NameOf(id), vector.under_counting);
    EXPECT_EQ(zeros.OldestOf(vector.under_zeros), id);
    EXPECT_EQ(counting.OldestOf(vector.under_counting), id);
  }
}

TEST(CampaignNames, LeadBackToTheIdentifier) {
  const CampaignNames names(CountingKey());
  std::mt19937_64 random(11);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const core::Id id{random(), random()};
    const std::string name = names.NameOf(id);
    EXPECT_EQ(names.OldestOf(name), id);
    EXPECT_EQ(names.Reveal(names.Hide(id)), id);
    EXPECT_TRUE(seen.insert(name).second);
  }
}

TEST(CampaignNames, RefuseOtherTexts) {
  const CampaignNames names({});
  const std::string good = "mj5zc3dtor3ksr5kyyj4c2acdq";
  EXPECT_TRUE(names.OldestOf(good).has_value());
  EXPECT_FALSE(names.OldestOf("").has_value());
  EXPECT_FALSE(names.OldestOf(good.substr(1)).has_value());
  EXPECT_FALSE(names.OldestOf(good + "a").has_value());
  EXPECT_FALSE(names.OldestOf("MJ5ZC3DTOR3KSR5KYYJ4C2ACDQ").has_value());
  EXPECT_FALSE(names.OldestOf("1j5zc3dtor3ksr5kyyj4c2acdq").has_value());
  // The last character holds three bits, "q" is 10000: "r" says the same but for what is left over.
  EXPECT_FALSE(names.OldestOf("mj5zc3dtor3ksr5kyyj4c2acdr").has_value());
}

}  // namespace
}  // namespace ringfence::campaigns
