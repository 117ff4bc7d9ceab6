#pragma once

#include <string>

#include "pipelines/components/components.h"
#include "pipelines/core/packing.h"
#include "pipelines/ties/node.h"

namespace ringfence::cluster {

// What nodes tell each other, as it is sent: messages one after the other in `packed_nodes` and
// `packed_ties` of an Envelope. They are most of what the stages send.

void Pack(const components::Message& message, std::string& out);
void Pack(const ties::Message& message, std::string& out);

// Reads the next message; false where the bytes are damaged, and `message` is worth nothing then.
[[nodiscard]] bool Unpack(core::Unpacker& in, components::Message& message);
[[nodiscard]] bool Unpack(core::Unpacker& in, ties::Message& message);

// Their parts, which are stored too. After reading ask the unpacker whether it is `ok`.
void Pack(const components::NodeKey& key, core::Packer& out);
components::NodeKey UnpackKey(core::Unpacker& in);
void Pack(const ties::NodeFacts& facts, core::Packer& out);
ties::NodeFacts UnpackFacts(core::Unpacker& in);
void Pack(const ties::Sketch& sketch, core::Packer& out);
ties::Sketch UnpackSketch(core::Unpacker& in);

}  // namespace ringfence::cluster
