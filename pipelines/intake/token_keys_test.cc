#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "pipelines/intake/intake.h"

namespace ringfence::intake {
namespace {

constexpr core::Time kNow = 20'000 * core::kDay;
const TokenKey kOld = {.id = "k1", .secret = {1}};
const TokenKey kNew = {.id = "k2", .secret = {2}};

// A key is changed in four steps; at each, what partners send with handles, with old tokens and
// with new ones has to meet (ops/incidents.md).
class TokenKeys : public testing::Test {
 protected:
  static v1::Report Report(const std::string& value, const std::string& token = "") {
    v1::Report report;
    report.set_report_id("r");
    *report.mutable_occurred_at() = core::ToProto(kNow);
    v1::VictimHandle& handle = *report.mutable_victim()->add_handles();
    handle.set_kind(v1::VictimHandle::KIND_EMAIL);
    if (token.empty()) {
      handle.set_value(value);
    } else {
      handle.set_token(token);
    }
    v1::Identifier& site = *report.add_identifiers();
    site.set_type(v1::IDENTIFIER_TYPE_DOMAIN);
    site.set_value("bad.example");
    return report;
  }
  static std::set<std::string> TokensOf(const Intake::Options& options, const v1::Report& report) {
    Intake intake(options);
    const Intake::Result result = intake.FromReport("bank", report, kNow);
    std::set<std::string> tokens;
    EXPECT_TRUE(result.revision_message);
    if (!result.revision_message) return tokens;
    for (const auto& token : result.revision_message->victim_tokens()) tokens.insert(token.token());
    return tokens;
  }
  static std::string TokenBy(const TokenKey& key) {
    return VictimTokens(key).Token(TokenKind::kEmail, "jane@example.com");
  }
  static bool Meet(const std::set<std::string>& a, const std::set<std::string>& b) {
    for (const std::string& token : a) {
      if (b.contains(token)) return true;
    }
    return false;
  }
};

TEST_F(TokenKeys, APartnersOwnTokenMeetsTheHandle) {
  const Intake::Options options = {.token_key = kOld};
  EXPECT_TRUE(Meet(TokensOf(options, Report("Jane@Example.com")),
                   TokensOf(options, Report("", TokenBy(kOld)))));
}

TEST_F(TokenKeys, AHandleHasATokenByEachKey) {
  const Intake::Options both = {.token_key = kOld, .further_keys = {kNew}};
  EXPECT_THAT(TokensOf(both, Report("jane@example.com")),
              testing::UnorderedElementsAre(TokenBy(kOld), TokenBy(kNew)));
}

TEST_F(TokenKeys, WhileAKeyIsChangedNothingIsMissed) {
  const Intake::Options before = {.token_key = kOld};
  const Intake::Options both = {.token_key = kOld, .further_keys = {kNew}};
  const Intake::Options turned = {.token_key = kNew, .further_keys = {kOld}};
  const Intake::Options after = {.token_key = kNew};
  const v1::Report handle = Report("jane@example.com");
  const auto stored = TokensOf(before, handle);
  for (const Intake::Options& options : {both, turned}) {
    const auto from_handle = TokensOf(options, handle);
    EXPECT_TRUE(Meet(from_handle, stored));
    EXPECT_TRUE(Meet(from_handle, TokensOf(options, Report("", TokenBy(kOld)))));
    EXPECT_TRUE(Meet(from_handle, TokensOf(options, Report("", TokenBy(kNew)))));
    EXPECT_TRUE(Meet(from_handle, TokensOf(after, handle)));
  }
  EXPECT_FALSE(Meet(stored, TokensOf(after, handle))) << "the step in between cannot be left out";
}

TEST_F(TokenKeys, TheVictimsOwnIsKnownByAnyKey) {
  v1::Report report = Report("", TokenBy(kNew));
  v1::Identifier& own = *report.add_identifiers();
  own.set_type(v1::IDENTIFIER_TYPE_EMAIL);
  own.set_role(v1::IDENTIFIER_ROLE_CONTACT);
  own.set_value("jane@example.com");
  Intake intake({.token_key = kOld, .further_keys = {kNew}});
  const Intake::Result result = intake.FromReport("bank", report, kNow);
  ASSERT_TRUE(result.revision_message);
  for (const auto& named : result.revision_message->identifiers()) {
    EXPECT_NE(named.value(), "jane@example.com");
  }
}

}  // namespace
}  // namespace ringfence::intake
