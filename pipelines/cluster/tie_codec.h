#pragma once

#include "pipelines/ties/node.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::cluster {

// What nodes tell each other of their ties, as it is sent and stored.
void ToProto(const ties::Message& message, internal::v1::TieMessage& proto);
ties::Message FromProto(const internal::v1::TieMessage& proto);

void ToProto(const ties::NodeFacts& facts, internal::v1::TieFacts& proto);
ties::NodeFacts FromProto(const internal::v1::TieFacts& proto);
void ToProto(const ties::Sketch& sketch, internal::v1::TieSketch& proto);
ties::Sketch FromProto(const internal::v1::TieSketch& proto);

}  // namespace ringfence::cluster
