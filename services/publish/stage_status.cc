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
                  size_t max, runtime::Log& log, v1::GetStatusResponse& response) {
  const int32_t partitions = log.Partitions(topic).value_or(0);
  for (int32_t p = 0; p < partitions && static_cast<size_t>(p) < max; ++p) {
    const runtime::TopicPartition input{topic, p};
    const auto committed = log.Committed(std::string(reader), input);
    v1::StageStatus& status = *response.add_stages();
    status.set_stage(stage);
    status.set_topic(topic);
    status.set_partition(p);
    status.set_log_end(log.EndOffset(input).value_or(-1));
    status.set_applied(committed.ok() && *committed ? **committed
                                                    : log.StartOffset(input).value_or(0));
  }
}

}  // namespace

void AddOtherStages(runtime::Log& log, v1::GetStatusResponse& response, size_t reports_max) {
  const auto topics = log.Topics(runtime::kReportsPrefix);
  for (const std::string& topic : topics.ok() ? *topics : std::vector<std::string>()) {
    const auto before = static_cast<size_t>(response.stages_size());
    AddCommitted("intake", runtime::kIntakeReader, topic, reports_max, log, response);
    reports_max -= static_cast<size_t>(response.stages_size()) - before;
  }
  constexpr size_t kAll = std::numeric_limits<size_t>::max();
  for (const auto& [stage, topic] :
       {std::pair("dedupe", runtime::kDedupeTopic), std::pair("cluster", runtime::kClusterTopic)}) {
    AddCommitted(stage, runtime::kAppliedReader, std::string(topic), kAll, log, response);
  }
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
