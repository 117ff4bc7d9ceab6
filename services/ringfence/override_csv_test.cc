#include "services/ringfence/override_csv.h"

#include <gtest/gtest.h>

namespace ringfence::cli {
namespace {

constexpr v1::Override::Effect kEffect = v1::Override::EFFECT_ALLOW;

TEST(OverrideCsv, TakesHeaderQuotesAndRanges) {
  const auto overrides = ParseOverrideCsv(
      "type,value,reason\r\nphone,+442079460018,\"Bank, "
      "\"\"own\"\"\"\r\n\r\nip,198.51.100.0/24,nat\n"
      "phone,+1800*,toll free",
      kEffect);
  ASSERT_TRUE(overrides.ok()) << overrides.status();
  ASSERT_EQ(overrides->size(), 3u);
  EXPECT_EQ((*overrides)[0].reason(), "Bank, \"own\"");
  EXPECT_EQ((*overrides)[0].scope(), v1::SCOPE_UNSPECIFIED);
  EXPECT_EQ((*overrides)[1].scope(), v1::SCOPE_PREFIX);
  EXPECT_EQ((*overrides)[2].scope(), v1::SCOPE_PREFIX);
}

TEST(OverrideCsv, NamesLineAndColumnOfWhatIsWrong) {
  auto message = [](const char* text) {
    return std::string(ParseOverrideCsv(text, kEffect).status().message());
  };
  EXPECT_EQ(message("phone,+1,a\nfax,+1,a").substr(0, 12), "line 2: type");
  EXPECT_EQ(message("phone,,a"), "line 1: value: required");
  EXPECT_EQ(message("phone,+1,"), "line 1: reason: required");
  EXPECT_EQ(message("phone,+1"), "line 1: type, value and reason are expected");
  EXPECT_EQ(message("phone,\"+1,a"), "line 1: a quote that is not closed");
}

}  // namespace
}  // namespace ringfence::cli
