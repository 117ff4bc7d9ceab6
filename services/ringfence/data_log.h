#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/runtime/rocks/embedded_log.h"

namespace ringfence::cli {

// The log of a directory that `ringfence serve` wrote and that no server uses. kUnavailable while
// one does, kNotFound where there is nothing.
absl::StatusOr<std::unique_ptr<runtime::EmbeddedLog>> OpenDataLog(
    const std::string& dir, const std::shared_ptr<runtime::RocksMemory>& memory);

}  // namespace ringfence::cli
