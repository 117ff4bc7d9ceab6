#include "tests/sim/policy_plan.h"

#include <algorithm>

namespace ringfence::sim {
namespace {

using core::Time;
using internal::v1::NamedIdentifier;

Time RandomTime(const WorldPlan& plan, Random& random) {
  const Time first = plan.arrivals.front().at;
  return first + random.Between(0, plan.as_of - first);
}

// Sometimes the default again.
void FillPolicy(Random& random, internal::v1::Policy& policy) {
  if (random.Chance(0.2)) return;
  if (random.Chance(0.5)) {
    policy.mutable_score()->set_challenge(random.Pick<uint32_t>({200, 400, 500}));
    policy.mutable_score()->set_block(random.Pick<uint32_t>({500, 575, 700}));
  }
  if (random.Chance(0.5)) {
    policy.mutable_quorum()->set_challenge_organisations(random.Pick<uint32_t>({2, 3}));
    policy.mutable_quorum()->set_challenge_incidents(random.Pick<uint32_t>({2, 3}));
    policy.mutable_quorum()->set_block_organisations(random.Pick<uint32_t>({3, 4}));
    policy.mutable_quorum()->set_block_incidents_each(random.Pick<uint32_t>({1, 2, 3}));
  }
  if (random.Chance(0.5)) {
    internal::v1::SpansPolicy& spans = *policy.mutable_span_days();
    spans.set_phone(random.Pick<uint32_t>({2, 30, 90, 365}));
    spans.set_ip(random.Pick<uint32_t>({1, 3, 30}));
    spans.set_domain(random.Pick<uint32_t>({2, 180, 365}));
    spans.set_wallet(random.Pick<uint32_t>({5, 365}));
    spans.set_phone_block(random.Pick<uint32_t>({1, 10, 30}));
  }
  if (random.Chance(0.5)) {
    policy.mutable_ceilings()->set_phone(random.Pick({"monitor", "challenge", "block"}));
    policy.mutable_ceilings()->set_domain(random.Pick({"challenge", "block"}));
    policy.mutable_ceilings()->set_urls_for_block(random.Pick<uint32_t>({1, 2, 3}));
  }
  if (random.Chance(0.5)) {
    policy.mutable_ties()->set_established_incidents(random.Pick<uint32_t>({2, 3, 4}));
    policy.mutable_ties()->set_many_neighbours(random.Pick<uint32_t>({4, 6, 24}));
    policy.mutable_ties()->set_clustering_permille(random.Pick<uint32_t>({1, 120, 600}));
    policy.mutable_ties()->set_tie_incidents(random.Pick<uint32_t>({1, 2, 3}));
    policy.mutable_ties()->set_ip_incidents(random.Pick<uint32_t>({1, 2}));
  }
}

void FillHeld(const WorldPlan& plan, Time at, Random& random, internal::v1::HeldDecision& held) {
  const Time first = plan.arrivals.front().at;
  held.set_partner(random.Pick(plan.arrivals).revision.partner());
  held.set_from(random.Chance(0.5) ? 0 : random.Pick(plan.arrivals).at);
  held.set_until(random.Chance(0.5) ? at : first + 1 + random.Between(0, at - first));
  held.set_drop(random.Chance(0.3));
}

}  // namespace

void DoubtReports(WorldPlan& plan, Random& random) {
  if (random.Chance(0.5)) return;
  for (WorldPlan::Arrival& arrival : plan.arrivals) {
    if (arrival.revision.retracted()) continue;
    arrival.revision.set_held(random.Chance(0.2));
    for (NamedIdentifier& named : *arrival.revision.mutable_identifiers()) {
      named.set_echo(random.Chance(0.1));
    }
  }
}

void AddPolicies(const WorldPlan& plan, Random& random, std::vector<DecisionArrival>& decisions) {
  if (random.Chance(0.5)) return;
  std::vector<Time> times;
  for (int64_t count = random.Between(1, 5); count > 0; --count) {
    times.push_back(RandomTime(plan, random));
  }
  std::sort(times.begin(), times.end());
  uint64_t place = 0;
  for (const Time at : times) {
    DecisionArrival decision;
    decision.at = at;
    if (random.Chance(0.4)) {
      decision.record.mutable_held_decision()->set_place(++place);
      FillHeld(plan, at, random, *decision.record.mutable_held_decision());
    } else {
      decision.record.mutable_policy()->set_place(++place);
      FillPolicy(random, *decision.record.mutable_policy()->mutable_policy());
    }
    decisions.push_back(std::move(decision));
  }
  std::stable_sort(decisions.begin(), decisions.end(),
                   [](const auto& a, const auto& b) { return a.at < b.at; });
}

}  // namespace ringfence::sim
