#include "pipelines/cluster/overrides.h"

#include <gtest/gtest.h>

#include "pipelines/cluster/evidence.h"
#include "pipelines/cluster/weights.h"
#include "ringfence/v1/admin_service.pb.h"

namespace ringfence::cluster {
namespace {

using internal::v1::OverrideNews;
using enum v1::IdentifierType;

constexpr core::Time kNow = 20'000 * core::kDay;

OverrideNews Range(v1::IdentifierType type, const std::string& value, uint64_t place,
                   v1::Override::Effect effect = v1::Override::EFFECT_ALLOW) {
  OverrideNews news;
  news.set_place(place);
  news.set_type(type);
  news.set_value(value);
  news.set_scope(type == IDENTIFIER_TYPE_DOMAIN ? v1::SCOPE_SUBTREE : v1::SCOPE_PREFIX);
  news.set_effect(effect);
  return news;
}

TEST(Ranges, CoverWhatIsInThemAndNothingElse) {
  Ranges ranges;
  ranges.Put(Range(IDENTIFIER_TYPE_PHONE, "+1800", 1), kNow);
  ranges.Put(Range(IDENTIFIER_TYPE_IP, "198.51.100.0/24", 2), kNow);
  ranges.Put(Range(IDENTIFIER_TYPE_IP, "2001:db8::/32", 3), kNow);
  ranges.Put(Range(IDENTIFIER_TYPE_DOMAIN, "bank.example", 4), kNow);
  auto covers = [&](v1::IdentifierType type, const char* value) {
    return ranges.Covering(type, value).Has(Effects::kAllow);
  };
  EXPECT_TRUE(covers(IDENTIFIER_TYPE_PHONE, "+18005550100"));
  EXPECT_FALSE(covers(IDENTIFIER_TYPE_PHONE, "+18015550100"));
  EXPECT_TRUE(covers(IDENTIFIER_TYPE_IP, "198.51.100.255"));
  EXPECT_FALSE(covers(IDENTIFIER_TYPE_IP, "198.51.101.0"));
  EXPECT_TRUE(covers(IDENTIFIER_TYPE_IP, "2001:db8:1::/64"));
  EXPECT_FALSE(covers(IDENTIFIER_TYPE_IP, "2001:db9::/64"));
  EXPECT_TRUE(covers(IDENTIFIER_TYPE_DOMAIN, "bank.example"));
  EXPECT_TRUE(covers(IDENTIFIER_TYPE_DOMAIN, "login.bank.example"));
  EXPECT_FALSE(covers(IDENTIFIER_TYPE_DOMAIN, "mybank.example"));
  EXPECT_TRUE(covers(IDENTIFIER_TYPE_URL, "http://login.bank.example:8080/a"));
  EXPECT_FALSE(covers(IDENTIFIER_TYPE_URL, "http://other.example/bank.example"));
  EXPECT_FALSE(covers(IDENTIFIER_TYPE_EMAIL, "jane@bank.example"));
}

TEST(Ranges, AnOlderPlaceDoesNothingEvenAfterARemoval) {
  Ranges ranges;
  const OverrideNews put = Range(IDENTIFIER_TYPE_PHONE, "+1800", 1);
  OverrideNews removal = put;
  removal.set_place(2);
  removal.set_removed(true);
  EXPECT_TRUE(ranges.Put(put, kNow));
  EXPECT_TRUE(ranges.Put(removal, kNow));
  EXPECT_FALSE(ranges.Put(put, kNow));
  EXPECT_EQ(ranges.Covering(IDENTIFIER_TYPE_PHONE, "+18005550100"), Effects());
}

TEST(Ranges, AnOverrideOfOneIdentifierChangesNoneAndKeepsOlderOnesOut) {
  Ranges ranges;
  const OverrideNews range = Range(IDENTIFIER_TYPE_DOMAIN, "bank.example", 1);
  OverrideNews one = range;
  one.set_place(2);
  one.set_scope(v1::SCOPE_UNSPECIFIED);
  EXPECT_FALSE(ranges.Put(one, kNow));
  EXPECT_EQ(ranges.held().size(), 1u);
  EXPECT_FALSE(ranges.Put(range, kNow));
  EXPECT_TRUE(ranges.empty());
  OverrideNews again = range;
  again.set_place(3);
  EXPECT_TRUE(ranges.Put(again, kNow));
  one.set_place(4);
  EXPECT_TRUE(ranges.Put(one, kNow)) << "a range held";
}

TEST(Ranges, ExpireAndAreForgotten) {
  Ranges ranges;
  OverrideNews news = Range(IDENTIFIER_TYPE_PHONE, "+1800", 1);
  news.set_expires_at(kNow + 1);
  ranges.Put(news, kNow);
  std::vector<core::Id> changed;
  EXPECT_EQ(ranges.Advance(kNow, changed), 0u);
  EXPECT_EQ(ranges.Advance(kNow + 1, changed), uint64_t{1} << IDENTIFIER_TYPE_PHONE);
  EXPECT_EQ(changed.size(), 1u);
  EXPECT_TRUE(ranges.empty());
  EXPECT_EQ(ranges.Advance(kNow + 1 + kTombstoneSpan, changed), 0u);
  EXPECT_TRUE(ranges.held().empty());
}

TEST(Effects, OfSeveralOverridesAddUp) {
  Ranges ranges;
  ranges.Put(Range(IDENTIFIER_TYPE_DOMAIN, "example.com", 1, v1::Override::EFFECT_APPEAL), kNow);
  OverrideNews below =
      Range(IDENTIFIER_TYPE_DOMAIN, "a.example.com", 2, v1::Override::EFFECT_DISREGARD);
  below.set_disregard_before(kNow);
  ranges.Put(below, kNow);
  const Effects effects = ranges.Covering(IDENTIFIER_TYPE_DOMAIN, "b.a.example.com");
  EXPECT_TRUE(effects.Has(Effects::kAppeal));
  EXPECT_EQ(effects.disregard_before, kNow);
}

TEST(Ranges, KnowWhatIsSparedBelowADomain) {
  Ranges ranges;
  ranges.Put(Range(IDENTIFIER_TYPE_DOMAIN, "pay.example.com", 1), kNow);
  EXPECT_TRUE(ranges.SparesBelow("example.com"));
  EXPECT_FALSE(ranges.SparesBelow("pay.example.com"));
  EXPECT_FALSE(ranges.SparesBelow("ample.com"));
  for (const auto& [effect, spares] : {std::pair(v1::Override::EFFECT_APPEAL, true),
                                       {v1::Override::EFFECT_WITHHOLD, true},
                                       {v1::Override::EFFECT_CANARY, true},
                                       {v1::Override::EFFECT_SHARED_INFRASTRUCTURE, true},
                                       {v1::Override::EFFECT_DISREGARD, false},
                                       {v1::Override::EFFECT_CONFIRMED, false}}) {
    Ranges one;
    one.Put(Range(IDENTIFIER_TYPE_DOMAIN, "pay.example.com", 1, effect), kNow);
    EXPECT_EQ(one.SparesBelow("example.com"), spares) << effect;
  }
}

TEST(Weights, FollowTheListAndAreHalvedForEachCanary) {
  Weights weights;
  EXPECT_EQ(weights.Of("bank").value, 0.5);
  internal::v1::CanaryNews canary;
  canary.set_place(1);
  canary.set_id_lo(1);
  canary.add_organisations("bank");
  EXPECT_TRUE(weights.Put(canary));
  EXPECT_FALSE(weights.Put(canary));
  canary.set_id_lo(2);
  EXPECT_TRUE(weights.Put(canary));
  EXPECT_EQ(weights.Of("bank").value, 0.125);
  canary.set_place(2);
  canary.clear_organisations();
  EXPECT_TRUE(weights.Put(canary));
  EXPECT_EQ(weights.Of("bank").value, 0.25);
  internal::v1::Organisations list;
  list.set_place(1);
  list.set_listed(true);
  list.add_weights()->set_organisation("bank");
  list.mutable_weights(0)->set_weight(0.25);
  EXPECT_TRUE(weights.Put(list));
  EXPECT_EQ(weights.Of("bank").value, 0.125);
  EXPECT_EQ(weights.Of("stranger").value, 0);
}

}  // namespace
}  // namespace ringfence::cluster
