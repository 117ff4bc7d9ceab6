#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/inlined_vector.h"
#include "pipelines/core/id.h"
#include "pipelines/core/sorted_map.h"
#include "pipelines/ties/rules.h"

namespace ringfence::ties {

// What one report says about a node: it was named, together with `neighbours`.
struct Naming {
  core::Id incident;
  core::Id organisation;
  // Distinct, without the node itself.
  std::vector<NodeKey> neighbours;
};

// The incidents and organisations that name one thing. Of most things there are few, and those are
// kept in a row.
class Named {
 public:
  void Add(const core::Id& incident, uint64_t organisation, const Rules& rules);
  // It must have been added.
  void Remove(const core::Id& incident, uint64_t organisation, const Rules& rules);

  bool empty() const { return few_.empty() && many_ == nullptr; }
  // `support` and the rest as in Tie.
  Tie Count(const Rules& rules) const;
  // As in Counts; of so many distinct incidents.
  uint64_t Majority(uint32_t incidents) const;

 private:
  struct Entry {
    uint64_t organisation = 0;
    core::Id incident;
    auto operator<=>(const Entry&) const = default;
  };
  // Distinct values, with how many entries have each.
  using Incidents = absl::btree_map<core::Id, uint32_t>;
  struct Many {
    size_t entries = 0;
    Incidents incidents;
    absl::btree_map<uint64_t, Incidents> organisations;
    // The sum of what counts of each organisation.
    uint32_t capped = 0;
  };

  static void Change(Many& many, const Entry& entry, bool add, const Rules& rules);

  // Sorted; one stands here as often as it was added.
  absl::InlinedVector<Entry, 1> few_;
  std::unique_ptr<Many> many_;
};

// Counts of one node from the namings that are live. Adding and removing a naming costs its
// neighbours, whatever the node's size. Several reports of one incident may name the node, of one
// or of several organisations; the order of namings does not matter.
class Tally {
 public:
  // `rules` must outlive the tally.
  explicit Tally(const Rules& rules) : rules_(rules) {}

  // The neighbours whose tie changed are appended to `changed`.
  void Add(const Naming& naming, std::vector<NodeKey>& changed);
  // `naming` must have been added.
  void Remove(const Naming& naming, std::vector<NodeKey>& changed);

  bool empty() const { return named_.empty(); }
  Counts counts() const;
  // All zero where nothing names both.
  Tie TieTo(const NodeKey& neighbour) const;

 private:
  const Rules& rules_;
  Named named_;
  core::SortedMap<NodeKey, Named> pairs_;
};

}  // namespace ringfence::ties
