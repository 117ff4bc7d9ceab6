#include "pipelines/dedupe/nodes.h"

#include "pipelines/components/codec.h"

namespace ringfence::dedupe {

using components::NodeKey;
using internal::v1::StoredNeighbour;
using internal::v1::StoredNode;

const std::string& JoinNode::bearers() const {
  static const std::string kNone;
  if (!node.labelled) return kNone;
  if (!node.via) return own;
  auto said = heard.find(*node.via);
  return said == heard.end() ? kNone : said->second;
}

void StoreNode(const JoinNode& join, bool with_neighbours, StoredNode& stored) {
  components::Store(join.node, stored);
  stored.set_has_spilled_neighbours(!with_neighbours);
  if (!with_neighbours) return;
  for (const auto& [key, neighbour] : join.node.neighbours) {
    StoreNeighbour(key, join, *stored.add_neighbours());
  }
}

void LoadNode(const StoredNode& stored, JoinNode& join) {
  components::Load(stored, join.node);
  for (const StoredNeighbour& neighbour : stored.neighbours()) LoadNeighbour(neighbour, join);
}

void StoreNeighbour(const NodeKey& key, const JoinNode& join, StoredNeighbour& stored) {
  components::Store(key, join.node.neighbours.at(key), stored);
  auto said = join.heard.find(key);
  if (said != join.heard.end()) stored.set_bearers(said->second);
}

void LoadNeighbour(const StoredNeighbour& stored, JoinNode& join) {
  components::Load(stored, join.node);
  if (!stored.bearers().empty()) join.heard[components::KeyOf(stored)] = stored.bearers();
}

}  // namespace ringfence::dedupe
