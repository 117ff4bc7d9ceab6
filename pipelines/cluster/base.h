#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/container/inlined_vector.h"
#include "pipelines/cluster/overrides.h"
#include "pipelines/cluster/score.h"
#include "pipelines/cluster/statistics.h"
#include "pipelines/cluster/write_back_cache.h"
#include "pipelines/components/components.h"
#include "pipelines/core/id.h"
#include "pipelines/core/place.h"
#include "pipelines/core/time.h"
#include "pipelines/identifiers/policy_values.h"
#include "pipelines/ties/node.h"
#include "pipelines/ties/tally.h"
#include "ringfence/internal/v1/mailbox.pb.h"
#include "ringfence/v1/indicator.pb.h"

namespace ringfence::cluster {

// What one report says about a base, or the tombstone of it. The message stays encoded: it is read
// again only when it is replaced or when its part changes with time.
struct HeldEvidence {
  // internal::v1::Evidence.
  std::string encoded;
  core::Place place = 0;
  // Its part does not change before; kTimeMax: never. Of a tombstone, when it is forgotten.
  core::Time next = core::kTimeMax;
  // Stored under a key of its own.
  bool spilled = false;
  // Stands in the base's `dirty_evidence`.
  bool dirty = false;
};

// What link nodes are made with, and listings are assessed by; must outlive them.
struct NodeOptions {
  ties::Rules ties;
  // How many neighbours are told of a change at once.
  uint32_t announce_max = 1024;
  // Of a base with more pieces of evidence, those that are due are looked up.
  size_t walked_evidence_max = 64;
  // By which listings are assessed.
  identifiers::PolicyValues policy = {};
  // Place of the policy that brought `ties`.
  core::Place rules_place = 0;
};

// A link node of the base: one for most, one a day for an IP.
struct LinkNode {
  LinkNode(const components::NodeKey& node, const NodeOptions& options)
      : key(node), tally(options.ties), ties(node, options.ties, options.announce_max) {}

  components::NodeKey key;
  // What evidence says of it; which of its edges count. The label that comes through those is kept
  // apart (label_store.h).
  ties::Tally tally;
  ties::Node ties;
  // An override or the shipped list says that it is infrastructure.
  bool declared = false;
  // Stands in the base's `recounted`; neighbours whose tie may have changed since `ties` was told.
  bool is_recounted = false;
  std::vector<components::NodeKey> recounted;
  // Has heard what it has not acted on yet; only while a record is applied.
  bool is_unsettled = false;
  // Place of the policy by whose rule it was last looked at as a whole.
  core::Place rules_place = 0;
  // What the listings that stand on the node were last brought up to date with.
  ties::Infrastructure infrastructure = ties::Infrastructure::kNo;
  // Neighbours are stored under keys of their own.
  bool spilled = false;
};

// Of a registrable domain: how many of the hosts below it, without itself, count towards its
// standing for all of them, and how many forbid it.
struct HostCounts {
  uint32_t counting = 0;
  // On a list of shared hosts; spared by an operator.
  uint32_t shared = 0;
  uint32_t spared = 0;
  bool operator==(const HostCounts&) const = default;
};

// An identifier of the base, and what the set remembers of it.
struct Listing {
  v1::IdentifierType type = v1::IDENTIFIER_TYPE_UNSPECIFIED;
  std::string value;
  core::Id id;
  Statistics statistics;

  // UNSPECIFIED while it is not in the set.
  v1::Action action = v1::ACTION_UNSPECIFIED;
  uint32_t epoch = 0;
  // It was above MONITOR in this epoch and has fallen since: the next rise begins a new epoch.
  bool fallen = false;
  core::Time listed_at = 0;
  core::Time action_since = 0;
  core::Place revision = 0;
  v1::Action peak_action = v1::ACTION_UNSPECIFIED;
  v1::Tlp least_tlp = v1::TLP_UNSPECIFIED;

  // As of the last record that touched its content: what operators' decisions made of it, and,
  // while it is in the set, why it stands where it does.
  uint32_t effects = 0;
  Assessment assessment;
  // Of a canary: the organisations that all partitions were told of.
  std::vector<std::string> canary_organisations;
  // What it adds to the base's `hosts`.
  HostCounts as_host;

