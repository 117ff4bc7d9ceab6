#pragma once

#include <string>
#include <string_view>

#include "pipelines/cluster/label_store.h"

namespace ringfence::cluster {

// Between a label in memory and what is stored of it. Neighbours under keys of their own are left
// to the caller.
void StoreLabel(const LabelNode& label, std::string& stored);
// Into one that is new. False where it is damaged.
[[nodiscard]] bool LoadLabel(std::string_view stored, LabelNode& label);

// Appends to `stored`. `known_root`: the label that whoever reads it will know, or null.
void StoreLabelNeighbour(const components::NodeKey& key, const components::Neighbour& neighbour,
                         const components::NodeKey* known_root, std::string& stored);
// Adds the next one to the node, whose label is what was known. False where it is damaged.
[[nodiscard]] bool LoadLabelNeighbour(core::Unpacker& in, components::Node& node);

}  // namespace ringfence::cluster
