#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "pipelines/core/time.h"
#include "services/runtime/log/log.h"

namespace ringfence::publish {

// Records of the partner's topic that were appended in [from, until) and are kept, those rejected
// or repeated among them: for a process that does not run dedupe, which knows of reports. Asks
// where the span begins and ends, and reads nothing between. kNotFound where the partner has no
// topic, else errors as of the log.
absl::StatusOr<uint64_t> CountRecords(runtime::Log& log, const std::string& partner,
                                      core::Time from, core::Time until);

}  // namespace ringfence::publish
