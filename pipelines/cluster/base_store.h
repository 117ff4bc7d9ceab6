#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "pipelines/cluster/base.h"
#include "pipelines/cluster/write_back_cache.h"
#include "pipelines/core/review.h"
#include "pipelines/core/state.h"
#include "pipelines/core/timers.h"
#include "ringfence/internal/v1/state.pb.h"

namespace ringfence::cluster {

struct StoreOptions {
  // Pieces of evidence that stand in the base's own entry; later ones have keys of their own.
  size_t inline_evidence_max = 4;
  // A base with more listings keeps them under keys of their own.
  size_t inline_listings_max = 16;
  // A node with more neighbours keeps them under keys of their own.
  size_t inline_neighbours_max = 16;
  // How much of the bases, and of the nodes' labels, is kept in memory, as WriteBackCache says.
  size_t cache_bytes_max = size_t{112} << 20;
  size_t label_cache_bytes_max = size_t{40} << 20;
};

// The bases in memory, above the state.
//
// Tables of the state:
//   'b' base (16)                                     StoredBase
//   'q' base (16)                                     StoredNodes
//   'v' base (16) report (16)                         StoredEvidence
//   'p' base (16) identifier (16)                     StoredListing
//   'n' base (16) day (4) neighbour (16) day (4)      a neighbour, packed (base_codec.cc)
//   't' due (8) base (16)                             timers
class BaseStore {
 public:
  // `state` must outlive it, and so must `nodes`.
  BaseStore(core::State& state, const StoreOptions& options, const NodeOptions& nodes);

  // The base, read or new. Valid until the next Evict or WriteBack.
  Base& Load(const core::Id& id);
  // Like Load, but null where there is none.
  Base* Find(const core::Id& id);
  // Like Find, for who needs the nodes alone: most messages are for these, and evidence is far
  // larger. Null where it has none.
  Base* FindNodes(const core::Id& id);
  // Reads what has not been read of it.
  void Complete(Base& base);

  // The rule in `nodes` is another one now: the bases in memory are as if they had just been read,
  // whole.
  void TakeRules();

  // The first `max` bases behind `after` that the review wants and that hold evidence or overrides,
  // ascending, whether or not they have been written back.
  std::vector<core::Id> Next(const core::Review& review, size_t max);

  // Puts `base.due` into the timers.
  void Index(Base& base);
  core::Timers& timers() { return timers_; }

  // kDataLoss once a base was read that is damaged: what was computed since is worth nothing.
  const absl::Status& status() const { return status_; }

  // Writes every dirty base, then evicts.
  void WriteBack();
  // The end of a batch.
  void Evict() { cache_.Evict(); }
  // Marks as changed, all of it or its nodes alone: it is written back. Call it after the change,
  // as the size is taken then.
  void MarkDirty(Base& base);
  void MarkNodesDirty(Base& base);
  // Of bases that are not written back, as they were when they were marked last.
  size_t unstored_bytes() const { return cache_.unstored_bytes(); }

 private:
  std::vector<core::Id> Between(const core::Id& from, core::Id& until);
  Base& Keep(std::unique_ptr<Base> base);
  std::unique_ptr<Base> Read(const core::Id& id);
  bool ReadNodes(Base& base);
  void ReadBody(Base& base);
  void ReadSpilledEvidence(Base& base);
  void ReadSpilledListings(Base& base);
  void ReadSpilledNeighbours(LinkNode& link);
  void Damaged(const char* what);
  void Write(Base& base);
  void WriteNodes(Base& base);
  void WriteEvidence(Base& base);
  void WriteListings(Base& base);
  void WriteListing(Base& base, Listing& listing);
  void WriteNeighbours(LinkNode& link);
  void WriteNeighbour(const LinkNode& link, const components::NodeKey& key);

  const StoreOptions options_;
  const NodeOptions& nodes_;
  core::State& state_;
  core::Timers timers_;
  WriteBackCache<core::Id, Base> cache_;
  // Kept for its parts' memory, which is that of the largest base's own entry.
  internal::v1::StoredBase stored_;
  internal::v1::StoredNodes stored_nodes_;
  std::string buffer_;
  absl::Status status_;
};

}  // namespace ringfence::cluster
