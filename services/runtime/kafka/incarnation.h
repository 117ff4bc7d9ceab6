#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/runtime/log/log.h"

namespace ringfence::runtime {

// Offsets mean nothing once a topic was deleted and made again, and librdkafka 2.0.2 does not show
// topics' ids. So a topic of its own, of one partition that keeps everything, says which log this
// is: each record is an epoch, a blank and random digits, and the first record of the highest epoch
// counts, whoever else wrote at the same time. Making topics begins a new epoch.
inline constexpr std::string_view kIncarnationTopic = "ringfence.incarnation";

// Of records' values, in their order; "" where there is none yet.
std::string CurrentIncarnation(const std::vector<std::string>& values);
// A value of the epoch after the current one; `random` has no blanks.
std::string NextIncarnation(const std::vector<std::string>& values, std::string_view random);

// Reads what is there; where there is nothing, appends. `log` has the topic.
absl::StatusOr<std::string> ReadOrBeginIncarnation(Log& log);
// Appends the next.
absl::Status BeginIncarnation(Log& log);

}  // namespace ringfence::runtime
