#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "pipelines/cluster/base_store.h"
#include "pipelines/cluster/write_back_cache.h"
#include "pipelines/components/components.h"
#include "pipelines/core/packing.h"
#include "pipelines/core/place.h"
#include "pipelines/core/state.h"
#include "pipelines/core/time.h"

namespace ringfence::cluster {

// A link node as the components algorithm has it, with what `indicators` was told of its label.
struct LabelNode {
  explicit LabelNode(const components::NodeKey& key) : node(key), shown(key) {}

  // Nothing is known of it that is not so of a node that was never heard of.
  bool empty() const {
    return node.neighbours.empty() && node.labelled && shown == node.key && unsent == 0;
  }

  components::Node node;
  // The last label it had: shown while it is detached.
  components::NodeKey shown;
  // Place and time of the record that changed `shown` last, while that has to be sent at the end of
  // the batch.
  core::Place unsent = 0;
  core::Time changed_at = 0;
  // Place of the record that was sent last.
  core::Place sent = 0;

  // In the list of nodes that the present record touched.
  bool touched = false;
  // It has an entry in the state; its neighbours have keys of their own, some of which have gone.
  bool stored = false;
  bool spilled = false;
  std::vector<components::NodeKey> erased;
  CacheMarks cached;
};

// The nodes with edges that count, in memory, above the state. They are kept apart from the bases
// that they stand on: labels change far more often than evidence does, and are far smaller.
//
// Tables of the state:
//   'c' base (16) day (4)                              a node, packed
//   'd' base (16) day (4) neighbour (16) day (4)       a neighbour, packed
class LabelStore {
 public:
  // `state` must outlive it.
  LabelStore(core::State& state, const StoreOptions& options);

  // The node, read or new. Valid until the next Evict or WriteBack.
  LabelNode& Load(const components::NodeKey& key);
  // Like Load, but null where there is none.
  LabelNode* Find(const components::NodeKey& key);

  // It is written back, or forgotten where it is empty. Call it after the change.
  void MarkDirty(LabelNode& label);
  void WriteBack();
  void Evict() { cache_.Evict(); }
  size_t unstored_bytes() const { return cache_.unstored_bytes(); }

  // kDataLoss once a node was read that is damaged: what was computed since is worth nothing.
  const absl::Status& status() const { return status_; }

 private:
  std::unique_ptr<LabelNode> Read(const components::NodeKey& key);
  void Write(LabelNode& label);
  void WriteNeighbours(LabelNode& label);
  void WriteNeighbour(const LabelNode& label, const components::NodeKey& key,
                      const components::Neighbour& neighbour);

  const StoreOptions options_;
  core::State& state_;
  WriteBackCache<components::NodeKey, LabelNode> cache_;
  std::string buffer_;
  absl::Status status_;
};

}  // namespace ringfence::cluster
