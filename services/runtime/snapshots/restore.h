#pragma once

#include <stop_token>
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
  // Older ones, and one that goes on there, are passed over without a word.
  int64_t above = -1;
};

enum class Restored { kNothing, kSnapshot };

// Restores the newest snapshot that is whole and fits to `state_dir`, in place of what is there,
// which nobody may have open. One that is damaged or does not fit is told in the log, with
// `refused` counting it, and the next older one is taken. An error is one of the surroundings
// (kUnavailable, kResourceExhausted), or kCancelled soon after `stop` is requested; `state_dir`
// then is as it was, or is not there.
absl::StatusOr<Restored> RestoreNewest(SnapshotStore& store, const SnapshotFor& wanted,
                                       const std::string& state_dir, int& refused,
                                       const std::stop_token& stop = {});

}  // namespace ringfence::runtime
