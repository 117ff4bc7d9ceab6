#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "services/runtime/service/service_main.h"

namespace ringfence::intake_service {

// Intake over shares of the partners' topics: there are as many shares as the dedupe mailbox has
// partitions, and the processes of the group share them as they would that topic.
absl::StatusOr<std::unique_ptr<runtime::RunningService>> StartIntakeService(
    runtime::Surroundings& surroundings);

}  // namespace ringfence::intake_service
