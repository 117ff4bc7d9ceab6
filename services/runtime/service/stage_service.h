#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/runtime/service/service_main.h"
#include "services/runtime/stage_kind.h"

namespace ringfence::runtime {

// The service of a stage that keeps state: a Runner for each partition that this process owns, with
// snapshots where the configuration has a folder for them.
absl::StatusOr<std::unique_ptr<RunningService>> StartStageService(const StageKind& kind,
                                                                  const std::string& state_folder,
                                                                  Surroundings& surroundings);

}  // namespace ringfence::runtime
