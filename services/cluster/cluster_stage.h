#pragma once

#include <string>

#include "services/runtime/log/log.h"
#include "services/runtime/stage_kind.h"

namespace ringfence::cluster_service {

// `deployment` names the namespace of indicator ids. `log`, which must outlive the stages, is the
// one that they run on: what it is called is the secret by which roots of components are ranked.
runtime::StageKind ClusterStage(const std::string& deployment, const runtime::Log& log);

}  // namespace ringfence::cluster_service
