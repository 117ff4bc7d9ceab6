#pragma once

#include <vector>

#include "pipelines/core/time.h"
#include "ringfence/internal/v1/decision.pb.h"
#include "tests/oracle/oracle.h"
#include "tests/sim/random.h"
#include "tests/sim/world.h"

namespace ringfence::sim {

// One decision of an operator's, and when: one of its fields is set.
struct DecisionArrival {
  core::Time at = 0;
  internal::v1::DecisionRecord record;
};

// In the order of time, with ascending places: overrides of what the plan's reports name and of
// ranges around it, with every effect, replaced, taken back, expiring; partners' reports withdrawn;
// lists of organisations. None in half of the worlds.
std::vector<DecisionArrival> RandomDecisions(const WorldPlan& plan, Random& random);

// The decisions, for the oracle.
void DecideIn(oracle::World& world, const std::vector<DecisionArrival>& decisions);

// Adds, in some worlds, overrides of hosts that no report names, below domains that reports do.
void AddHostsUnheardOf(const WorldPlan& plan, Random& random,
                       std::vector<DecisionArrival>& decisions);

// Adds legal holds on some of what the plan's reports name, some of them lifted later: their
// records hold a ReferralFreeze. They change nothing that is published.
void AddHolds(const WorldPlan& plan, Random& random, std::vector<DecisionArrival>& decisions);

}  // namespace ringfence::sim
