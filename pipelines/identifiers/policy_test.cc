// Every row of the table in the design: which type links, joins, is listed, for how long, how far.
#include "pipelines/identifiers/policy.h"

#include <gtest/gtest.h>

#include <set>

#include "pipelines/identifiers/normalise.h"

namespace ringfence::identifiers {
namespace {

using core::kDay;
using enum v1::Action;
using enum v1::IdentifierRole;
using enum v1::IdentifierType;
using internal::v1::STANDING_NORMAL;
using internal::v1::STANDING_SHARED_HOST;
using internal::v1::STANDING_UNTAGGED_WALLET;

struct Row {
  v1::IdentifierType type;
  bool links;
  bool joins;
  bool listed;
  int span_days;
  v1::Action ceiling;
};

constexpr Row kTable[] = {
    {IDENTIFIER_TYPE_PHONE, true, true, true, 90, ACTION_BLOCK},
    {IDENTIFIER_TYPE_SENDER_ID, false, true, true, 90, ACTION_MONITOR},
    {IDENTIFIER_TYPE_IP, true, false, true, 3, ACTION_CHALLENGE},
    {IDENTIFIER_TYPE_DOMAIN, true, true, true, 180, ACTION_BLOCK},
    {IDENTIFIER_TYPE_URL, true, true, true, 180, ACTION_BLOCK},
    {IDENTIFIER_TYPE_EMAIL, true, true, true, 180, ACTION_BLOCK},
    {IDENTIFIER_TYPE_REMOTE_ACCESS_ID, true, true, true, 30, ACTION_BLOCK},
    {IDENTIFIER_TYPE_IBAN, true, true, true, 365, ACTION_CHALLENGE},
    {IDENTIFIER_TYPE_BANK_ACCOUNT, true, true, true, 365, ACTION_CHALLENGE},
    {IDENTIFIER_TYPE_UPI, true, true, true, 180, ACTION_CHALLENGE},
    {IDENTIFIER_TYPE_WALLET, true, true, true, 365, ACTION_BLOCK},
    {IDENTIFIER_TYPE_PAYMENT_REFERENCE, false, true, false, 0, ACTION_UNSPECIFIED},
    {IDENTIFIER_TYPE_GIFT_CARD, false, true, false, 0, ACTION_UNSPECIFIED},
    {IDENTIFIER_TYPE_PAYMENT_CARD, false, true, false, 0, ACTION_UNSPECIFIED},
    {IDENTIFIER_TYPE_SOCIAL_HANDLE, true, true, true, 90, ACTION_BLOCK},
    {IDENTIFIER_TYPE_APP, true, true, true, 180, ACTION_BLOCK},
    {IDENTIFIER_TYPE_PAYMENT_HANDLE, true, true, true, 180, ACTION_CHALLENGE},
};

TEST(Policy, IsTheTableOfTheDesign) {
  ASSERT_EQ(AllTypes().size(), std::size(kTable));
  for (const Row& row : kTable) {
    const TypePolicy& policy = PolicyOf(row.type);
    EXPECT_EQ(policy.type, row.type);
    EXPECT_EQ(policy.links, row.links) << TypeWord(row.type);
    EXPECT_EQ(policy.joins_duplicates, row.joins) << TypeWord(row.type);
    EXPECT_EQ(policy.listed, row.listed) << TypeWord(row.type);
    EXPECT_EQ(policy.span, row.span_days * kDay) << TypeWord(row.type);
    EXPECT_EQ(policy.ceiling, row.ceiling) << TypeWord(row.type);
    bool is_held_down = row.listed && row.ceiling != ACTION_BLOCK;
    EXPECT_EQ(!policy.ceiling_rule.empty(), is_held_down) << TypeWord(row.type);
  }
}

TEST(Policy, BearersComeDurableTypesFirst) {
  constexpr v1::IdentifierType kOrder[] = {
      IDENTIFIER_TYPE_WALLET, IDENTIFIER_TYPE_IBAN,           IDENTIFIER_TYPE_BANK_ACCOUNT,
      IDENTIFIER_TYPE_UPI,    IDENTIFIER_TYPE_PAYMENT_HANDLE, IDENTIFIER_TYPE_SOCIAL_HANDLE,
      IDENTIFIER_TYPE_PHONE,  IDENTIFIER_TYPE_EMAIL,          IDENTIFIER_TYPE_REMOTE_ACCESS_ID,
      IDENTIFIER_TYPE_APP,    IDENTIFIER_TYPE_DOMAIN,         IDENTIFIER_TYPE_URL,
      IDENTIFIER_TYPE_IP,
  };
  for (size_t i = 1; i < std::size(kOrder); ++i) {
    EXPECT_LT(PolicyOf(kOrder[i - 1]).bearer_order, PolicyOf(kOrder[i]).bearer_order)
        << TypeWord(kOrder[i]);
  }
  for (const TypePolicy& policy : AllTypes()) {
    bool comes_last = policy.bearer_order > PolicyOf(IDENTIFIER_TYPE_IP).bearer_order;
    EXPECT_EQ(comes_last, !policy.links) << TypeWord(policy.type);
  }
}

TEST(Policy, RolesThatCanBeSpoofed) {
  struct Case {
    v1::IdentifierType type;
    v1::IdentifierRole role;
    bool attested;
    bool spoofable;
  };
  constexpr Case kCases[] = {
      {IDENTIFIER_TYPE_PHONE, IDENTIFIER_ROLE_CALLER_ID, false, true},
      {IDENTIFIER_TYPE_PHONE, IDENTIFIER_ROLE_CALLER_ID, true, false},
      {IDENTIFIER_TYPE_PHONE, IDENTIFIER_ROLE_CALLBACK, false, false},
      {IDENTIFIER_TYPE_PHONE, IDENTIFIER_ROLE_MESSAGE_SENDER, true, true},
      {IDENTIFIER_TYPE_PHONE, IDENTIFIER_ROLE_UNSPECIFIED, false, true},
      {IDENTIFIER_TYPE_EMAIL, IDENTIFIER_ROLE_MESSAGE_SENDER, false, true},
      {IDENTIFIER_TYPE_EMAIL, IDENTIFIER_ROLE_UNSPECIFIED, false, true},
      {IDENTIFIER_TYPE_EMAIL, IDENTIFIER_ROLE_CONTACT, false, false},
      {IDENTIFIER_TYPE_SOCIAL_HANDLE, IDENTIFIER_ROLE_MESSAGE_SENDER, false, false},
      {IDENTIFIER_TYPE_DOMAIN, IDENTIFIER_ROLE_UNSPECIFIED, false, false},
      {IDENTIFIER_TYPE_SENDER_ID, IDENTIFIER_ROLE_CONTACT, true, true},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(IsSpoofable(c.type, c.role, c.attested), c.spoofable) << c.type << " " << c.role;
    bool links = PolicyOf(c.type).links && !c.spoofable;
    EXPECT_EQ(Links(c.type, c.role, c.attested, STANDING_NORMAL), links) << c.type << " " << c.role;
  }
}

TEST(Policy, TheVictimsSideNeverLinks) {
  for (const TypePolicy& policy : AllTypes()) {
    EXPECT_TRUE(IsVictimSide(policy.type, IDENTIFIER_ROLE_VICTIM_SIDE));
    EXPECT_FALSE(Links(policy.type, IDENTIFIER_ROLE_VICTIM_SIDE, true, STANDING_NORMAL));
  }
  constexpr auto kRemote = IDENTIFIER_TYPE_REMOTE_ACCESS_ID;
  for (int role = 0; role < v1::IdentifierRole_ARRAYSIZE; ++role) {
    auto played = static_cast<v1::IdentifierRole>(role);
    EXPECT_EQ(IsVictimSide(kRemote, played), played != IDENTIFIER_ROLE_REMOTE_CONTROLLER);
    EXPECT_EQ(IsVictimSide(IDENTIFIER_TYPE_WALLET, played), played == IDENTIFIER_ROLE_VICTIM_SIDE);
  }
}

TEST(Policy, SharedHostsAndUntaggedWalletsLinkNothing) {
  EXPECT_TRUE(Links(IDENTIFIER_TYPE_DOMAIN, IDENTIFIER_ROLE_WEB_HOST, false, STANDING_NORMAL));
  EXPECT_FALSE(
      Links(IDENTIFIER_TYPE_DOMAIN, IDENTIFIER_ROLE_WEB_HOST, false, STANDING_SHARED_HOST));
  EXPECT_TRUE(Links(IDENTIFIER_TYPE_WALLET, IDENTIFIER_ROLE_BENEFICIARY, false, STANDING_NORMAL));
  EXPECT_FALSE(
      Links(IDENTIFIER_TYPE_WALLET, IDENTIFIER_ROLE_BENEFICIARY, false, STANDING_UNTAGGED_WALLET));
}

TEST(Policy, FeedsDoNotCount) {
  const std::set<v1::Basis> feeds = {v1::BASIS_THIRD_PARTY_FEED, v1::BASIS_FEED_HIT};
  for (int number = 0; number < v1::Basis_ARRAYSIZE; ++number) {
    auto basis = static_cast<v1::Basis>(number);
    EXPECT_EQ(BasisCounts(basis), !feeds.contains(basis)) << number;
  }
}

TEST(Policy, OneTimeRemoteAccessCodesAreNeverListed) {
  EXPECT_FALSE(IsListed(IDENTIFIER_TYPE_REMOTE_ACCESS_ID, "goto:abc123"));
  EXPECT_FALSE(IsListed(IDENTIFIER_TYPE_REMOTE_ACCESS_ID, "quickassist:abc123"));
  EXPECT_TRUE(IsListed(IDENTIFIER_TYPE_REMOTE_ACCESS_ID, "anydesk:123456789"));
  EXPECT_TRUE(IsListed(IDENTIFIER_TYPE_REMOTE_ACCESS_ID, "gotomarket:123456789"));
  EXPECT_FALSE(IsListed(IDENTIFIER_TYPE_PAYMENT_REFERENCE, "ref:FT23117XK"));
}

TEST(Policy, SightingsLinkForFourHundredDaysInStepsOfADay) {
  EXPECT_EQ(LinkUntilDay(0), 400);
  EXPECT_EQ(LinkUntilDay(1), 401);
  EXPECT_EQ(LinkUntilDay(kDay), 401);
}

}  // namespace
}  // namespace ringfence::identifiers
