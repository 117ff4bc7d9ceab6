#pragma once

#include <string>

#include "pipelines/cluster/base.h"
#include "pipelines/core/packing.h"
#include "ringfence/internal/v1/state.pb.h"

namespace ringfence::cluster {

// Between a base in memory and what is stored of it. Evidence, listings and neighbours under keys
// of their own are left to the caller.

// All but the nodes. It is loaded into a base that has nothing of it yet.
void StoreBase(const Base& base, internal::v1::StoredBase& stored);
void LoadBase(internal::v1::StoredBase& stored, Base& base);

// Of both, the later `as_of` holds: nothing changes before `due`.

// The nodes; they go on from there once one of the two below is called. False where what is stored
// is damaged.
void StoreNodes(const Base& base, internal::v1::StoredNodes& stored);
[[nodiscard]] bool LoadNodes(const internal::v1::StoredNodes& stored, Base& base);
// By the counts and ties that are stored, which must be those of the present rules.
[[nodiscard]] bool ResumeNodes(const internal::v1::StoredNodes& stored, Base& base);
// By those that the evidence gives, which has been counted. False where the two contradict each
// other.
[[nodiscard]] bool RestoreNodes(const internal::v1::StoredNodes& stored, Base& base);

void StoreEvidence(const core::Id& report, const HeldEvidence& held,
                   internal::v1::StoredEvidence& stored);
// Adds it to the base.
HeldEvidence& LoadEvidence(internal::v1::StoredEvidence& stored, Base& base);

void StoreListing(const Listing& listing, internal::v1::StoredListing& stored);
// Adds it to the base.
Listing& LoadListing(const internal::v1::StoredListing& stored, Base& base);

// `key` must be a neighbour of the node; appends to `stored`.
void StoreNeighbour(const components::NodeKey& key, const LinkNode& link, std::string& stored);
// Adds the next one to the node. False where it is damaged.
[[nodiscard]] bool LoadNeighbour(core::Unpacker& in, LinkNode& link);

}  // namespace ringfence::cluster
