#pragma once

#include <string>

#include "absl/container/btree_map.h"
#include "pipelines/components/components.h"
#include "ringfence/internal/v1/state.pb.h"

namespace ringfence::dedupe {

// A node of the graph of matches, a report or a flooded block, whose day is its rank as a root;
// with what the root of its incident says of the incident (an IncidentBearers), which travels with
// the label: a node believes whom it has the label from.
struct JoinNode {
  explicit JoinNode(const components::NodeKey& key) : node(key) {}

  // What it says itself, as a root.
  std::string own;
  components::Node node;
  // What each neighbour last said.
  absl::btree_map<components::NodeKey, std::string> heard;

  // What it knows of its incident; only while it has a label.
  const std::string& bearers() const;
};

// All but `own` and, where `with_neighbours` is false, the neighbours.
void StoreNode(const JoinNode& join, bool with_neighbours, internal::v1::StoredNode& stored);
void LoadNode(const internal::v1::StoredNode& stored, JoinNode& join);
void StoreNeighbour(const components::NodeKey& key, const JoinNode& join,
                    internal::v1::StoredNeighbour& stored);
// Adds it to the node.
void LoadNeighbour(const internal::v1::StoredNeighbour& stored, JoinNode& join);

}  // namespace ringfence::dedupe
