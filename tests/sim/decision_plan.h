#pragma once

#include <vector>

#include "pipelines/core/time.h"
#include "ringfence/internal/v1/decision.pb.h"
#include "tests/sim/random.h"
#include "tests/sim/world.h"

namespace ringfence::sim {

// One decision of an operator's, and when: one of its fields is set.
struct DecisionArrival {
  core::Time at = 0;
  internal::v1::DecisionRecord record;
};

// What intake decided about reports, of its own: in some worlds some are held, and identifiers of
// some are echoes; of one that comes again otherwise.
void DoubtReports(WorldPlan& plan, Random& random);

// In the order of time, with ascending places: overrides of what the plan's reports name and of
// ranges around it, with every effect, replaced, taken back, expiring; partners' reports withdrawn;
// lists of organisations, policies, held reports released and dropped. None in half of the worlds.
std::vector<DecisionArrival> RandomDecisions(const WorldPlan& plan, Random& random);

// Adds legal holds on some of what the plan's reports name, some of them lifted later: their
// records hold a ReferralFreeze. They change nothing that is published.
void AddHolds(const WorldPlan& plan, Random& random, std::vector<DecisionArrival>& decisions);

}  // namespace ringfence::sim