  // The present record changed what is said of it: it stands in the base's `touched_listings`.
  bool content_touched = false;
  // Stands in the base's `unsent_listings`; in its `dirty_listings`; is stored under a key of its
  // own.
  bool is_unsent = false;
  bool dirty = false;
  bool spilled = false;
  // Why it left the set in this batch, if it did so last: "expired" or "retracted".
  const char* removal_reason = nullptr;
  // Place of the last record that touched it, while it has to be sent at the end of the batch.
  core::Place unsent = 0;
  // Place of the record that was sent last.
  core::Place sent = 0;
};

// Listings by their ids, perhaps more than once; most bases have one.
using ListingIds = absl::InlinedVector<core::Id, 1>;

// All about one base: a registrable domain with its hosts and URLs, an IP with its days, or a
// single identifier.
struct Base {
  // `node_options` must outlive it.
  Base(const core::Id& base_id, const NodeOptions& node_options)
      : id(base_id), options(node_options) {}

  // Only of one that is whole.
  bool empty() const {
    return evidence.empty() && nodes.empty() && listings.empty() && overrides.empty();
  }

  core::Id id;
  const NodeOptions& options;
  // False: of all below only the nodes, without their tallies, `as_of` and `due` have been read.
  bool whole = true;
  absl::btree_map<core::Id, HeldEvidence> evidence;
  absl::btree_map<core::Day, LinkNode> nodes;
  absl::btree_map<core::Id, Listing> listings;
  // Of its identifiers, by their ids.
  absl::btree_map<core::Id, HeldOverride> overrides;
  // An override took or lost its effect, and the reports are to be told.
  bool overrides_changed = false;
  // Reports from this one on have still to be told, by a message that is on its way.
  bool marking = false;
  core::Id mark_from;
  // The phases of all evidence are those of this time.
  core::Time as_of = core::kTimeMin;
  // Nothing changes its phase before; kTimeMax: never. `indexed_due` stands in the timers.
  core::Time due = core::kTimeMax;
  core::Time indexed_due = core::kTimeMax;
  // Of a registrable domain: it stands for all below it, as of the last record that touched a
  // listing; and what is said of all its hosts together, only while it does.
  bool stands_for_all = false;
  std::unique_ptr<Statistics> below;
  // What its hosts say of that, as of the record that touched each last; its name, once that may
  // be asked for.
  HostCounts hosts;
  std::string domain;

  // It has an entry in the state, and its nodes have; each has changed since.
  bool stored = false;
  bool dirty = false;
  bool nodes_stored = false;
  bool nodes_dirty = false;
  CacheMarks cached;
  // In the list of bases that the present record touched; it touched more than nodes.
  bool touched = false;
  bool whole_touched = false;
  // Days of nodes of which `ties` has to be told what they count now.
  std::vector<core::Day> recounted;
  // Identifiers that left the set, for Purges.
  std::vector<core::Id> left;
  // Reports whose evidence stands in the base's own entry, and those whose evidence changed.
  std::vector<core::Id> inline_evidence;
  std::vector<core::Id> dirty_evidence;
  // Listings that the present record touched; those that are to be looked at, and perhaps sent, at
  // the end of the batch. Work goes by these: a base may have very many that nothing happens to.
  ListingIds touched_listings;
  ListingIds unsent_listings;
  // Listings are stored under keys of their own; then those that changed.
  bool listings_spilled = false;
  ListingIds dirty_listings;
  // When each piece of evidence changes next; null until that is asked of one with many.
  std::unique_ptr<absl::btree_set<std::pair<core::Time, core::Id>>> evidence_by_next;
  // What had keys of its own and is no longer there: reports; listings; neighbours of nodes that
  // have gone.
  std::vector<core::Id> erased_evidence;
  std::vector<core::Id> erased_listings;
  std::vector<std::pair<core::Day, components::NodeKey>> erased_neighbours;
};

// What is said of the listing changes with the present record.
inline void TouchListing(Base& base, Listing& listing) {
  if (!std::exchange(listing.content_touched, true)) base.touched_listings.push_back(listing.id);
}
// The end of the batch has to look at the listing.
inline void SendListingLater(Base& base, Listing& listing) {
  if (!std::exchange(listing.is_unsent, true)) base.unsent_listings.push_back(listing.id);
}
// In their order, each once.
inline void SortListings(ListingIds& ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
}

}  // namespace ringfence::cluster
