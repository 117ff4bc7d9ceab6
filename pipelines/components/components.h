#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "pipelines/core/id.h"
#include "pipelines/core/place.h"
#include "pipelines/core/sorted_map.h"

// Connected components of a changing graph, kept by messages between its nodes alone: no central
// part, across partitions, and a removal costs what was cut off, not the whole component.
//
// Every node carries a label, the root of its component; once no message is in flight, equal labels
// mean the same component. Each end of an edge learns of its coming and going on its own, at its
// own time. Messages may be late, repeated, reordered.
//
// merge: a node that hears a dominating label adopts it (via = the neighbour it came from) and
// tells the neighbours that are not known to have it, or a better one. Those that are have no use
// for it, nor for the lesser one that they were told of: labels only rise but for a detachment, and
// who detaches asks. What was known of one may have been out of date: once it says that it has a
// lesser one, it is told.
//
// detach: a node that loses `via` switches to a neighbour with its own label that is nearer the
// root, or as near and of a lesser key: nobody below it can be. If there is none it drops its label
// and asks every neighbour to confirm. One that hangs on it detaches too, and confirms when
// everything below it has; any other confirms at once. So with all confirmations in, the whole
// cut-off tree is detached and nobody holds a label that came through it. A leaf has nobody to ask
// but the neighbour that it detaches for, and confirms at once.
//
// attach: then it takes the best label that a neighbour still has, or becomes a root; those that
// detached for it follow. Neighbours that have the label from nearer the root are kept from it as
// after a merge: they could not take it from here.
//
// Roots are ranked by a hash, not by age: the oldest root would be the next to expire, and each
// time its whole component would be relabelled. And by a keyed one: identifiers are what fraudsters
// choose, and who knew which ones dominate could have a component relabelled with each report.
//
// A message carries the whole of what its receiver needs to know, at a place (version) that only
// grows: a later one replaces an earlier one, a repeat is harmless, and an epoch is the place at
// which a node detached, so that nothing has to outlive a node.
namespace ringfence::components {

using core::Id;
using core::Place;

// Above all that are made.
inline constexpr Place kPlaceMax = ~Place{0};

// A node: an identifier or a report and, where sightings on different days are different nodes, the
// day (else 0).
struct NodeKey {
  Id id;
  int32_t day = 0;

  auto operator<=>(const NodeKey&) const = default;
  template <typename H>
  friend H AbslHashValue(H h, const NodeKey& key) {
    return H::combine(std::move(h), key.id, key.day);
  }
};

struct Rules {
  // How many neighbours are told of a change at once.
  uint32_t announce_max = 1024;
  // Key of the hash by which roots are ranked. The same for all nodes, as long as they live.
  uint64_t secret = 0;
  // The greater `day` dominates, as a rank of nodes; the hash decides only between equal ones.
  bool day_ranks = false;
  // Only ever false in tests that show that the simulator notices.
  bool wait_for_confirmations = true;
};

// Does the label (root) `a` dominate `b`?
bool Dominates(const NodeKey& a, const NodeKey& b, const Rules& rules = {});

// What a neighbour last said.
struct Neighbour {
  // Of its latest message; 0 where nothing has been heard yet.
  Place place = 0;
  // Of the hello to it: this and what was sent later comes for sure where the neighbour had heard
  // less when it learnt of the edge.
  Place greeted = 0;
  // Since when it is detached, where it is and has been heard.
  Place epoch = 0;
  // The latest of its detachments that this node has confirmed.
  Place confirmed = 0;
  NodeKey root;
  uint32_t distance = 0;
  bool labelled = false;
  // This node is detached and waits for its confirmation.
  bool waiting = false;
  // Has not been told of this node's latest label: by what it last said it has it, or a better one.
  bool withheld = false;
  // Stands in the node's `changed`.
  bool dirty = false;
};

struct Parent {
  NodeKey key;
  Place epoch = 0;
  bool operator==(const Parent&) const = default;
};

struct Node {
  explicit Node(const NodeKey& node_key) : key(node_key), root(node_key) {}

  NodeKey key;
  // Without a label the node is detached, since `epoch`.
  bool labelled = true;
  NodeKey root;
  // No less than that of `via`, and where it is the same the key is greater; 0 at a root.
  uint32_t distance = 0;
  std::optional<NodeKey> via;
  Place epoch = 0;
  // While detached: the neighbour that this node detached for, and the epoch of it.
  std::optional<Parent> parent;
  core::SortedMap<NodeKey, Neighbour> neighbours;
  // How many of them are `waiting`.
  uint32_t waiting = 0;
  // Neighbours from here on have still to be told of the latest change.
  std::optional<NodeKey> announce_from;
  // Neighbours that changed since they were last stored, for whoever stores the node: `dirty` goes
  // with it. Those that went are not among them.
  std::vector<NodeKey> changed;
};

struct Message {
  NodeKey from;
  NodeKey to;
  Place place = 0;
  bool labelled = false;
  NodeKey root;
  uint32_t distance = 0;
  Place epoch = 0;
  Place confirmed = 0;
  // The detachment of the receiver's that the sender, a leaf, detached for: it asks for no
  // confirmation of its own. Else 0.
  Place detached_for = 0;
  // The sender has just learnt of the edge: what the receiver sent up to `since` may have been
  // lost.
  bool hello = false;
  Place since = kPlaceMax;
};

// Where a node's messages go; owned by the caller.
class Outbox {
 public:
  virtual ~Outbox() = default;
  // A place above all earlier ones.
  virtual Place NextPlace() = 0;
  // No message that this neighbour sent at a later place has come yet.
  virtual Place HeardUpTo(const NodeKey&) const { return kPlaceMax; }
  virtual void Send(const Message& message) = 0;
  // Call `Announce` for this node later: it has more neighbours than are told at once. At most one
  // such call is outstanding for a node.
  virtual void AnnounceLater(const NodeKey& node) = 0;
};

// The algorithm: moves of one node. Stateless but for its rules; the node is changed, messages go
// to the outbox.
class Components {
 public:
  Components(const Rules& rules, Outbox& outbox) : rules_(rules), outbox_(outbox) {}

  // This end of an edge came or went. Nothing happens where it was so already.
  void Connect(Node& node, const NodeKey& other);
  void Disconnect(Node& node, const NodeKey& other);
  // `message.to` must be `node.key`. Nothing happens if the sender is no neighbour (yet): it is
  // asked when it becomes one.
  void Receive(Node& node, const Message& message);
  // Tells the next neighbours of what the earlier ones were told.
  void Announce(Node& node);
  // Tells all neighbours again: the owner has more to say in its messages than it had before.
  void Tell(Node& node) { TellAll(node); }

 private:
  using Neighbours = core::SortedMap<NodeKey, Neighbour>;

  void Send(Node& node, Neighbours::iterator to, bool hello);
  void TellAll(Node& node);
  void Withhold(Node& node, Neighbours::iterator from);
  // After a merge.
  void TellWhoLacksIt(Node& node);
  // After an attachment.
  void TellWhoIsNoNearer(Node& node);
  void Confirm(Node& node, Neighbours::iterator to, Place epoch);
  void Learn(Node& node, Neighbours::iterator sender, const Message& message);
  void ReceiveDetached(Node& node, Neighbours::iterator sender, const Message& message);
  void ReceiveLabelled(Node& node, Neighbours::iterator sender, const Message& message);
  void LoseVia(Node& node);
  bool Switch(Node& node);
  void Detach(Node& node, std::optional<Parent> parent);
  void TryAttach(Node& node);

  const Rules& rules_;
  Outbox& outbox_;
};

}  // namespace ringfence::components
