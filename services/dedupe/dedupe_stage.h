#pragma once

#include "services/runtime/stage_kind.h"

namespace ringfence::dedupe_service {

runtime::StageKind DedupeStage();

}  // namespace ringfence::dedupe_service
