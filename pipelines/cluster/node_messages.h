#pragma once

#include "pipelines/components/components.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::cluster {

// Between the components' messages and the mailbox's.
void ToProto(const components::Message& message, internal::v1::NodeMessage& proto);
components::Message FromProto(const internal::v1::NodeMessage& proto);

}  // namespace ringfence::cluster
