#pragma once

#include "pipelines/components/components.h"
#include "ringfence/internal/v1/mailbox.pb.h"
#include "ringfence/internal/v1/state.pb.h"

namespace ringfence::components {

// Nodes and their messages as stages send and store them. What a stage's messages and states hold
// beside is the stage's own, and left as it is.

void ToProto(const Message& message, internal::v1::NodeMessage& proto);
Message FromProto(const internal::v1::NodeMessage& proto);

// All but the neighbours.
void Store(const Node& node, internal::v1::StoredNode& stored);
// `node` must be new.
void Load(const internal::v1::StoredNode& stored, Node& node);

void Store(const NodeKey& key, const Neighbour& neighbour, internal::v1::StoredNeighbour& stored);
NodeKey KeyOf(const internal::v1::StoredNeighbour& stored);
// Adds it to the node, which must not have it.
void Load(const internal::v1::StoredNeighbour& stored, Node& node);

}  // namespace ringfence::components
