#pragma once

#include <string>

#include "services/runtime/stage_kind.h"

namespace ringfence::cluster_service {

// `deployment` names the namespace of indicator ids.
runtime::StageKind ClusterStage(const std::string& deployment);

}  // namespace ringfence::cluster_service
