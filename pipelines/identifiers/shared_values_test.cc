#include "pipelines/identifiers/shared_values.h"

#include <gtest/gtest.h>

#include <set>

#include "pipelines/identifiers/normalise.h"
#include "pipelines/identifiers/policy.h"

namespace ringfence::identifiers {
namespace {

TEST(SharedValues, AreCanonicalDistinctAndHaveAPublicSource) {
  std::set<std::string_view> values;
  for (const SharedValue& shared : SharedValues()) {
    const Normalised normalised = Normalise(shared.type, shared.value, {});
    const auto* canonical = std::get_if<Canonical>(&normalised);
    ASSERT_NE(canonical, nullptr) << shared.value;
    EXPECT_EQ(canonical->value, shared.value);
    EXPECT_TRUE(shared.source.starts_with("https://")) << shared.value;
    EXPECT_TRUE(values.insert(shared.value).second) << shared.value;
  }
}

TEST(SharedValues, LinkNothingHoweverTheyAreWritten) {
  for (const auto& [type, value] :
       {std::pair(v1::IDENTIFIER_TYPE_IP, "8.8.8[.]8"),
        std::pair(v1::IDENTIFIER_TYPE_IP, "2001:4860:4860:0::8888"),
        std::pair(v1::IDENTIFIER_TYPE_WALLET, "0xdAC17F958D2ee523a2206206994597C13D831ec7")}) {
    const Normalised normalised = Normalise(type, value, {});
    const auto* canonical = std::get_if<Canonical>(&normalised);
    ASSERT_NE(canonical, nullptr) << value;
    EXPECT_EQ(canonical->standing, internal::v1::STANDING_SHARED_HOST) << value;
    EXPECT_FALSE(Links(type, v1::IDENTIFIER_ROLE_BENEFICIARY, false, canonical->standing));
  }
  EXPECT_FALSE(IsSharedValue(v1::IDENTIFIER_TYPE_IP, "8.8.8.9"));
  EXPECT_FALSE(IsSharedValue(v1::IDENTIFIER_TYPE_DOMAIN, "8.8.8.8"));
  EXPECT_FALSE(IsSharedValue(v1::IDENTIFIER_TYPE_WALLET, ""));
}

}  // namespace
}  // namespace ringfence::identifiers
