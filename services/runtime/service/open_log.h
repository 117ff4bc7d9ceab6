#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/runtime/clock.h"
#include "services/runtime/config/config.h"
#include "services/runtime/log/log.h"
#include "services/runtime/metrics.h"
#include "services/runtime/rocks/memory.h"
#include "services/runtime/service/ownership.h"

namespace ringfence::runtime {

// The log that a configuration names, and how partitions of it are shared. The one place that knows
// which kinds there are.
class OpenedLog {
 public:
  virtual ~OpenedLog() = default;
  virtual Log& log() = 0;
  // `stage` names the group of processes that share the partitions of `topic`, which must be there.
  // `log()` must outlive it.
  virtual absl::StatusOr<std::unique_ptr<Ownership>> Share(const std::string& stage,
                                                           const std::string& topic) = 0;
};

// kUnavailable where it may be there later. `metrics` must outlive it.
absl::StatusOr<std::unique_ptr<OpenedLog>> OpenLog(const Config& config,
                                                   std::shared_ptr<RocksMemory> memory,
                                                   const Clock& clock, Metrics& metrics);

// Makes the mailboxes, `indicators` and `overrides` where they are missing, kept as long as the log
// keeps its topics. kFailedPrecondition where they are there with other numbers of partitions.
absl::Status MakeTopics(Log& log, uint32_t partitions);

}  // namespace ringfence::runtime
