#pragma once

#include "pipelines/core/time.h"

namespace ringfence::core {

// How long it stands in `indicators` that an identifier left the set, or that a node's label ended,
// in the time of the stage that says so. Then the key goes. A month: no replica is away for so
// long, and what left the set in a month is few beside what is in it.
inline constexpr Time kKeepRemovals = 30 * kDay;

// By so much the log's time may be ahead of a stage's, which mailboxes that are kept for seven days
// bound, and one writer's behind another's: a state of seven days ago may be taken up again and
// send again what it sent then.
inline constexpr Time kRemovalsLate = 8 * kDay;

}  // namespace ringfence::core
