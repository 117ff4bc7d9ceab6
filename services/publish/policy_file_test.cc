#include "services/publish/policy_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipelines/identifiers/policy_values.h"

namespace ringfence::publish {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string WhyNot(const std::string& text) {
  const auto policy = ParsePolicy("policy.yaml", text);
  return policy.ok() ? "" : std::string(policy.status().message());
}

TEST(PolicyFile, WhatIsLeftOutHasItsDefault) {
  const auto policy = ParsePolicy("p", "score:\n  block: 700\n");
  ASSERT_TRUE(policy.ok()) << policy.status();
  EXPECT_EQ(policy->score().block(), 700u);
  EXPECT_EQ(policy->score().challenge(), 400u);
  EXPECT_EQ(policy->span_days().ip(), 3u);
  EXPECT_EQ(policy->ceilings().wallet(), "block");
  EXPECT_EQ(policy->ties().many_neighbours(), 24u);
}

TEST(PolicyFile, TheDefaultIsTheCompiledPolicy) {
  const auto policy = ReadPolicyFile("");
  ASSERT_TRUE(policy.ok()) << policy.status();
  EXPECT_EQ(identifiers::ValuesOf(*policy), identifiers::PolicyValues());
}

TEST(PolicyFile, WhatIsShownReadsAsTheSame) {
  auto policy = ParsePolicy("p", "ceilings: {wallet: challenge}\nties: {clustering_permille: 1}\n");
  ASSERT_TRUE(policy.ok()) << policy.status();
  const std::string shown = FormatPolicy(*policy);
  EXPECT_THAT(shown, AllOf(HasSubstr("  wallet: challenge\n"), HasSubstr("  phone_block: 30\n"),
                           HasSubstr("  clustering_permille: 1\n")));
  const auto again = ParsePolicy("p", shown);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->SerializeAsString(), policy->SerializeAsString());
}

TEST(PolicyFile, WrongSettingsAreNamedWithTheirLine) {
  EXPECT_THAT(WhyNot("scores: {}"), HasSubstr("policy.yaml:1: scores: there is no such setting"));
  EXPECT_THAT(WhyNot("score:\n  chalenge: 3\n"), HasSubstr("policy.yaml:2: score.chalenge: "));
  EXPECT_THAT(WhyNot("quorum:\n  challenge_organisations: 1\n"),
              HasSubstr("policy.yaml:2: quorum.challenge_organisations: "));
  EXPECT_THAT(WhyNot("ceilings:\n  ip: block\n"), HasSubstr("policy.yaml:2: ceilings.ip: "));
  EXPECT_THAT(WhyNot("span_days: {phone: 366}"), HasSubstr("span_days.phone: "));
  EXPECT_THAT(WhyNot("score:\n  challenge: 500\n  block: 450\n"),
              HasSubstr("policy.yaml:3: score.block: below score.challenge"));
}

}  // namespace
}  // namespace ringfence::publish
