#pragma once

#include <chrono>
#include <string_view>

namespace ringfence::runtime {

// How long topics are kept where nothing else is said.
inline constexpr std::chrono::hours kRetention{24 * 7};
// Those of reports, which are all that a state can be made of again: longer than evidence links.
inline constexpr std::chrono::hours kReportRetention{24 * 403};

// The way out of a state that is of no use, for messages: the reports once more.
inline constexpr std::string_view kBeginAnew =
    "with the old keys, a new data directory and `ringfence ingest` of the partners' files (one "
    "process), or a new deployment that reads the reports' topics (Kafka)";

}  // namespace ringfence::runtime
