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

v1::Override Put(v1::IdentifierType type, std::string value, v1::Override::Effect effect,
                 v1::Scope scope, std::string reason) {
  v1::Override override;
  override.set_type(type);
  override.set_value(std::move(value));
  override.set_effect(effect);
  override.set_scope(scope);
  override.set_reason(std::move(reason));
  return override;
}

TEST(OverrideCsv, WhatIsWrittenIsReadAgainWhole) {
  std::vector<v1::Override> overrides = {
      Put(v1::IDENTIFIER_TYPE_PHONE, "+442079460018", v1::Override::EFFECT_ALLOW,
          v1::SCOPE_UNSPECIFIED, "Bank, \"own\"\r\nsecond line"),
      Put(v1::IDENTIFIER_TYPE_PHONE, "+1800", v1::Override::EFFECT_APPEAL, v1::SCOPE_PREFIX,
          "=formula"),
      Put(v1::IDENTIFIER_TYPE_DOMAIN, "bank.example", v1::Override::EFFECT_WITHHOLD,
          v1::SCOPE_SUBTREE, "police"),
      Put(v1::IDENTIFIER_TYPE_IP, "198.51.100.0/24", v1::Override::EFFECT_SHARED_INFRASTRUCTURE,
          v1::SCOPE_PREFIX, "nat"),
      Put(v1::IDENTIFIER_TYPE_SOCIAL_HANDLE, "@someone", v1::Override::EFFECT_CANARY,
          v1::SCOPE_UNSPECIFIED, "planted"),
      Put(v1::IDENTIFIER_TYPE_IBAN, "GB82WEST12345698765432", v1::Override::EFFECT_CONFIRMED,
          v1::SCOPE_UNSPECIFIED, "its custodian"),
      Put(v1::IDENTIFIER_TYPE_EMAIL, "a@b.example", v1::Override::EFFECT_DISREGARD,
          v1::SCOPE_UNSPECIFIED, "new owner"),
  };
  overrides[1].mutable_expires_at()->set_seconds(1796083200);
  overrides[6].mutable_disregard_before()->set_seconds(1772323200);
  overrides[6].mutable_disregard_before()->set_nanos(5);
  overrides[6].set_reference("C-17, \"second\"");
  std::string text(kOverrideCsvHeader);
  for (const v1::Override& override : overrides) AppendOverrideCsv(override, text);
  const auto read = ParseOverrideCsv(text, v1::Override::EFFECT_APPEAL);
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->size(), overrides.size());
  for (size_t i = 0; i < overrides.size(); ++i) {
    EXPECT_EQ((*read)[i].SerializeAsString(), overrides[i].SerializeAsString()) << text;
  }
}

TEST(OverrideCsv, TakesColumnsInAnyOrderAndWithoutThoseThatMayBeLeftOut) {
  const auto overrides =
      ParseOverrideCsv("reason,effect,value,type\nown,,+1,phone\nnat,canary,+2,phone\n", kEffect);
  ASSERT_TRUE(overrides.ok()) << overrides.status();
  ASSERT_EQ(overrides->size(), 2u);
  EXPECT_EQ((*overrides)[0].effect(), kEffect);
  EXPECT_EQ((*overrides)[1].effect(), v1::Override::EFFECT_CANARY);
  EXPECT_EQ((*overrides)[1].value(), "+2");
}

TEST(OverrideCsv, EveryEffectAndScopeHasAWord) {
  for (int effect = v1::Override::Effect_MIN + 1; effect <= v1::Override::Effect_MAX; ++effect) {
    const auto value = static_cast<v1::Override::Effect>(effect);
    EXPECT_EQ(ParseEffect(EffectWord(value)), value) << effect;
  }
  for (int scope = v1::Scope_MIN; scope <= v1::Scope_MAX; ++scope) {
    const auto value = static_cast<v1::Scope>(scope);
    EXPECT_EQ(ParseScope(ScopeWord(value)), value) << scope;
  }
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
  EXPECT_EQ(message("type,value\n"), "line 1: the columns type, value and reason are expected");
  EXPECT_EQ(message("type,value,reason,who\n"), "line 1: there is no column who");
  EXPECT_EQ(message("type,value,reason,type\n"), "line 1: type: a column that is there twice");
  const std::string header = "type,value,reason,effect,scope,expires\nphone,+1,\"a\nb\",,,\n";
  EXPECT_EQ(message((header + "phone,+1,a").c_str()), "line 4: 6 cells are expected");
  EXPECT_EQ(message((header + "phone,+1,a,block,,").c_str()).substr(0, 20), "line 4: effect: one ");
  EXPECT_EQ(message((header + "phone,+1,a,,all,").c_str()),
            "line 4: scope: one of exact, subtree, prefix");
  EXPECT_EQ(message((header + "phone,+1,a,,,soon").c_str()),
            "line 4: expires: a time like 2026-12-01T00:00:00Z");
}

}  // namespace
}  // namespace ringfence::cli
