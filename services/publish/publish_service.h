#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "services/runtime/service/service_main.h"

namespace ringfence::publish {

// Publish as a process: a replica of the whole set, over gRPC and HTTP.
absl::StatusOr<std::unique_ptr<runtime::RunningService>> StartPublishService(
    runtime::Surroundings& surroundings);

// Whether its keys, its policy and its organisations can be used.
std::vector<absl::Status> CheckPublishFiles(const runtime::Config& config);

}  // namespace ringfence::publish
