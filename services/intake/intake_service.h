#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "services/runtime/service/service_main.h"

namespace ringfence::intake_service {

// Intake over shares of the partners' topics: there are as many shares as the dedupe mailbox has
// partitions, and the processes of the group share them as they would that topic.
absl::StatusOr<std::unique_ptr<runtime::RunningService>> StartIntakeService(
    runtime::Surroundings& surroundings);

// Whether its keys can be used.
std::vector<absl::Status> CheckIntakeFiles(const runtime::Config& config);

}  // namespace ringfence::intake_service
