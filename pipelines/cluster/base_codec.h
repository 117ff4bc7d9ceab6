#pragma once

#include <memory>

#include "pipelines/cluster/base.h"
#include "ringfence/internal/v1/state.pb.h"

namespace ringfence::cluster {

// Between a base in memory and what is stored of it. Evidence and neighbours under keys of their
// own are left to the caller.
void StoreBase(const Base& base, internal::v1::StoredBase& stored);
std::unique_ptr<Base> LoadBase(const core::Id& id, internal::v1::StoredBase& stored);

void StoreEvidence(const core::Id& report, const HeldEvidence& held,
                   internal::v1::StoredEvidence& stored);
// Adds it to the base.
HeldEvidence& LoadEvidence(internal::v1::StoredEvidence& stored, Base& base);

void StoreNeighbour(const components::NodeKey& key, const components::Neighbour& neighbour,
                    internal::v1::StoredNeighbour& stored);
// Adds it to the node.
void LoadNeighbour(const internal::v1::StoredNeighbour& stored, components::Node& node);

}  // namespace ringfence::cluster
