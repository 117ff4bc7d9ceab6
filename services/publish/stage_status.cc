#include "services/publish/stage_status.h"

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "pipelines/core/time.h"

namespace ringfence::publish {
namespace {

void AddCommitted(const std::string& stage, std::string_view reader, const std::string& topic,
                  runtime::Log& log, size_t max, std::vector<runtime::Progress>& all) {
  const int32_t partitions = log.Partitions(topic).value_or(0);
  for (int32_t p = 0; p < partitions && all.size() < max; ++p) {
    runtime::Progress& progress = all.emplace_back();
    progress.stage = stage;
    progress.input = {topic, p};
    const auto committed = log.Committed(std::string(reader), progress.input);
    progress.applied =
        committed.ok() && *committed ? **committed : log.StartOffset(progress.input).value_or(0);
  }
}

}  // namespace

std::vector<runtime::Progress> CommittedProgress(runtime::Log& log, size_t reports_max) {
  std::vector<runtime::Progress> all;
  const auto topics = log.Topics(runtime::kReportsPrefix);
  for (const std::string& topic : topics.ok() ? *topics : std::vector<std::string>()) {
    AddCommitted("intake", runtime::kIntakeReader, topic, log, reports_max, all);
  }
  constexpr size_t kAll = std::numeric_limits<size_t>::max();
  for (const auto& [stage, topic] :
       {std::pair("dedupe", runtime::kDedupeTopic), std::pair("cluster", runtime::kClusterTopic)}) {
    AddCommitted(stage, runtime::kStageReader, std::string(topic), log, kAll, all);
  }
  return all;
}

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
