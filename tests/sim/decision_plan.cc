#include "tests/sim/decision_plan.h"

#include <algorithm>
#include <set>
#include <string>

#include "pipelines/core/id.h"
#include "ringfence/v1/admin_service.pb.h"

namespace ringfence::sim {
namespace {

using core::kDay;
using core::Time;
using internal::v1::NamedIdentifier;
using internal::v1::OverrideNews;

class DecisionGenerator {
 public:
  DecisionGenerator(const WorldPlan& plan, Random& random) : plan_(plan), random_(random) {
    for (const WorldPlan::Arrival& arrival : plan.arrivals) {
      partners_.push_back(arrival.revision.partner());
      for (const NamedIdentifier& named : arrival.revision.identifiers()) {
        const bool listed = named.type() != v1::IDENTIFIER_TYPE_PAYMENT_REFERENCE;
        if (listed) named_.push_back(&named);
      }
    }
  }

  std::vector<DecisionArrival> Decisions() {
    if (random_.Chance(0.5)) return {};
    std::vector<Time> times;
    for (int64_t count = random_.Between(1, 7); count > 0; --count) times.push_back(RandomTime());
    std::sort(times.begin(), times.end());
    for (const Time at : times) Decide(at);
    return std::move(decisions_);
  }

 private:
  Time RandomTime() {
    const Time first = plan_.arrivals.front().at;
    return first + random_.Between(0, plan_.as_of - first);
  }

  void Decide(Time at) {
    DecisionArrival decision;
    decision.at = at;
    const uint64_t place = decisions_.size() + 1;
    const double dice = random_.Unit();
    if (dice < 0.7 && !named_.empty()) {
      *decision.record.mutable_override_news() = Override();
      decision.record.mutable_override_news()->set_place(place);
    } else if (dice < 0.85) {
      auto& retraction = *decision.record.mutable_partner_retraction();
      retraction.set_place(place);
      retraction.set_partner(random_.Pick(partners_));
      retraction.set_until(random_.Chance(0.5)
                               ? at
                               : plan_.arrivals.front().at + 1 +
                                     random_.Between(0, at - plan_.arrivals.front().at));
      retraction.set_from(random_.Chance(0.5) ? 0 : random_.Pick(plan_.arrivals).at);
    } else {
      FillOrganisations(*decision.record.mutable_organisations());
      decision.record.mutable_organisations()->set_place(place);
    }
    decisions_.push_back(std::move(decision));
  }

  OverrideNews Override() {
    // Often of something that has one already.
    if (!overrides_.empty() && random_.Chance(0.4)) {
      OverrideNews again = random_.Pick(overrides_);
      if (random_.Chance(0.5)) {
        again.set_removed(true);
        again.clear_effect();
        again.clear_expires_at();
        again.clear_disregard_before();
      } else {
        FillEffect(again);
      }
      return again;
    }
    const NamedIdentifier& named = *random_.Pick(named_);
    OverrideNews news;
    news.set_type(named.type());
    news.set_value(named.value());
    const core::Id base = named.base_type() == v1::IDENTIFIER_TYPE_UNSPECIFIED
                              ? core::IdentifierId(named.type(), named.value())
                              : core::IdentifierId(named.base_type(), named.base_value());
    news.set_base_hi(base.hi);
    news.set_base_lo(base.lo);
    if (random_.Chance(0.4)) Widen(named, news);
    FillEffect(news);
    overrides_.push_back(news);
    return news;
  }

  void Widen(const NamedIdentifier& named, OverrideNews& news) {
    if (named.type() == v1::IDENTIFIER_TYPE_DOMAIN) {
      news.set_scope(v1::SCOPE_SUBTREE);
      if (!named.base_value().empty() && random_.Chance(0.5)) news.set_value(named.base_value());
      return;
    }
    if (named.type() == v1::IDENTIFIER_TYPE_PHONE) {
      news.set_value(random_.Pick({"+1212555010", "+1212", "+1800"}));
    } else if (named.type() == v1::IDENTIFIER_TYPE_IP) {
      news.set_value(random_.Pick({"198.51.100.0/24", "198.51.100.8/31", "198.51.100.7/32"}));
    } else {
      return;
    }
    news.set_scope(v1::SCOPE_PREFIX);
    news.clear_base_hi();
    news.clear_base_lo();
  }

  void FillEffect(OverrideNews& news) {
    news.set_effect(static_cast<int>(
        random_.Between(v1::Override::EFFECT_ALLOW, v1::Override::EFFECT_CONFIRMED)));
    news.clear_expires_at();
    news.clear_disregard_before();
    if (random_.Chance(0.3)) news.set_expires_at(RandomTime() + random_.Between(0, 2) * kDay);
    if (news.effect() == v1::Override::EFFECT_DISREGARD || random_.Chance(0.1)) {
      news.set_disregard_before(RandomTime());
    }
  }

