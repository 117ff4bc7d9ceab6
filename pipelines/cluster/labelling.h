#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "pipelines/cluster/label_store.h"
#include "pipelines/cluster/purges.h"
#include "pipelines/components/components.h"
#include "pipelines/core/place.h"
#include "pipelines/core/stage.h"
#include "pipelines/core/state.h"
#include "pipelines/core/time.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::cluster {

// The labels of the partition's link nodes: keeps them by the components algorithm as edges come to
// count and cease to, and says in `indicators` which label a node has. It knows nothing of bases.
class Labelling {
 public:
  // All must outlive it. `rules` may change.
  Labelling(core::State& state, const StoreOptions& options, const components::Rules& rules,
            components::Outbox& outbox, Purges& purges)
      : store_(state, options), components_(rules, outbox), purges_(purges) {}

  // An edge counts now, or no longer.
  void SetActive(const components::NodeKey& node, const components::NodeKey& neighbour,
                 bool active);
  void Receive(const components::Message& message);
  void Announce(const components::NodeKey& node);
  // Somebody else wrote the record of a node's label: where the node is known to have another, or a
  // later one, it is sent again.
  void Recheck(const internal::v1::Recheck& recheck, core::Place place, core::Time now);
  // Is the node one by itself, by what was said last?
  bool IsOwn(const components::NodeKey& node);

  // The end of a record: what it changed has its place and time.
  void FinishRecord(core::Place place, core::Time now);
  void EndBatch(core::Output& output);
  void WriteBack() { store_.WriteBack(); }
  size_t unstored_bytes() const { return store_.unstored_bytes(); }
  const absl::Status& status() const { return store_.status(); }

 private:
  void Touch(LabelNode& label);
  void SendLater(LabelNode& label, core::Place place, core::Time now);

  LabelStore store_;
  components::Components components_;
  Purges& purges_;
  // Of the present record; of the present batch.
  std::vector<LabelNode*> touched_;
  std::vector<LabelNode*> unsent_;
  // Kept for its memory.
  internal::v1::IndicatorRecord record_;
  std::string buffer_;
};

}  // namespace ringfence::cluster
