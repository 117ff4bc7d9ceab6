#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "pipelines/components/components.h"

// Which edges count: shared infrastructure (exchange wallets, processors' accounts, carrier NAT, a
// brand's own line) must not weld campaigns together, and no organisation alone may. An edge stands
// while live evidence names both ends; only an active one makes its ends one campaign.
//
// Every identifier is tied to its home, the established identifier that most organisations, then
// most incidents, name it with. Identifiers that nobody knows well yet are tied to each other. Any
// other tie counts where two incidents of two organisations name both ends; or where it is vouched
// for: other ties lead round from one end to the other, and none of them is its organisation's
// alone. So does the tie to a home that is in doubt: one organisation alone names it, of which most
// of what names the identifier comes, and another organisation names another one. An identifier
// with many neighbours that do not know each other is infrastructure: it merges nothing and keeps
// only those that are named with nothing else. An (IP, day) is nobody's home, and what was seen
// with it once that day counts only as the IP's own home.
//
// Layers without a cycle and without labels:
//
//   counts -> sketch -> infrastructure -> home and anchors -> reach -> vouching -> active
//
// Each is a pure function of what a node counts itself and what its neighbours told it of theirs.
// Numbers: see Rules, and ops/adr/2026-11-24-which-ties-count.md for what each part is worth.
namespace ringfence::ties {

using components::NodeKey;

struct Rules {
  // Established from so many incidents on.
  uint32_t established_incidents = 4;
  // With so many neighbours a node may be infrastructure, and asks them for their sketches.
  uint32_t many_neighbours = 24;
  // Infrastructure below this clustering, in thousandths.
  uint32_t clustering_permille = 120;
  // A sketch lists no node with more neighbours: what everybody knows says nothing.
  uint32_t sketched_neighbours_max = 100;
  // Nodes in a sketch; its receiver leaves itself out and takes one fewer.
  uint32_t sketch_size = 17;
  // A node asks no more neighbours for sketches; of more, those with the smallest SampleHash. It
  // bounds what a hub of 100,000 neighbours keeps and hears; the clustering of a sample has the
  // same expectation.
  uint32_t sample_max = 256;
  // A tie that needs it counts from so many incidents and organisations on.
  uint32_t tie_incidents = 2;
  uint32_t tie_organisations = 2;
  // Established neighbours that a node tells of: its home and the next best.
  uint32_t anchors_max = 3;
  // They are chosen among so many, the best.
  uint32_t anchor_candidates_max = 256;
  // Of the neighbours that could vouch for a tie, so many with the smallest SampleHash are asked.
  uint32_t witnesses_max = 32;
  // At most so many incidents of one organisation count for a tie.
  uint32_t organisation_incidents_max = 3;
  // A tie of an (IP, day) counts from so many incidents on.
  uint32_t ip_incidents = 2;
  bool operator==(const Rules&) const = default;
};

// What a node counts itself, from live linking evidence.
struct Counts {
  // Distinct incidents that name it, R; organisations whose reports do, P; nodes that are named
  // with it, D.
  uint32_t incidents = 0;
  uint32_t organisations = 0;
  uint32_t neighbours = 0;
  // Of several organisations the one whose reports have more than half of the incidents; 0 where
  // none has, or two have.
  uint64_t majority = 0;
  bool operator==(const Counts&) const = default;
};

// What a node counts of one neighbour: both ends count the same.
struct Tie {
  // Distinct incidents that name both; organisations of whose reports one does, p.
  uint32_t incidents = 0;
  uint32_t organisations = 0;
  // s: `incidents`, of which at most Rules::organisation_incidents_max count per organisation.
  uint32_t support = 0;
  // Which one, where it is one: not 0. Else 0.
  uint64_t only_incident = 0;
  uint64_t only_organisation = 0;
  bool operator==(const Tie&) const = default;
};

enum class Infrastructure : uint8_t {
  kNo,
  kByRule,
  // By an operator's override or the shipped list.
  kDeclared,
};

// An established neighbour that is no infrastructure, one of those that a node would best have as
// its home.
struct Anchor {
  NodeKey key;
  // Of the tie to it.
  uint64_t only_organisation = 0;
  bool operator==(const Anchor&) const = default;
};
using Anchors = absl::InlinedVector<Anchor, 3>;

// What a node tells its neighbours of itself. Coarse, so that it seldom changes. The default is
// what a node is that is named for the first time.
struct NodeFacts {
  bool established = false;
  // D >= Rules::many_neighbours; D <= Rules::sketched_neighbours_max.
  bool many_neighbours = false;
  bool few_neighbours = true;
  // floor(log2 R).
  uint8_t log2_incidents = 0;
  // min(P, Rules::tie_organisations).
  uint8_t organisations = 1;
  // The same of its home, if that is more.
  uint8_t reach = 1;
  Infrastructure infrastructure = Infrastructure::kNo;
  std::optional<NodeKey> home;
  // The home is the majority's alone, and another anchor is not.
  bool home_in_doubt = false;
  // At most Rules::anchors_max, the best first; the last one gives way where the same organisation
  // alone names them all, and another one another.
  Anchors anchors;
  bool operator==(const NodeFacts&) const = default;
};

// Tells facts apart: not 0, equal for equal ones, and small for the default. Different facts have
// the same with a chance of 2^-56.
uint64_t MarkOf(const NodeFacts& facts);

// Neighbours of a node, those with the smallest SketchHash.
using Sketch = std::vector<NodeKey>;

// Two nodes pick the same of the neighbours that both know.
uint64_t SketchHash(const NodeKey& key);
// Independent of SketchHash.
uint64_t SampleHash(const NodeKey& key);

inline bool IsIpDay(const NodeKey& key) { return key.day != 0; }

// The facts that follow from counts alone: all but `infrastructure`, `home`, `anchors` and whether
// the home is in doubt; `reach` as without a home.
NodeFacts FactsOf(const Counts& counts, const Rules& rules);

// C(x): of the nodes in the sketches that x was told, how often two of its neighbours list the same
// one. Kept up to date by adding and removing sketches: work and memory are those of the sketches
// held, at most Rules::sample_max times Rules::sketch_size nodes.
class Clustering {
 public:
  Clustering(const NodeKey& receiver, const Rules& rules) : receiver_(receiver), rules_(rules) {}

