#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ringfence/internal/v1/snapshot.pb.h"

namespace ringfence::runtime {

using internal::v1::SnapshotManifest;

inline constexpr uint32_t kSnapshotFormat = 1;

struct StoredSnapshot {
  // STAGE-PARTITION/OFFSET, the offset with leading zeros: the newest of a partition is the last in
  // order of text.
  std::string id;
  SnapshotManifest manifest;
  // kDataLoss where the manifest cannot be read.
  absl::Status status;
};

// What comes before the '/' in the ids of a partition's snapshots.
std::string SnapshotSeries(const std::string& stage, uint32_t partition);
std::string SnapshotId(const SnapshotManifest& manifest);

// Where snapshots of partitions' state are kept. Whoever lists sees a snapshot whole or not at all.
// One process at a time writes to a series; any number read. Thread-safe. Errors: kUnavailable,
// kResourceExhausted (no room), kDataLoss (damaged), kNotFound.
class SnapshotStore {
 public:
  virtual ~SnapshotStore() = default;

  // Keeps the files in `folder`, which has no folders in it; fills in `manifest.files`. Survives a
  // crash of the machine once it returns. One that is there with the same id is replaced.
  // kCancelled, and nothing is kept, soon after `stop` is requested.
  virtual absl::StatusOr<SnapshotManifest> Put(SnapshotManifest manifest, const std::string& folder,
                                               const std::stop_token& stop) = 0;
  // All of the series, of every series where it is empty; the newest first within each.
  virtual absl::StatusOr<std::vector<StoredSnapshot>> List(const std::string& series) = 0;
  // Writes the files to `folder`, which is made, and holds each to its size and hash: kDataLoss
  // where one differs, is missing or is more; kCancelled soon after `stop` is requested. Then
  // `folder` holds nothing of use.
  virtual absl::Status Fetch(const StoredSnapshot& snapshot, const std::string& folder,
                             const std::stop_token& stop) = 0;
  // As Fetch, without writing.
  virtual absl::Status Verify(const StoredSnapshot& snapshot) = 0;
  virtual absl::Status Remove(const std::string& id) = 0;
  virtual absl::StatusOr<uint64_t> FreeBytes() = 0;
};

}  // namespace ringfence::runtime
