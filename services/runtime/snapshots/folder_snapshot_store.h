#pragma once

#include <memory>
#include <string>
#include <vector>

#include "services/runtime/snapshots/snapshot_store.h"

namespace ringfence::runtime {

// Snapshots in a folder, of this machine or mounted:
//
//   SERIES/OFFSET/MANIFEST.json    size and SHA-256 of each file beside it
//   SERIES/OFFSET/...
//   SERIES/.new-OFFSET             one that is being written; what a crash left goes with the next
//   Put
class FolderSnapshotStore : public SnapshotStore {
 public:
  // Makes the folder.
  static absl::StatusOr<std::unique_ptr<FolderSnapshotStore>> Open(const std::string& folder);

  absl::StatusOr<SnapshotManifest> Put(SnapshotManifest manifest, const std::string& folder,
                                       const std::stop_token& stop) override;
  absl::StatusOr<std::vector<StoredSnapshot>> List(const std::string& series) override;
  absl::Status Fetch(const StoredSnapshot& snapshot, const std::string& folder,
                     const std::stop_token& stop) override;
  absl::Status Verify(const StoredSnapshot& snapshot) override;
  absl::Status Remove(const std::string& id) override;
  absl::StatusOr<uint64_t> FreeBytes() override;

 private:
  explicit FolderSnapshotStore(std::string folder) : folder_(std::move(folder)) {}
  std::string PathOf(const std::string& id) const { return folder_ + "/" + id; }
  absl::Status Write(SnapshotManifest& manifest, const std::string& from, const std::string& to,
                     const std::stop_token& stop);
  // Where `to` is empty, without writing.
  absl::Status Check(const StoredSnapshot& snapshot, const std::string& to,
                     const std::stop_token& stop);
  absl::Status ListSeries(const std::string& series, std::vector<StoredSnapshot>& snapshots);

  const std::string folder_;
};

}  // namespace ringfence::runtime
