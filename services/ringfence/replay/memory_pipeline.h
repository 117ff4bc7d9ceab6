#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pipelines/core/memory_state.h"
#include "pipelines/core/stage.h"
#include "pipelines/core/time.h"
#include "ringfence/internal/v1/decision.pb.h"
#include "ringfence/internal/v1/mailbox.pb.h"
#include "services/runtime/log/log.h"
#include "services/runtime/log_output.h"

namespace ringfence::replay {

// The stateful stages in one thread over mailboxes in memory: the same stages as those of a
// deployment, run until quiet. Records are dropped once applied. Memory grows with the state.
class MemoryPipeline {
 public:
  struct Options {
    // Of each mailbox; at least 1.
    uint32_t partitions = 2;
    std::string deployment = "local";
  };
  // Called for each record of the stage's own partition of `indicators`.
  using IndicatorSink =
      std::function<void(uint32_t partition, std::string_view key, std::string_view value)>;

  MemoryPipeline(const Options& options, IndicatorSink sink);
  ~MemoryPipeline();

  // Puts a revision into its mailbox; it is applied by the next RunUntilQuiet at the latest.
  void Send(const internal::v1::ReportRevision& revision);
  // Puts a legal hold, or its end, into the mailboxes of dedupe.
  void Send(const internal::v1::ReferralHold& hold);
  // An operator's decision, with its place, to all that it may concern.
  void Decide(const internal::v1::DecisionRecord& decision);
  // Time passes: all that expires by `time` does, in every partition of every mailbox.
  void Tick(core::Time time);
  absl::Status RunUntilQuiet();

 private:
  class Partition;

  void Deliver(std::vector<runtime::AppendRecord> records);

  const Options options_;
  const IndicatorSink sink_;
  core::Time now_ = core::kTimeMin;
  // What comes from outside.
  runtime::LogOutput input_;
  std::map<runtime::TopicPartition, std::unique_ptr<Partition>> partitions_;
};

}  // namespace ringfence::replay
