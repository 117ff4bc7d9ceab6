#pragma once

#include <cstdint>
#include <string>

#include "pipelines/core/time.h"
#include "services/runtime/log/log.h"

namespace ringfence::runtime {

// How far a reader of a partition is; for GetStatus and for health.
struct Progress {
  std::string stage;
  TopicPartition input;
  // Of the next record that it applies, and of the next that will be appended.
  int64_t applied = 0;
  int64_t end = 0;
  core::Time as_of = core::kTimeMin;
  // Empty while it runs. A stopped one skips nothing and needs an operator.
  std::string stopped_because;
  // Of what it reads this alone fails, or is stopped: its process does its work nevertheless.
  bool fails_alone = false;
};

}  // namespace ringfence::runtime
