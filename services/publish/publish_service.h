#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "services/runtime/service/service_main.h"

namespace ringfence::publish {

// Publish as a process: a replica of the whole set, over gRPC and HTTP.
absl::StatusOr<std::unique_ptr<runtime::RunningService>> StartPublishService(
    runtime::Surroundings& surroundings);

}  // namespace ringfence::publish
