#include "pipelines/identifiers/policy_values.h"

#include <gtest/gtest.h>

#include "pipelines/identifiers/normalise.h"
#include "ringfence/internal/v1/setting.pb.h"

namespace ringfence::identifiers {
namespace {

const internal::v1::Setting& SettingOf(const google::protobuf::Message& section,
                                       std::string_view name) {
  const auto* field = section.GetDescriptor()->FindFieldByName(std::string(name));
  EXPECT_NE(field, nullptr) << name;
  return field->options().GetExtension(internal::v1::setting);
}

TEST(PolicyValues, AFilesDefaultsAreTheTables) {
  const internal::v1::Policy empty;
  for (const TypePolicy& row : AllTypes()) {
    if (!row.listed) continue;
    const std::string_view word = TypeWord(row.type);
    EXPECT_EQ(SettingOf(empty.span_days(), word).default_number() * core::kDay, row.span) << word;
    // That of sender IDs cannot be anything else.
    if (row.ceiling == v1::ACTION_MONITOR) continue;
    const auto& ceiling = SettingOf(empty.ceilings(), word);
    const char* const action = row.ceiling == v1::ACTION_BLOCK ? "block" : "challenge";
    EXPECT_EQ(ceiling.default_text(), action) << word;
    EXPECT_EQ(ceiling.words(ceiling.words_size() - 1), action) << word;
  }
  EXPECT_EQ(SettingOf(empty.score(), "challenge").default_number(), kChallengeScore);
  EXPECT_EQ(SettingOf(empty.score(), "block").default_number(), kBlockScore);
  EXPECT_EQ(SettingOf(empty.span_days(), "phone_block").default_number() * core::kDay,
            kPhoneBlockSpan);
  EXPECT_EQ(ValuesOf(empty), PolicyValues());
}

TEST(PolicyValues, TakeWhatIsSetAndNothingThatIsOutOfRange) {
  internal::v1::Policy policy;
  policy.mutable_score()->set_challenge(300);
  policy.mutable_quorum()->set_challenge_organisations(1);
  policy.mutable_span_days()->set_ip(7);
  policy.mutable_span_days()->set_phone(5'000);
  policy.mutable_ceilings()->set_wallet("challenge");
  policy.mutable_ceilings()->set_iban("block");
  policy.mutable_ceilings()->set_email("anything");
  const PolicyValues values = ValuesOf(policy);
  EXPECT_EQ(values.challenge_score, 300u);
  // One organisation alone never gets anything above MONITOR.
  EXPECT_EQ(values.challenge_organisations, 2u);
  EXPECT_EQ(values.SpanOf(v1::IDENTIFIER_TYPE_IP), 7 * core::kDay);
  EXPECT_EQ(values.SpanOf(v1::IDENTIFIER_TYPE_PHONE), 90 * core::kDay);
  EXPECT_EQ(values.CeilingOf(v1::IDENTIFIER_TYPE_WALLET), v1::ACTION_CHALLENGE);
  EXPECT_EQ(values.CeilingOf(v1::IDENTIFIER_TYPE_IBAN), v1::ACTION_CHALLENGE);
  EXPECT_EQ(values.CeilingOf(v1::IDENTIFIER_TYPE_EMAIL), v1::ACTION_BLOCK);
  EXPECT_FALSE(values.SameSpans(PolicyValues()));
}

TEST(PolicyValues, WhatContradictsItselfIsNamed) {
  internal::v1::Policy policy;
  EXPECT_EQ(WhyUnsound(policy), "");
  policy.mutable_score()->set_block(399);
  EXPECT_EQ(WhyUnsound(policy), "score.block: below score.challenge");
  policy.mutable_score()->set_block(400);
  EXPECT_EQ(WhyUnsound(policy), "");
  policy.mutable_quorum()->set_challenge_organisations(4);
  EXPECT_EQ(WhyUnsound(policy), "quorum.block_organisations: below quorum.challenge_organisations");
}

}  // namespace
}  // namespace ringfence::identifiers