  void Add(const Sketch& sketch) { Change(sketch, true); }
  // `sketch` must have been added.
  void Remove(const Sketch& sketch) { Change(sketch, false); }

  // Fewer than two neighbours list anything, or too seldom the same: integers only, so that every
  // machine says the same.
  bool IsLow() const;
  // For people; 0 where fewer than two neighbours list anything.
  double Value() const;

 private:
  void Change(const Sketch& sketch, bool add);

  const NodeKey receiver_;
  const Rules& rules_;
  // By listed node: how many sketches list it.
  absl::flat_hash_map<NodeKey, uint32_t> listed_;
  uint64_t listings_ = 0;  // sum cnt
  uint64_t pairs_ = 0;     // sum cnt (cnt - 1)
  uint64_t sketches_ = 0;  // m: those that list any
};

// By the rule alone: overrides and the shipped list come on top.
bool IsInfrastructure(const Counts& counts, const Clustering& clustering, const Rules& rules);

// How a neighbour stands as a home; the least is it. Absent: it is nobody's home.
struct HomeRank {
  // 0 established and no infrastructure; 1 not established; 2 infrastructure, the home of those
  // that have no other neighbours.
  uint8_t home_class = 0;
  uint8_t organisations = 0;  // more first
  uint32_t support = 0;       // more first
  uint8_t log2_incidents = 0;
  NodeKey key;
  // Of the tie to it; of no consequence for its rank.
  uint64_t only_organisation = 0;
  bool operator==(const HomeRank&) const = default;
};
bool operator<(const HomeRank& a, const HomeRank& b);

// Nobody's home: an (IP, day), infrastructure by rule that is a host or an IP, and whatever was
// declared to be it.
bool CanBeHome(const NodeKey& neighbour, const NodeFacts& facts);
// The neighbour must be one that can be it.
HomeRank RankAsHome(const NodeKey& neighbour, const Tie& tie, const NodeFacts& facts,
                    const Rules& rules);

// The anchors among the neighbours that can be home, HomeRanks with the best first.
template <typename Homes>
Anchors AnchorsAmong(const Homes& homes, const Rules& rules) {
  Anchors anchors;
  uint64_t all_of = 0;
  uint32_t looked_at = 0;
  for (const HomeRank& home : homes) {
    if (home.home_class != 0 || looked_at++ == rules.anchor_candidates_max) break;
    const Anchor anchor{home.key, home.only_organisation};
    if (anchors.empty()) all_of = anchor.only_organisation;
    const bool of_another = anchor.only_organisation != all_of;
    if (anchors.size() < rules.anchors_max) {
      anchors.push_back(anchor);
    } else if (of_another && anchors.size() > 1) {
      anchors.back() = anchor;
    }
    if (of_another) all_of = 0;
    if (all_of == 0 && anchors.size() >= rules.anchors_max) break;
  }
  return anchors;
}
// Of a node that counts `counts` and has these anchors.
bool IsHomeInDoubt(const Counts& counts, const Anchors& anchors);

// Where a neighbour leads: to itself, and to its anchors.
struct Lead {
  NodeKey to;
  // Of the neighbour's tie to it; 0 where it is the neighbour itself.
  uint64_t only_organisation = 0;
};
// Infrastructure and (IP, day)s can neither vouch nor be vouched for, and lead nowhere.
bool CanVouch(const NodeKey& neighbour, const NodeFacts& facts);
absl::InlinedVector<Lead, 4> LeadsOf(const NodeKey& neighbour, const NodeFacts& facts);

// Does `witness`, another neighbour of the same node, vouch for the tie `tie`? Both lead to the
// same node, `lead` and `witness_lead` say how.
bool Vouches(const Tie& tie, const Lead& lead, const Tie& witness, const Lead& witness_lead);

// An end of an edge: its key, and what it is.
struct End {
  const NodeKey& key;
  const NodeFacts& facts;
};
// `other` is the home of `one`, and not in doubt.
bool IsSureHome(End one, End other);
enum class Verdict { kInactive, kActive, kIfVouchedFor };
// Symmetric in its ends. The edge is active, or would be if one end or the other found a neighbour
// that vouches for it.
Verdict Judge(End one, End other, const Tie& tie, const Rules& rules);

}  // namespace ringfence::ties
