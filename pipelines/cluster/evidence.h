#pragma once

#include <string>

#include "pipelines/cluster/base.h"
#include "pipelines/core/state.h"
#include "pipelines/core/time.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::cluster {

// What evidence does to a base: statistics of its identifiers, what its nodes count, and what
// expires of both. All that follows from evidence is a function of the evidence held and the time.

// Removals are kept as tombstones so long, so that an older message that comes again does nothing.
inline constexpr core::Time kTombstoneSpan = 7 * core::kDay;

// Applies a message at `now`, which must not be before `base.as_of`. `Advance` must have been
// called for `now`. Touched listings and nodes that count something else are marked. Older than
// what is held: false, and nothing happens.
bool ApplyEvidence(Base& base, const internal::v1::Evidence& evidence, core::Time now,
                   core::State& state);

// The override `news` of one of the base's identifiers, or that there is none of it alone any more.
// False where nothing changes.
bool ApplyOverride(Base& base, const internal::v1::OverrideNews& news, core::Time now);

// Brings all phases and overrides to `now`. Costs nothing while nothing is due; true if something
// was.
bool Advance(Base& base, core::Time now);

// Builds statistics and tallies of a base that was just read: all phases as of `base.as_of`.
// Nothing is marked. False where evidence is damaged.
[[nodiscard]] bool Rebuild(Base& base, core::State& state);

// The listing of an identifier of the base, made where there is none; `state`, where it is given,
// is asked what it remembers of a new one. `value` is empty where only a share speaks of it: then
// it is in no set.
Listing& ListingOf(Base& base, const core::Id& id, v1::IdentifierType type,
                   const std::string& value, core::State* state);

// Makes `base.below` of all evidence held, as of `base.as_of`.
void GatherBelow(Base& base);

// Key of what is kept for ever of an identifier that was above MONITOR once.
std::string EpochKey(const core::Id& identifier);
// Gives a new listing what is kept under its key; false where nothing is.
bool Recall(Listing& listing, core::State& state);

}  // namespace ringfence::cluster
