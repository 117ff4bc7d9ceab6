#pragma once

#include <chrono>

#include "pipelines/core/time.h"
#include "services/publish/moment.h"

namespace ringfence::publish {

// How long whoever holds a set may act on it without hearing of it again.
inline constexpr std::chrono::seconds kValidFor{300};

// What is left of `valid_for` of a set that is given out `now`: it runs from when the log was heard
// of last, in every partition. A replica that is cut off from the log, or short of disk, or whose
// cluster stage stands still, knows of no retraction, and must not keep others from noticing.
// All of it while marks come as they do when all is well, and where nothing has ever come; 0 and
// more.
std::chrono::seconds LeaseOf(const Moment& moment, core::Time now, std::chrono::seconds valid_for);

}  // namespace ringfence::publish
