#pragma once

#include <cstdint>
#include <string>

#include "pipelines/components/components.h"
#include "pipelines/core/label_key.h"

namespace ringfence::cluster {

// Keys of the state: of what is kept of a node, and of one of its neighbours.

inline std::string NodeStateKey(char table, const components::NodeKey& node) {
  return core::NodeKeyBytes(table, node.id, node.day);
}

inline std::string NeighbourStateKey(char table, const components::NodeKey& node,
                                     const components::NodeKey& neighbour) {
  std::string key = NodeStateKey(table, node);
  core::AppendNode(neighbour.id, neighbour.day, key);
  return key;
}

// The least key that does not begin with `prefix`, which has a byte below 0xff.
inline std::string AfterPrefix(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(static_cast<uint8_t>(prefix.back()) + 1);
  return prefix;
}

}  // namespace ringfence::cluster
