#pragma once

#include <functional>

#include "pipelines/campaigns/label.h"
#include "pipelines/campaigns/tables.h"
#include "pipelines/core/id.h"
#include "pipelines/core/state.h"
#include "pipelines/core/time.h"

namespace ringfence::campaigns {

// One that stands on a node.
struct Standing {
  Label node;
  core::Time first_seen = 0;
  core::Id id;
  // Without its node.
  Member member;
};
// Returns false to end.
using VisitStanding = std::function<bool(const Standing&)>;

// What stands on a node that several may stand on, the oldest first; `behind`: only what comes
// after it.
void StandingOn(core::State& state, const Label& node, const VisitStanding& visit,
                const Standing* behind = nullptr);
// All that have the label, node by node.
void MembersByNode(core::State& state, const Label& label, const VisitStanding& visit);
// The same, the oldest first. Holds a few of each node on which several stand.
void MembersByAge(core::State& state, const Label& label, const VisitStanding& visit);

}  // namespace ringfence::campaigns
