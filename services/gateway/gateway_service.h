#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "services/runtime/service/service_main.h"

namespace ringfence::gateway {

// The gateway as a process: ReportService over gRPC.
absl::StatusOr<std::unique_ptr<runtime::RunningService>> StartGatewayService(
    runtime::Surroundings& surroundings);

// Whether its keys can be used.
std::vector<absl::Status> CheckGatewayFiles(const runtime::Config& config);

}  // namespace ringfence::gateway
