#include "pipelines/ties/node.h"
#include "pipelines/ties/node_index.h"

namespace ringfence::ties {

bool Node::OnRules(const Tally& tally, bool declared) {
  index_.reset();
  for (auto [key, neighbour] : neighbours_) neighbour.sampled = false;
  NodeState state = state_;
  state.ForgetPass();
  return Restore(tally, declared, state);
}

// Who is told is decided by what it was told last: only what is another by the new rules goes out.
void Node::Reconsider() { TouchAll(); }

}  // namespace ringfence::ties
