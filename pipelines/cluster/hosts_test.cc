#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

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
            internal::v1::Standing standing = internal::v1::STANDING_NORMAL,
            core::Time observed_at = kSeen) {
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
    named.set_observed_at(observed_at);
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
                bool removed = false, v1::Scope scope = v1::SCOPE_UNSPECIFIED,
                core::Time expires_at = 0) {
    const core::Id base = core::IdentifierId(v1::IDENTIFIER_TYPE_DOMAIN, kDomain);
    Envelope envelope;
    internal::v1::OverrideNews& news = *envelope.add_overrides();
    news.set_place(place);
    news.set_type(v1::IDENTIFIER_TYPE_DOMAIN);
    news.set_value(host.empty() ? kDomain : host + "." + kDomain);
    news.set_base_hi(base.hi);
    news.set_base_lo(base.lo);
    news.set_effect(effect);
    news.set_removed(removed);
    news.set_scope(scope);
    news.set_expires_at(expires_at);
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

// No listing of the domain shows it, which has none then.
TEST_F(Hosts, ARangeThatExpiresLetsTheDomainStandAgain) {
  for (const char* host : {"one", "two", "three"}) Name("a", host, host);
  EXPECT_EQ(Of().indicator().scope(), v1::SCOPE_SUBTREE);
  Override("shop", v1::Override::EFFECT_ALLOW, 1, /*removed=*/false, v1::SCOPE_SUBTREE,
           kSeen + core::kDay);
  EXPECT_TRUE(Of().has_removed());
  Tick(kSeen + core::kDay);
  EXPECT_EQ(Of().indicator().scope(), v1::SCOPE_SUBTREE);
}

// Of the keys of `table` those that are in one state alone, or have another value there.
std::set<std::string> Changed(core::MemoryState before, core::MemoryState after, char table) {
  std::map<std::string, std::string> left;
  const std::string from(1, table);
  const std::string until(1, static_cast<char>(table + 1));
  before.Scan(from, until, [&](std::string_view key, std::string_view value) {
    left.emplace(key, value);
    return true;
  });
  std::set<std::string> changed;
  after.Scan(from, until, [&](std::string_view key, std::string_view value) {
    const auto was = left.find(std::string(key));
    if (was == left.end() || was->second != value) changed.emplace(key);
    if (was != left.end()) left.erase(was);
    return true;
  });
  for (const auto& [key, value] : left) changed.insert(key);
  return changed;
}

TEST_F(Hosts, OfADomainOfManyOnlyWhatChangedIsWritten) {
  for (int i = 0; i < 200; ++i) Name("a", std::to_string(i), "h" + std::to_string(i));
  const core::MemoryState before = state_;
  Name("b", "0", "h7");
  // The host, and the domain that stands for it.
  EXPECT_EQ(Changed(before, state_, 'p').size(), 2u);
  EXPECT_EQ(Changed(before, state_, 'v').size(), 1u);
  state_.Scan("b", "c", [](std::string_view, std::string_view value) {
    EXPECT_LT(value.size(), 2'000u);
    return true;
  });
  Name("c", "0", "another");
  EXPECT_EQ(Changed(before, state_, 'p').size(), 3u);
  TakeBack("c", "0");
  TakeBack("b", "0");
  EXPECT_EQ(Changed(before, state_, 'p').size(), 2u);

  Open(options_);
  Name("b", "1", "h7");
  EXPECT_EQ(Of("h7").indicator().explanation().organisations(), 2u);
  EXPECT_EQ(Of("h8").indicator().explanation().organisations(), 1u);
  EXPECT_EQ(Of().indicator().explanation().incidents(), 201u);
  TakeBack("b", "1");
  for (int i = 0; i < 200; ++i) TakeBack("a", std::to_string(i));
  Tick(kSeen + 10 * core::kDay);
  EXPECT_TRUE(Changed({}, state_, 'p').empty());
  EXPECT_TRUE(Changed({}, state_, 'b').empty());
  EXPECT_TRUE(Changed({}, state_, 'v').empty());
}

// What is counted host by host, against what all that is said comes to.
class AnyHosts : public Hosts {
 protected:
  struct Said {
    std::string host;
    bool counts = true;
    bool shared = false;
    core::Time seen = 0;
  };
  struct Decided {
    v1::Override::Effect effect = v1::Override::EFFECT_UNSPECIFIED;
    v1::Scope scope = v1::SCOPE_UNSPECIFIED;
    core::Time expires_at = 0;
  };

  void Begin(uint64_t seed) {
    random_.seed(seed);
    said_.clear();
    decided_.clear();
    published_.clear();
    now_ = kSeen;
    state_ = core::MemoryState();
    Options options;
    options.store.inline_listings_max = Pick<size_t>({0, 1, 2, 16});
    options.store.inline_evidence_max = Pick<size_t>({0, 4});
    options.store.cache_bytes_max = Pick<size_t>({0, size_t{1} << 24});
    options.walked_evidence_max = Pick<size_t>({0, 2, 64});
    options.review_max = Pick<size_t>({1, 256});
    restarts_ = Chance(0.3);
    Open(options);
  }

  void Step() {
    const double dice = std::uniform_real_distribution<>()(random_);
    const std::string id = std::to_string(random_() % 12);
    if (dice < 0.5) {
      Say(id);
    } else if (dice < 0.65) {
      TakeBack(PartnerOf(id), id);
      said_.erase(id);
    } else if (dice < 0.9) {
      Decide();
    } else {
      now_ += static_cast<core::Time>(random_() % (30 * core::kDay));
      Tick(now_);
    }
  }

  // Whether the domain is in the set with all below it, by what is said and decided at `now_`.
  bool IsListedWithAll() const {
    std::set<std::string> counting;
    for (const auto& [id, said] : said_) {
      if (!IsLive(said)) continue;
      if (said.shared) return false;
      if (!said.host.empty() && Has(said.host, kSpared)) return false;
      if (said.counts && !Has(said.host, kHidden)) counting.insert(said.host);
    }
    for (const auto& [host, decided] : decided_) {
      if (!host.empty() && Holds(decided) && IsOneOf(decided.effect, kSpared)) return false;
    }
    return counting.size() >= 3 && !Has("", kHidden);
  }
  uint32_t Incidents() const {
    return static_cast<uint32_t>(std::count_if(said_.begin(), said_.end(), [&](const auto& said) {
      return IsLive(said.second) && said.second.counts;
    }));
  }

 private:
  using Effects = std::vector<v1::Override::Effect>;
  inline static const Effects kHidden = {v1::Override::EFFECT_ALLOW, v1::Override::EFFECT_CANARY,
                                         v1::Override::EFFECT_WITHHOLD};
  inline static const Effects kSpared = {v1::Override::EFFECT_ALLOW, v1::Override::EFFECT_CANARY,
                                         v1::Override::EFFECT_WITHHOLD, v1::Override::EFFECT_APPEAL,
                                         v1::Override::EFFECT_SHARED_INFRASTRUCTURE};

  template <typename T>
  T Pick(const std::vector<T>& from) {
    return from[random_() % from.size()];
  }
  bool Chance(double chance) { return std::uniform_real_distribution<>()(random_) < chance; }
  static std::string PartnerOf(const std::string& id) { return "p" + id.substr(0, 1); }
  static bool IsOneOf(v1::Override::Effect effect, const Effects& effects) {
    return std::find(effects.begin(), effects.end(), effect) != effects.end();
  }
  bool IsLive(const Said& said) const { return now_ < said.seen + 180 * core::kDay; }
  bool Holds(const Decided& decided) const {
    return decided.expires_at == 0 || now_ < decided.expires_at;
  }
  // Any of the effects, by an override of the host itself or of what it is below of.
  bool Has(const std::string& host, const Effects& effects) const {
    for (const auto& [of, decided] : decided_) {
      if (!Holds(decided) || !IsOneOf(decided.effect, effects)) continue;
      const bool below = decided.scope == v1::SCOPE_SUBTREE &&
                         (of.empty() || (host.size() > of.size() && host.ends_with("." + of)));
      if (of == host || below) return true;
    }
    return false;
  }

  void Say(const std::string& id) {
    Said said;
    said.host = Pick<std::string>({"", "a", "b", "c", "d", "x.a", "y.a"});
    said.counts = !Chance(0.2);
    said.shared = Chance(0.05);
    said.seen = now_ - static_cast<core::Time>(random_() % (170 * core::kDay));
    Name(PartnerOf(id), id, said.host,
         said.counts ? v1::BASIS_SELF_REPORTED : v1::BASIS_THIRD_PARTY_FEED,
         said.shared ? internal::v1::STANDING_SHARED_HOST : internal::v1::STANDING_NORMAL,
         said.seen);
    said_[id] = said;
  }

  void Decide() {
    const std::string host = Pick<std::string>({"", "a", "a", "b", "c", "x.a", "shop"});
    if (Chance(0.6)) {
      const Decided decided = std::exchange(decided_[host], {});
      decided_.erase(host);
      return Override(host, decided.effect, ++decision_, /*removed=*/true, decided.scope);
    }
    Decided decided;
    decided.effect = Pick<v1::Override::Effect>(
        {v1::Override::EFFECT_ALLOW, v1::Override::EFFECT_APPEAL, v1::Override::EFFECT_CANARY,
         v1::Override::EFFECT_SHARED_INFRASTRUCTURE, v1::Override::EFFECT_WITHHOLD,
         v1::Override::EFFECT_CONFIRMED});
    decided.scope = Chance(0.5) ? v1::SCOPE_SUBTREE : v1::SCOPE_UNSPECIFIED;
    if (Chance(0.5)) {
      decided.expires_at = now_ + 1 + static_cast<core::Time>(random_() % (20 * core::kDay));
    }
    decided_[host] = decided;
    Override(host, decided.effect, ++decision_, false, decided.scope, decided.expires_at);
  }

  std::mt19937_64 random_;
  std::map<std::string, Said> said_;
  std::map<std::string, Decided> decided_;
  core::Time now_ = kSeen;
  uint64_t decision_ = 0;
};

TEST_F(AnyHosts, ADomainStandsForAllWhenWhatIsSaidOfThemAllows) {
  int stood = 0;
  for (uint64_t seed = 0; seed < 150; ++seed) {
    Begin(seed);
    for (int step = 0; step < 60; ++step) {
      Step();
      const IndicatorRecord& own = Of();
      const bool is = own.has_indicator() && own.indicator().scope() == v1::SCOPE_SUBTREE;
      ASSERT_EQ(is, IsListedWithAll()) << "seed " << seed << ", step " << step;
      if (!is) continue;
      ++stood;
      ASSERT_EQ(own.indicator().explanation().incidents(), Incidents()) << "seed " << seed;
    }
  }
  EXPECT_GT(stood, 150 * 60 / 20);
}

}  // namespace
}  // namespace ringfence::cluster
