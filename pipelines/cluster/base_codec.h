#pragma once

#include <memory>
#include <string>

#include "pipelines/cluster/base.h"
#include "pipelines/core/packing.h"
#include "ringfence/internal/v1/state.pb.h"

namespace ringfence::cluster {

// Between a base in memory and what is stored of it. Evidence and neighbours under keys of their
// own are left to the caller.
void StoreBase(const Base& base, internal::v1::StoredBase& stored);
// Null where what is stored of its nodes is damaged.
std::unique_ptr<Base> LoadBase(const core::Id& id, internal::v1::StoredBase& stored,
                               const NodeOptions& options);

void StoreEvidence(const core::Id& report, const HeldEvidence& held,
                   internal::v1::StoredEvidence& stored);
// Adds it to the base.
HeldEvidence& LoadEvidence(internal::v1::StoredEvidence& stored, Base& base);

// `key` must be a neighbour of the node; appends to `stored`.
void StoreNeighbour(const components::NodeKey& key, const LinkNode& link, std::string& stored);
// Adds the next one to the node. False where it is damaged.
[[nodiscard]] bool LoadNeighbour(core::Unpacker& in, LinkNode& link);

// Once the evidence of a base that was loaded has been counted: its nodes go on from there. False
// where what is stored of them contradicts the evidence.
[[nodiscard]] bool RestoreNodes(const internal::v1::StoredBase& stored, Base& base);

}  // namespace ringfence::cluster
