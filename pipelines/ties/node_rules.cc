#include "pipelines/ties/node.h"
#include "pipelines/ties/node_index.h"

namespace ringfence::ties {

bool Node::OnRules(const Tally& tally, bool declared) {
  index_.reset();
  for (auto& [key, neighbour] : neighbours_) neighbour.sampled = false;
  looked_mark_ = pass_mark_ = 0;
  is_passing_ = looked_without_leads_ = false;
  strays_.clear();
  return Restore(tally, declared, NodeState(state_));
}

// Who is told is decided by what it was told last: only what is another by the new rules goes out.
void Node::Reconsider() { TouchAll(); }

}  // namespace ringfence::ties
