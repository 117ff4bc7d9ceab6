#pragma once

#include <algorithm>
#include <chrono>
#include <string_view>

#include "pipelines/core/removals.h"
#include "services/runtime/log/log.h"

namespace ringfence::runtime {

// How long topics are kept where nothing else is said.
inline constexpr std::chrono::hours kRetention{24 * 7};
// Those of reports, which are all that a state can be made of again: longer than evidence links.
inline constexpr std::chrono::hours kReportRetention{24 * 403};

// How long a topic is kept for which `retention` was asked. Of `indicators` it is how long one can
// see that a key was taken out: as long as the removals that went before are kept, so that whoever
// reads the topic within that time misses none.
inline std::chrono::hours RetentionOf(std::string_view topic, std::chrono::hours retention) {
  constexpr std::chrono::hours kRemovals{core::kKeepRemovals / core::kHour};
  return topic == kIndicatorsTopic ? std::max(retention, kRemovals) : retention;
}

// The way out of a state that is of no use, for messages: the reports once more.
inline constexpr std::string_view kBeginAnew =
    "with the old keys, a new data directory and `ringfence ingest` of the partners' files or of "
    "what `ringfence export reports` reads from the old one (one process), or a new deployment "
    "that reads the reports' topics (Kafka)";

}  // namespace ringfence::runtime
