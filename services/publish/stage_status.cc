#include "services/publish/stage_status.h"

#include <utility>

#include "pipelines/core/time.h"

namespace ringfence::publish {

v1::GetStatusResponse StatusOf(const std::vector<runtime::Progress>& progress, runtime::Log& log) {
  v1::GetStatusResponse response;
  std::vector<std::pair<runtime::TopicPartition, int64_t>> ends;
  bool quiet = true;
  for (const runtime::Progress& reader : progress) {
    const int64_t end = log.EndOffset(reader.input).value_or(-1);
    quiet = quiet && end == reader.applied && reader.stopped_because.empty();
    ends.emplace_back(reader.input, end);
    v1::StageStatus& status = *response.add_stages();
    status.set_stage(reader.stage);
    status.set_topic(reader.input.topic);
    status.set_partition(reader.input.partition);
    status.set_log_end(end);
    status.set_applied(reader.applied);
    if (reader.as_of > 0) *status.mutable_as_of() = core::ToProto(reader.as_of);
  }
  for (const auto& [partition, end] : ends)
    quiet = quiet && log.EndOffset(partition).value_or(-1) == end;
  response.set_quiet(quiet);
  return response;
}

}  // namespace ringfence::publish
