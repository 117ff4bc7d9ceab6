#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "pipelines/core/place.h"
#include "pipelines/core/sorted_map.h"
#include "pipelines/ties/rules.h"
#include "pipelines/ties/tally.h"

namespace ringfence::ties {

using core::Place;

// The whole of what a node tells one neighbour: a later message replaces an earlier one, a repeat
// is harmless.
struct Message {
  NodeKey from;
  NodeKey to;
  Place place = 0;
  NodeFacts facts;
  // The sender vouches for the tie to the receiver.
  bool vouched = false;
  // The sender wants the receiver's sketch.
  bool wants_sketch = false;
  // The sender's, where the receiver wants it.
  std::optional<Sketch> sketch;
  // The sender has just learnt of the edge: what the receiver sent up to `since` may have been
  // lost.
  bool hello = false;
  Place since = components::kPlaceMax;
};

// Where what a node does goes; owned by the caller.
class Outbox {
 public:
  virtual ~Outbox() = default;
  // A place above all earlier ones.
  virtual Place NextPlace() = 0;
  // No message that this neighbour sent at a later place has come yet.
  virtual Place HeardUpTo(const NodeKey&) const { return components::kPlaceMax; }
  virtual void Send(const Message& message) = 0;
  // The edge to `neighbour` became active, or ceased to be. Once no message is in flight both ends
  // say the same; until then an end may say otherwise.
  virtual void SetActive(const NodeKey& node, const NodeKey& neighbour, bool active) = 0;
  // Call `Announce` for this node later: it has more neighbours than are told at once. At most one
  // such call is outstanding for a node.
  virtual void AnnounceLater(const NodeKey& node) = 0;
};

// What a node counts anew of a neighbour. No incidents: they are neighbours no longer.
struct TieChange {
  NodeKey neighbour;
  Tie tie;
};

// What a node knows of a neighbour, and last told it.
struct Neighbour {
  Tie tie;
  // Of its latest message; 0 where nothing has been heard yet.
  Place place = 0;
  // Null: the default.
  std::unique_ptr<const NodeFacts> facts;
  // Null: none has been heard.
  std::unique_ptr<const Sketch> sketch;
  // Of the hello to it: this and what was sent later comes for sure where the neighbour had heard
  // less when it learnt of the edge. 0 where it has not been greeted yet.
  Place greeted = 0;
  // What it was told last: the facts' mark, 0 where it has been told none, the sketch's version,
  // the rest as it was.
  uint64_t facts_told = 0;
  uint32_t sketch_told = 0;
  bool vouched_told = false;
  bool sampled_told = false;
  bool vouches = false;
  bool wants_sketch = false;
  // Its sketch is wanted, and counted if there is one.
  bool sampled = false;
  // This node vouches for the tie; the edge is active.
  bool vouched = false;
  bool active = false;
  // Changed since TakeChanged.
  bool dirty = false;
  // Until Settle: it has just become one and is to be asked; it has asked.
  bool greets = false;
  bool owes_answer = false;
};

// What has to be kept of a node beside its neighbours; the rest follows from what it counts.
struct NodeState {
  uint32_t sketch_version = 1;
  // Neighbours from here on have still to be looked at, and then all once more.
  std::optional<NodeKey> announce_from;
  bool announce_again = false;
  // Calls of Announce until that begins: at most so many, fewer once so many have found no change.
  uint32_t wait_left = 0;
  uint32_t calm_left = 0;
  // Of a hub: the mark of the facts under which all neighbours have been looked at, but for those
  // in `strays`; 0: not known, and all have to be. Then facts that come back to what they were ask
  // for no pass over all.
  uint64_t looked_mark = 0;
  // Under these facts leads were of no consequence, and changes of them touched nobody.
  bool looked_without_leads = false;
  // A pass over all is under way, which began under the facts of that mark.
  bool is_passing = false;
  uint64_t pass_mark = 0;
  std::vector<NodeKey> strays = {};

  // Of one whose rules are others than when it was stored.
  void ForgetPass() {
    looked_mark = pass_mark = 0;
    looked_without_leads = is_passing = false;
    strays.clear();
  }
};

// A node keeps what it counts and what its neighbours last told it, and says which of its edges are
// active. Each end learns of an edge on its own and at its own time; messages may be late,
// repeated, reordered. Once all that was sent has arrived, the edges are those that the rule gives.
//
// Work: a call touches the neighbours that it names, those that what they say changes something
// for, and at most `announce_max` others. A node with more neighbours, a hub, looks at these in
// calls of Announce: once nothing has changed for some calls, or after many, the more the larger it
// is. So what changes and soon changes back is told to nobody, and what a hub tells them all,
// shared out over the calls, does not grow with it. Of a hub's sketches a sample of
// Rules::sample_max is heard, of witnesses Rules::witnesses_max a lead. A node with few neighbours,
// as most are, keeps no order of them: it looks at them all. Not thread-safe.
class Node {
 public:
  using Neighbours = core::SortedMap<NodeKey, Neighbour>;

