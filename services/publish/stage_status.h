#pragma once

#include <cstddef>
#include <vector>

#include "ringfence/v1/admin_service.pb.h"
#include "services/runtime/log/log.h"
#include "services/runtime/progress.h"

namespace ringfence::publish {

// What GetStatus answers of these readers. `quiet`: every
// reader had applied all that its partition held, and no partition had grown by the time that all
// had been looked at, for what is applied has been sent before.
v1::GetStatusResponse StatusOf(const std::vector<runtime::Progress>& progress, runtime::Log& log);

// Adds the stages of other processes that share the log, as far as they have committed, which is
// some seconds old: it says nothing of `quiet`, which stays that of this process. Of intake as many
// partitions as `reports_max`. Asks the log for each.
void AddOtherStages(runtime::Log& log, v1::GetStatusResponse& response, size_t reports_max = 256);

}  // namespace ringfence::publish
