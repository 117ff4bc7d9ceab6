#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "pipelines/ties/rules.h"

namespace ringfence::oracle {

// A report as far as ties go.
struct TiedReport {
  core::Id incident;
  core::Id organisation;
  std::set<components::NodeKey> nodes;
  // Those named together, the lesser first; all of `nodes` where it is not set.
  std::optional<std::set<std::pair<components::NodeKey, components::NodeKey>>> together = {};
};

// The rule which edges count, of all reports at once and as its text has it. Shares with the
// pipeline's the numbers and the hashes, nothing else.
class Ties {
 public:
  using Key = components::NodeKey;
  using Edge = std::pair<Key, Key>;  // the lesser first

  Ties(const std::vector<TiedReport>& reports, const std::set<Key>& declared,
       const ties::Rules& rules);

  const std::set<Edge>& active() const { return active_; }
  bool IsInfrastructure(const Key& node) const { return infrastructure_.contains(node); }
  // Sets of nodes that active edges join.
  std::set<std::set<Key>> Components() const;

 private:
  using Ids = std::set<core::Id>;
  // Of one node, or of one edge.
  struct Named {
    Ids incidents;
    std::map<core::Id, Ids> incidents_of;  // by organisation
    bool IsOf(const core::Id& organisation) const;
  };

  const Named& Together(const Key& a, const Key& b) const;
  uint64_t SupportOf(const Named& named) const;
  bool IsEstablished(const Key& node) const;
  std::vector<Key> FirstOf(const std::set<Key>& nodes, size_t count,
                           uint64_t (*hash)(const Key&)) const;
  std::set<Key> SketchFor(const Key& of, const Key& receiver) const;
  bool FewKnowEachOther(const Key& node) const;
  std::vector<Key> HomesOf(const Key& node) const;
  void FindAnchors(const Key& node, const std::vector<Key>& homes);
  bool HasMajority(const Key& node, const core::Id& organisation) const;
  std::set<Key> LeadsOf(const Key& node) const;
  uint64_t ReachOf(const Key& node) const;
  bool IsActive(const Key& a, const Key& b) const;
  bool VouchesForTie(const Key& node, const Key& other) const;

  const ties::Rules& rules_;
  std::map<Key, Named> nodes_;
  std::map<Key, std::set<Key>> neighbours_;
  std::map<Edge, Named> together_;
  std::set<Key> declared_;
  std::set<Key> infrastructure_;
  std::map<Key, Key> home_;
  std::map<Key, std::vector<Key>> anchors_;
  // Whose home is in doubt.
  std::set<Key> doubted_;
  std::set<Edge> active_;
};

}  // namespace ringfence::oracle
