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
// counts, whoever else wrote at the same time. Other records say which topic was made, and by whom:
// one that was made before in the present epoch was deleted since, and begins a new one. Processes
// that start together on a new cluster each make some of the topics, and begin none.
inline constexpr std::string_view kIncarnationTopic = "ringfence.incarnation";

// Of records' values, in their order; "" where there is none yet.
std::string CurrentIncarnation(const std::vector<std::string>& values);
// A value of the epoch after the current one; `random` has no blanks.
std::string NextIncarnation(const std::vector<std::string>& values, std::string_view random);

// Whether offsets of it stand in states or cursors. Without the prefix.
bool BelongsToIncarnation(std::string_view topic);
// Of random digits.
std::string RandomDigits();

// A value that says so; `maker` names one making, and has no blanks.
std::string TopicMade(std::string_view topic, std::string_view maker);
// Whether `topic` was made in the present epoch, but for what `maker` says.
bool WasMadeBefore(const std::vector<std::string>& values, std::string_view topic,
                   std::string_view maker);

// Reads what is there; where there is nothing, appends. `log` has the topic.
absl::StatusOr<std::string> ReadOrBeginIncarnation(Log& log);
// Appends the next, and that in it these topics were made.
absl::Status BeginIncarnation(Log& log, const std::vector<std::string>& made);
// To be called once `topic` has been made, until it is ok, with the same `maker`.
absl::Status NoteTopicMade(Log& log, const std::string& topic, const std::string& maker);

}  // namespace ringfence::runtime
