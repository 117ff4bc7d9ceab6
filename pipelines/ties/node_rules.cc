#include "pipelines/ties/node.h"
#include "pipelines/ties/node_index.h"

namespace ringfence::ties {

bool Node::OnRules(const Tally& tally, bool declared) {
  index_.reset();
  for (auto& [key, neighbour] : neighbours_) neighbour.sampled = false;
  return Restore(tally, declared, NodeState(state_));
}

void Node::Reconsider() {
  ++state_.facts_version;
  ++state_.sketch_version;
  all_touched_ = true;
}

}  // namespace ringfence::ties
