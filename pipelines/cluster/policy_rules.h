#pragma once

#include "pipelines/cluster/base.h"
#include "pipelines/core/state.h"
#include "pipelines/ties/rules.h"
#include "ringfence/internal/v1/policy.pb.h"
#include "ringfence/internal/v1/state.pb.h"

namespace ringfence::cluster {

// The numbers of the rule which ties count, as the policy has them; what it does not set, or sets
// out of its range, is as in `compiled`.
ties::Rules RulesOf(const ties::Rules& compiled, const internal::v1::TiesPolicy& policy);

// The policy that cluster's state holds, with its place; the default where it holds none.
internal::v1::StoredPolicy ReadPolicy(core::State& state);
void PutPolicy(const internal::v1::StoredPolicy& policy, core::State& state);

// With what the nodes of a state are read, by the policy that it holds.
NodeOptions NodeOptionsOf(core::State& state, const NodeOptions& compiled);

}  // namespace ringfence::cluster
