#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "pipelines/cluster/base.h"
#include "pipelines/core/review.h"
#include "pipelines/core/state.h"
#include "pipelines/core/timers.h"
#include "ringfence/internal/v1/state.pb.h"

namespace ringfence::cluster {

struct StoreOptions {
  // Pieces of evidence that stand in the base's own entry; later ones have keys of their own.
  size_t inline_evidence_max = 4;
  // A node with more neighbours keeps them under keys of their own.
  size_t inline_neighbours_max = 16;
  // How much of the state is kept in memory, by an estimate; 0 keeps nothing from one batch to the
  // next. A base that takes more than an eighth of it stays for as long as batches ask for it, and
  // leaves a quarter of it to the others: reading it again for each batch would cost as much as it
  // is large.
  size_t cache_bytes_max = size_t{152} << 20;
};

// The bases in memory, above the state: what is hot stays as objects, what changed stays until it
// is written back.
//
// Tables of the state:
//   'b' base (16)                                     StoredBase
//   'v' base (16) report (16)                         StoredEvidence
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

  // The rule in `nodes` is another one now: the bases in memory are as if they had just been read.
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
  // The end of a batch: where the cache is larger than it may be, drops an eighth of it, the bases
  // that were not asked for for longest. What is not written back stays, and so does what is large
  // and in use.
  void Evict();
  // Marks as changed: it is written back. Call it after the change, as the size is taken then.
  void MarkDirty(Base& base);
  // Of bases that are not written back, as they were when they were marked last.
  size_t unstored_bytes() const { return unstored_bytes_; }

 private:
  std::vector<core::Id> Between(const core::Id& from, core::Id& until);
  Base& Keep(std::unique_ptr<Base> base);
  void Resize(Base& base);
  bool IsLargeAndInUse(const Base& base) const;
  std::unique_ptr<Base> Read(const core::Id& id);
  void ReadSpilled(const internal::v1::StoredBase& stored, Base& base);
  void Damaged(const char* what);
  void Write(Base& base);
  void WriteEvidence(Base& base);
  void WriteNeighbours(LinkNode& link);
  void WriteNeighbour(const LinkNode& link, const components::NodeKey& key);

  const StoreOptions options_;
  const NodeOptions& nodes_;
  core::State& state_;
  core::Timers timers_;
  absl::flat_hash_map<core::Id, std::unique_ptr<Base>> cache_;
  // Counts batches.
  uint64_t batch_ = 1;
  size_t cached_bytes_ = 0;
  // Where Evict looks for what can go.
  size_t evict_above_;
  size_t unstored_bytes_ = 0;
  std::vector<core::Id> dirty_;
  // Kept for its parts' memory, which is that of the largest base's own entry.
  internal::v1::StoredBase stored_;
  std::string buffer_;
  absl::Status status_;
};

}  // namespace ringfence::cluster