  // `rules` must outlive the node. `announce_max`: neighbours looked at beyond those named, above
  // 0.
  Node(const NodeKey& key, const Rules& rules, uint32_t announce_max = 1024);
  Node(Node&&) noexcept;
  ~Node();

  // What these two bring is acted on by Settle, so that much of it is told once; nothing may be
  // asked of the node in between.
  //
  // Its evidence changed: what it counts now, and every tie that changed. `declared`: an override
  // or the shipped list says that it is infrastructure.
  void OnCounts(const Counts& counts, bool declared, std::span<const TieChange> changes,
                Outbox& outbox);
  // `message.to` must be this node. Nothing happens if the sender is no neighbour (yet): it is
  // asked when it becomes one. False where there is nothing to settle.
  bool OnNeighbour(const Message& message);
  // This node's own facts and sketch, then every edge that may be another; tells of it.
  void Settle(Outbox& outbox);
  void Announce(Outbox& outbox);

  // The rules are others now, which all nodes must hear of before anything else is asked of them:
  // as if it had been made anew and Restored. Later, once, Reconsider: the next Settle looks at all
  // edges, and tells the neighbours what is another.
  [[nodiscard]] bool OnRules(const Tally& tally, bool declared);
  void Reconsider();

  const NodeKey& key() const { return key_; }
  const NodeFacts& facts() const { return facts_; }
  const Counts& counts() const { return counts_; }
  const Neighbours& neighbours() const { return neighbours_; }
  bool empty() const { return neighbours_.empty(); }
  bool IsActive(const NodeKey& neighbour) const;
  // For people: C, how well its neighbours know each other; 0 of a node with few.
  double ClusteringValue() const;

  // For whoever stores the node: whatever changed of it stands in `state` or in the neighbours that
  // TakeChanged names, which may have gone. A node that is made anew, given those and Restored goes
  // on as this one would.
  const NodeState& state() const { return state_; }
  std::vector<NodeKey> TakeChanged();
  void RestoreNeighbour(const NodeKey& key, Neighbour neighbour);
  // The neighbours have the ties that they had under the present rules. False where there are
  // others than are counted, which is damage.
  [[nodiscard]] bool Restore(const Counts& counts, bool declared, const NodeState& state);
  // `tally` gives the counts and ties; a neighbour that it does not name is damage: false.
  [[nodiscard]] bool Restore(const Tally& tally, bool declared, const NodeState& state);

 private:
  // The neighbours in orders; only of a node with many.
  struct Index;

  bool IsSmall() const;
  void KeepIndexOrNot();

  void Enter(Neighbours::const_iterator of);
  void Leave(Neighbours::const_iterator of);
  // The neighbours whose edge a change of this one's leads may touch are to be looked at.
  void TouchLeads(Neighbours::const_iterator of);
  // All are, whatever the facts were when they were looked at last.
  void TouchAll();

  bool Learn(const Message& message, Neighbours::iterator sender);
  void Remove(Neighbours::iterator neighbour, Outbox& outbox);
  void MarkDirty(const NodeKey& key, Neighbour& neighbour);
  void DrawSample();
  void Unsample(Neighbour& neighbour);
  NodeFacts FactsNow() const;
  void FindHomes(NodeFacts& facts) const;
  Sketch SketchNow() const;
  void LookAtAll(Outbox& outbox);
  void LookAtStrays(Outbox& outbox);
  void EndPass(Outbox& outbox);
  void LookAt(Neighbours::iterator neighbour, Outbox& outbox);
  // This neighbour is looked at, or told, under the present facts.
  void Stray(const NodeKey& key);
  bool IsVouchedFor(Neighbours::const_iterator neighbour) const;
  bool IsWitness(Neighbours::const_iterator neighbour, const Lead& lead,
                 Neighbours::const_iterator witness) const;
  void Send(Neighbours::iterator to, Outbox& outbox, Place since = components::kPlaceMax);

  const NodeKey key_;
  const Rules& rules_;
  const uint32_t announce_max_;

  Counts counts_;
  bool declared_ = false;
  bool all_touched_ = false;
  NodeFacts facts_;
  uint64_t facts_mark_ = MarkOf(NodeFacts());
  NodeState state_;
  // Empty while nobody wants it.
  Sketch sketch_;
  uint32_t wanting_ = 0;
  Neighbours neighbours_;
  std::unique_ptr<Index> index_;
  std::vector<NodeKey> changed_;
  // Neighbours that are greeted or answered; of the former, what had come from it until it became
  // one.
  struct Owed {
    NodeKey key;
    Place since = components::kPlaceMax;
  };
  std::vector<Owed> owed_;
};

}  // namespace ringfence::ties
