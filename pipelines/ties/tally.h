#pragma once

#include <cstdint>
#include <span>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "pipelines/core/id.h"
#include "pipelines/ties/rules.h"

namespace ringfence::ties {

// What one report says about a node: it was named, together with `neighbours`.
struct Naming {
  core::Id incident;
  core::Id organisation;
  // Distinct, without the node itself.
  std::vector<NodeKey> neighbours;
};

// Counts of one node from the namings that are live. Adding and removing a naming costs its
// neighbours, whatever the node's size. Several reports of one incident may name the node, of one
// or of several organisations; the order of namings does not matter.
class Tally {
 public:
  explicit Tally(const Rules& rules) : rules_(rules) {}

  // The neighbours whose tie changed are added to `changed`.
  void Add(const Naming& naming, absl::btree_set<NodeKey>& changed);
  // `naming` must have been added.
  void Remove(const Naming& naming, absl::btree_set<NodeKey>& changed);

  Counts counts() const;
  // All zero where nothing names both.
  Tie TieTo(const NodeKey& neighbour) const;

 private:
  // Distinct values, with how many namings have each.
  using Multiset = absl::btree_map<core::Id, uint32_t>;

  struct Pair {
    Multiset incidents;
    // By organisation: the incidents in which its reports name both.
    absl::btree_map<core::Id, Multiset> organisations;
    // The sum of what counts of each organisation.
    uint32_t capped = 0;
  };

  void Change(const Naming& naming, bool add, absl::btree_set<NodeKey>& changed);
  void ChangePair(Pair& pair, const Naming& naming, bool add) const;
  Tie TieOf(const Pair& pair) const;

  const Rules& rules_;
  Multiset incidents_;
  Multiset organisations_;
  absl::btree_map<NodeKey, Pair> pairs_;
};

}  // namespace ringfence::ties
