#pragma once

#include <vector>

#include "pipelines/cluster/base.h"
#include "pipelines/components/components.h"
#include "pipelines/core/state.h"
#include "pipelines/core/time.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::cluster {

// What evidence does to a base: statistics of its identifiers, the support of its edges, and what
// expires of both. All that follows from evidence is a function of the evidence held and the time.

// An edge between a node of the base and another that came or went.
struct EdgeChange {
  core::Day day = 0;
  components::NodeKey neighbour;
  bool connect = false;
};

// Removals are kept as tombstones so long, so that an older message that comes again does nothing.
inline constexpr core::Time kTombstoneSpan = 7 * core::kDay;

// An edge with a day of an IP at either end stands on this many incidents, any other on one.
uint32_t SupportNeeded(const components::NodeKey& one, const components::NodeKey& other);

// Applies a message at `now`, which must not be before `base.as_of`. `Advance` must have been
// called for `now`. Returns the edges that changed; touched listings are marked. Older than what is
// held: does nothing.
std::vector<EdgeChange> ApplyEvidence(Base& base, const internal::v1::Evidence& evidence,
                                      core::Time now, core::State& state);

// Brings all phases to `now`. Costs nothing while nothing is due.
std::vector<EdgeChange> Advance(Base& base, core::Time now);

// Builds statistics and supports of a base that was just read: all phases as of `base.as_of`. Edges
// are not reported, they are part of what is stored.
// False where evidence is damaged.
[[nodiscard]] bool Rebuild(Base& base);

// Key of what is kept for ever of an identifier that was above MONITOR once.
std::string EpochKey(const core::Id& identifier);
// Gives a new listing what is kept under its key; false where nothing is.
bool Recall(Listing& listing, core::State& state);

}  // namespace ringfence::cluster
