#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "pipelines/ties/node.h"

// Within the library: what a node with many neighbours keeps to find the ones that matter.
namespace ringfence::ties {

// A node with more neighbours has an index.
inline constexpr uint32_t kSmallMax = 16;

inline const NodeFacts kNothingKnown;

inline const NodeFacts& FactsOf(const Neighbour& neighbour) {
  return neighbour.facts == nullptr ? kNothingKnown : *neighbour.facts;
}

using Hashed = std::pair<uint64_t, NodeKey>;

struct Node::Index {
  Index(const NodeKey& key, const Rules& rules) : clustering(key, rules) {}

  Clustering clustering;
  // Of neighbours: those that a sketch may list, all as they are sampled, those that want the
  // sketch.
  absl::btree_set<Hashed> few;
  absl::btree_set<Hashed> all;
  absl::btree_set<NodeKey> wanting;
  // The first of `all`, while there are many; to be drawn anew.
  absl::btree_set<Hashed> sample;
  bool sample_is_old = true;
  // Those that can be home, the best first.
  absl::btree_set<HomeRank> homes;
  // By where they lead.
  absl::btree_map<NodeKey, absl::btree_set<Hashed>> leading_to;
  // To be looked at before the call ends.
  std::vector<NodeKey> touched;
};

}  // namespace ringfence::ties