  void FillOrganisations(internal::v1::Organisations& list) {
    list.set_listed(random_.Chance(0.8));
    if (!list.listed()) return;
    for (const char* name : {"first", "second"}) {
      auto& weight = *list.add_weights();
      weight.set_organisation(name);
      weight.set_weight(random_.Pick({0.5, 0.5, 0.25, 0.1}));
    }
    for (int i = 0; i < 4; ++i) {
      if (random_.Chance(0.2)) continue;
      auto& member = *list.add_members();
      member.set_partner("partner-" + std::to_string(i));
      member.set_organisation(random_.Pick({"first", "second"}));
    }
  }

  const WorldPlan& plan_;
  Random& random_;
  std::vector<std::string> partners_;
  std::vector<const NamedIdentifier*> named_;
  std::vector<OverrideNews> overrides_;
  std::vector<DecisionArrival> decisions_;
};

}  // namespace

std::vector<DecisionArrival> RandomDecisions(const WorldPlan& plan, Random& random) {
  return DecisionGenerator(plan, random).Decisions();
}

void DecideIn(oracle::World& world, const std::vector<DecisionArrival>& decisions) {
  for (const DecisionArrival& decision : decisions) {
    const internal::v1::DecisionRecord& record = decision.record;
    if (record.has_override_news()) world.overrides.push_back(record.override_news());
    if (record.has_organisations()) world.organisations.push_back(record.organisations());
    if (record.has_policy()) world.policies.push_back(record.policy());
    if (record.has_held_decision()) world.held_decisions.push_back(record.held_decision());
    if (record.has_partner_retraction()) {
      world.retractions.push_back(record.partner_retraction());
    }
  }
}

void AddHostsUnheardOf(const WorldPlan& plan, Random& random,
                       std::vector<DecisionArrival>& decisions) {
  std::set<std::string> domains;
  for (const WorldPlan::Arrival& arrival : plan.arrivals) {
    for (const NamedIdentifier& named : arrival.revision.identifiers()) {
      const bool below = named.base_type() == v1::IDENTIFIER_TYPE_DOMAIN;
      if (named.type() == v1::IDENTIFIER_TYPE_DOMAIN && below) domains.insert(named.base_value());
    }
  }
  const Time first = plan.arrivals.front().at;
  // Above those of other overrides.
  uint64_t place = 1'000;
  for (const std::string& domain : domains) {
    if (random.Chance(0.6)) continue;
    DecisionArrival put;
    put.at = first + random.Between(0, plan.as_of - first);
    OverrideNews& news = *put.record.mutable_override_news();
    const core::Id base = core::IdentifierId(v1::IDENTIFIER_TYPE_DOMAIN, domain);
    news.set_place(++place);
    news.set_type(v1::IDENTIFIER_TYPE_DOMAIN);
    news.set_value("unheard-of." + domain);
    news.set_base_hi(base.hi);
    news.set_base_lo(base.lo);
    news.set_effect(static_cast<int>(
        random.Between(v1::Override::EFFECT_ALLOW, v1::Override::EFFECT_CONFIRMED)));
    if (random.Chance(0.3)) news.set_scope(v1::SCOPE_SUBTREE);
    if (random.Chance(0.2)) news.set_expires_at(put.at + random.Between(1, 60) * kDay);
    decisions.push_back(put);
    if (!random.Chance(0.3)) continue;
    put.at += random.Between(0, plan.as_of - put.at);
    news.set_place(++place);
    news.set_removed(true);
    decisions.push_back(put);
  }
  std::stable_sort(decisions.begin(), decisions.end(),
                   [](const auto& a, const auto& b) { return a.at < b.at; });
}

void AddHolds(const WorldPlan& plan, Random& random, std::vector<DecisionArrival>& decisions) {
  std::set<core::Id> named;
  for (const WorldPlan::Arrival& arrival : plan.arrivals) {
    for (const NamedIdentifier& identifier : arrival.revision.identifiers()) {
      named.insert(core::IdentifierId(identifier.type(), identifier.value()));
    }
  }
  const Time first = plan.arrivals.front().at;
  for (int64_t hold = random.Between(0, 2); hold > 0; --hold) {
    DecisionArrival put;
    put.at = first + random.Between(0, plan.as_of - first);
    internal::v1::ReferralFreeze& freeze = *put.record.mutable_referral();
    freeze.set_hold_id(core::Id{9, static_cast<uint64_t>(hold)}.Bytes());
    freeze.set_at(put.at);
    for (const core::Id& id : named) {
      if (random.Chance(0.5)) id.AppendTo(*freeze.mutable_members());
    }
    decisions.push_back(put);
    if (!random.Chance(0.4)) continue;
    put.at += random.Between(0, plan.as_of - put.at);
    freeze.set_lifted(true);
    decisions.push_back(put);
  }
  std::stable_sort(decisions.begin(), decisions.end(),
                   [](const auto& a, const auto& b) { return a.at < b.at; });
}

}  // namespace ringfence::sim
