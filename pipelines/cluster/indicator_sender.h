#pragma once

#include <string>
#include <vector>

#include "pipelines/cluster/base.h"
#include "pipelines/cluster/purges.h"
#include "pipelines/core/id.h"
#include "pipelines/core/stage.h"
#include "pipelines/core/state.h"

namespace ringfence::cluster {

// Sends the listings that a batch touched, each once, as they stand at its end.
class IndicatorSender {
 public:
  // `state` and `purges` must outlive it; `deployment` names the namespace of indicator ids.
  IndicatorSender(core::State& state, const std::string& deployment, Purges& purges)
      : state_(state), purges_(purges), ids_(deployment) {}

  // A record touched listings of the base, which must stay where it is until EndBatch.
  void SendLater(Base& base) { bases_.push_back(&base); }
  // What has no evidence any more is forgotten after it.
  void EndBatch(core::Output& output);

 private:
  void EndBatch(Base& base, const core::Id& id, core::Output& output);
  void Send(Base& base, Listing& listing, core::Output& output);
  void Remember(const Listing& listing);

  core::State& state_;
  Purges& purges_;
  const core::IndicatorNamespace ids_;
  std::vector<Base*> bases_;
  // Kept for its memory.
  std::string buffer_;
};

}  // namespace ringfence::cluster
