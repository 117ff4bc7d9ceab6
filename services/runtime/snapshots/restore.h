#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/runtime/snapshots/snapshot_store.h"

namespace ringfence::runtime {

// What a snapshot must be to be of use to a partition.
struct SnapshotFor {
  std::string deployment;
  std::string stage;
  uint32_t partition = 0;
  uint32_t partitions = 1;
  std::string log_incarnation;
  // Of the mailbox's log, inclusive.
  int64_t start = 0;
  int64_t end = 0;
};

enum class Restored { kNothing, kSnapshot };

// Restores the newest snapshot that is whole and fits to `state_dir`, where no state may be. One
// that is damaged or does not fit is told in the log, with `refused` counting it, and the next
// older one is taken. An error is one of the surroundings (kUnavailable, kResourceExhausted);
// `state_dir` is then as it was.
absl::StatusOr<Restored> RestoreNewest(SnapshotStore& store, const SnapshotFor& wanted,
                                       const std::string& state_dir, int& refused);

}  // namespace ringfence::runtime
