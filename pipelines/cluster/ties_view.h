#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "pipelines/cluster/base.h"
#include "pipelines/cluster/base_store.h"
#include "pipelines/cluster/policy_rules.h"
#include "pipelines/core/id.h"
#include "pipelines/core/state.h"
#include "pipelines/ties/reasons.h"
#include "pipelines/ties/rules.h"

namespace ringfence::cluster {

// A tie as one end knows it. Of an IP there is one for each day.
struct BaseTie {
  core::Id from;
  core::Id to;
  // That name both, at present.
  uint32_t incidents = 0;
  uint32_t organisations = 0;
  // It joins the two; else it stands, and joins nothing.
  bool active = false;
  // One of the two is shared infrastructure.
  bool infrastructure = false;
  // Why it joins the two, or why not.
  ties::Reason reason = ties::Reason::kNotHeardYet;
};

// The tie of a node of one base to a neighbour of its.
BaseTie TieOf(const LinkNode& link, const components::NodeKey& key,
              const ties::Neighbour& neighbour, const ties::Rules& rules);

// The ties in the state of one partition of cluster. Changes nothing in it, which may be a
// snapshot. Costs as much as what the state holds of the bases that are asked for.
class TiesView {
 public:
  // `state` must outlive it.
  explicit TiesView(core::State& state)
      : options_(NodeOptionsOf(state, {ties::Rules(), 1})),
        store_(state, {.cache_bytes_max = 0}, options_) {}

  // Calls `visit` with each tie of the base; with none where the state has no such base. kDataLoss
  // where the state is damaged.
  absl::Status Visit(const core::Id& base, const std::function<void(const BaseTie&)>& visit);

 private:
  const NodeOptions options_;
  BaseStore store_;
};

}  // namespace ringfence::cluster
