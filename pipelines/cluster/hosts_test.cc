#include <gtest/gtest.h>

#include "pipelines/cluster/clusters_testing.h"
#include "ringfence/v1/admin_service.pb.h"

namespace ringfence::cluster {
namespace {

constexpr char kDomain[] = "refund-desk.example";

class Hosts : public Clusters {
 protected:
  // `host` below kDomain, or that itself where it is empty.
  void Name(const std::string& partner, const std::string& id, const std::string& host,
            v1::Basis basis = v1::BASIS_SELF_REPORTED,
            internal::v1::Standing standing = internal::v1::STANDING_NORMAL) {
    ReportRevision revision;
    revision.set_partner(partner);
    revision.set_tlp(v1::TLP_AMBER);
    revision.set_basis(basis);
    internal::v1::NamedIdentifier& named = *revision.add_identifiers();
    named.set_type(v1::IDENTIFIER_TYPE_DOMAIN);
    named.set_value(host.empty() ? kDomain : host + "." + kDomain);
    if (!host.empty()) named.set_base_type(v1::IDENTIFIER_TYPE_DOMAIN);
    if (!host.empty()) named.set_base_value(kDomain);
    named.set_role(v1::IDENTIFIER_ROLE_WEB_HOST);
    named.set_observed_at(kSeen);
    named.set_standing(standing);
    Envelope envelope;
    for (Evidence& evidence : dedupe::MakeEvidence(revision, core::ReportKey(partner, id))) {
      evidence.set_place(++place_);
      *envelope.add_evidence() = evidence;
    }
    Apply(envelope);
  }
  void TakeBack(const std::string& partner, const std::string& id) {
    Clusters::TakeBack(partner, id, {core::IdentifierId(v1::IDENTIFIER_TYPE_DOMAIN, kDomain)});
  }
  void Override(const std::string& host, v1::Override::Effect effect, uint64_t place,
                bool removed = false) {
    const core::Id base = core::IdentifierId(v1::IDENTIFIER_TYPE_DOMAIN, kDomain);
    Envelope envelope;
    internal::v1::OverrideNews& news = *envelope.add_overrides();
    news.set_place(place);
    news.set_type(v1::IDENTIFIER_TYPE_DOMAIN);
    news.set_value(host + "." + kDomain);
    news.set_base_hi(base.hi);
    news.set_base_lo(base.lo);
    news.set_effect(effect);
    news.set_removed(removed);
    Apply(envelope);
  }
  const IndicatorRecord& Of(const std::string& host = "") {
    const std::string value = host.empty() ? kDomain : host + "." + kDomain;
    return published_[core::IdentifierId(v1::IDENTIFIER_TYPE_DOMAIN, value).Bytes()];
  }
};

TEST_F(Hosts, ADomainOfThreeHostsIsListedWithTheEvidenceOfAll) {
  Name("a", "1", "one");
  Name("b", "1", "two");
  EXPECT_FALSE(Of().has_indicator());
  Name("c", "1", "three");
  const v1::Indicator& domain = Of().indicator();
  EXPECT_EQ(domain.value(), kDomain);
  EXPECT_EQ(domain.scope(), v1::SCOPE_SUBTREE);
  EXPECT_EQ(domain.explanation().incidents(), 3u);
  EXPECT_EQ(domain.explanation().organisations(), 3u);
  EXPECT_EQ(domain.action(), v1::ACTION_BLOCK);
  // Each host alone has one organisation.
  for (const char* host : {"one", "two", "three"}) {
    EXPECT_EQ(Of(host).indicator().action(), v1::ACTION_MONITOR);
    EXPECT_EQ(Of(host).indicator().scope(), v1::SCOPE_UNSPECIFIED);
  }
  // More evidence of a host is evidence of the domain, also after a restart.
  Open(options_);
  Name("d", "1", "one");
  EXPECT_EQ(Of().indicator().explanation().incidents(), 4u);
  TakeBack("d", "1");
  EXPECT_EQ(Of().indicator().explanation().incidents(), 3u);
  TakeBack("c", "1");
  EXPECT_TRUE(Of().has_removed());
  EXPECT_EQ(Of().removed().reason(), "retracted");
  EXPECT_TRUE(Of("one").has_indicator());
  // It comes back as what it was.
  Name("c", "2", "three");
  EXPECT_EQ(Of().indicator().action(), v1::ACTION_BLOCK);
  EXPECT_EQ(Of().epoch(), 1u);
}

TEST_F(Hosts, ADomainThatIsNamedItselfKeepsItsOwnEvidenceWhenHostsGo) {
  Name("a", "1", "");
  Name("a", "2", "one");
  Name("b", "1", "two");
  EXPECT_EQ(Of().indicator().scope(), v1::SCOPE_SUBTREE);
  EXPECT_EQ(Of().indicator().explanation().organisations(), 2u);
  TakeBack("b", "1");
  EXPECT_EQ(Of().indicator().scope(), v1::SCOPE_UNSPECIFIED);
  EXPECT_EQ(Of().indicator().explanation().organisations(), 1u);
  EXPECT_EQ(Of().indicator().explanation().incidents(), 1u);
}

TEST_F(Hosts, HostsThatOnlyAFeedNamesDoNotCount) {
  Name("a", "1", "one");
  Name("b", "1", "two");
  Name("c", "1", "three", v1::BASIS_THIRD_PARTY_FEED);
  EXPECT_FALSE(Of().has_indicator());
}

TEST_F(Hosts, ASharedHostStandsForNobody) {
  for (const char* host : {"one", "two", "three", "four"}) {
    Name("a", host, host, v1::BASIS_SELF_REPORTED, internal::v1::STANDING_SHARED_HOST);
  }
  EXPECT_FALSE(Of().has_indicator());
}

TEST_F(Hosts, WhatAnOperatorSparesOfADomainIsSpared) {
  for (const char* host : {"one", "two", "three", "four"}) Name("a", host, host);
  uint64_t place = 0;
  for (const auto effect : {v1::Override::EFFECT_ALLOW, v1::Override::EFFECT_APPEAL,
                            v1::Override::EFFECT_SHARED_INFRASTRUCTURE, v1::Override::EFFECT_CANARY,
                            v1::Override::EFFECT_WITHHOLD}) {
    // One that reports name, and one that none does.
    for (const char* host : {"four", "shop"}) {
      EXPECT_EQ(Of().indicator().scope(), v1::SCOPE_SUBTREE);
      Override(host, effect, ++place);
      EXPECT_TRUE(Of().has_removed()) << host << " " << effect;
      Override(host, effect, ++place, /*removed=*/true);
    }
  }
  Override("shop", v1::Override::EFFECT_CONFIRMED, ++place);
  EXPECT_EQ(Of().indicator().scope(), v1::SCOPE_SUBTREE);
}

}  // namespace
}  // namespace ringfence::cluster
