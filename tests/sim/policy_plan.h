#pragma once

#include <vector>

#include "tests/sim/decision_plan.h"
#include "tests/sim/random.h"
#include "tests/sim/world.h"

namespace ringfence::sim {

// What intake decided about reports, of its own: in some worlds some are held, and identifiers of
// some are echoes; of one that comes again otherwise.
void DoubtReports(WorldPlan& plan, Random& random);

// Adds policies, and held reports released and dropped, with ascending places of their own; none in
// half of the worlds.
void AddPolicies(const WorldPlan& plan, Random& random, std::vector<DecisionArrival>& decisions);

}  // namespace ringfence::sim
