#include "services/publish/override_check.h"

#include <gtest/gtest.h>

#include "services/publish/organisations_file.h"

namespace ringfence::publish {
namespace {

constexpr core::Time kNow = 20'000 * core::kDay;

v1::Override Sound() {
  v1::Override override;
  override.set_type(v1::IDENTIFIER_TYPE_PHONE);
  override.set_value("+1 (212) 555-0142");
  override.set_effect(v1::Override::EFFECT_ALLOW);
  override.set_reason("own");
  return override;
}

std::string Problem(const v1::Override& override) {
  return std::string(CheckOverride(override, "ann", kNow).status().message());
}

TEST(CheckOverride, KeepsTheCanonicalValueAndWhoSetItWhen) {
  v1::Override override = Sound();
  override.set_set_by("somebody else");
  const auto record = CheckOverride(override, "ann", kNow);
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->override().value(), "+12125550142");
  EXPECT_EQ(record->override().set_by(), "ann");
  EXPECT_EQ(core::FromProto(record->override().set_at()), kNow);
  EXPECT_NE(record->override_news().base_lo(), 0u);
}

TEST(CheckOverride, RangesAreMaskedAndHaveNoBase) {
  v1::Override override = Sound();
  override.set_type(v1::IDENTIFIER_TYPE_IP);
  override.set_value("198.51.100.77/24");
  override.set_scope(v1::SCOPE_PREFIX);
  const auto record = CheckOverride(override, "ann", kNow);
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->override().value(), "198.51.100.0/24");
  EXPECT_EQ(record->override_news().base_hi(), 0u);
  override.set_value("198.51.100.0/4");
  EXPECT_EQ(Problem(override), "override.value: ip.range_too_wide");
  override.set_value("198.51.100.0");
  EXPECT_EQ(Problem(override), "override.value: ip.range_malformed");
  EXPECT_EQ(*CanonicalValue(v1::IDENTIFIER_TYPE_PHONE, "+1 800"), "+1800");
}

TEST(CheckOverride, NamesTheFieldThatIsWrong) {
  auto with = [](auto change) {
    v1::Override override = Sound();
    change(override);
    return Problem(override);
  };
  EXPECT_EQ(with([](auto& o) { o.clear_type(); }), "override.type: required");
  EXPECT_EQ(with([](auto& o) { o.set_type(v1::IDENTIFIER_TYPE_PAYMENT_REFERENCE); }),
            "override.type: never listed, nor linked");
  EXPECT_EQ(with([](auto& o) { o.clear_value(); }), "override.value: required");
  EXPECT_EQ(with([](auto& o) { o.set_value("call me"); }), "override.value: phone.not_a_number");
  EXPECT_EQ(with([](auto& o) { o.clear_effect(); }), "override.effect: required");
  EXPECT_EQ(with([](auto& o) { o.clear_reason(); }), "override.reason: required");
  EXPECT_EQ(with([](auto& o) { o.set_reason(std::string(1'001, 'x')); }),
            "override.reason: longer than 1,000 bytes");
  EXPECT_EQ(with([](auto& o) { *o.mutable_expires_at() = core::ToProto(kNow); }),
            "override.expires_at: not in the future");
  EXPECT_EQ(with([](auto& o) { o.set_effect(v1::Override::EFFECT_DISREGARD); }),
            "override.disregard_before: required with EFFECT_DISREGARD");
  EXPECT_EQ(with([](auto& o) { o.set_scope(v1::SCOPE_SUBTREE); }).substr(0, 15), "override.scope:");
}

TEST(ParseOrganisations, TakesPartnersAndWeights) {
  const auto list = ParseOrganisations(
      "f", "organisations:\n  - name: group\n    weight: 0.25\n    partners: [a, b]\n");
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_TRUE(list->listed());
  ASSERT_EQ(list->members_size(), 2);
  EXPECT_EQ(list->members(1).organisation(), "group");
  EXPECT_EQ(list->weights(0).weight(), 0.25);
}

TEST(ParseOrganisations, SaysWhereItIsWrong) {
  auto problem = [](const char* text) {
    return std::string(ParseOrganisations("f", text).status().message());
  };
  EXPECT_EQ(problem("organisations:\n  - name: group\n    weight: 0.9\n    partners: [a]\n"),
            "f:3: weight: 0 to 0.5");
  EXPECT_EQ(problem("organisations:\n  - name: one\n    partners: [a]\n  - name: two\n"
                    "    partners: [a]\n"),
            "f:5: partners: one belongs to one organisation only");
  EXPECT_NE(problem("partners: []\n"), "");
}

}  // namespace
}  // namespace ringfence::publish
