#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace ringfence::runtime {

// Errors: kResourceExhausted where there is no room, kNotFound, else kUnavailable, with the path.

struct FileDigest {
  uint64_t bytes = 0;
  // Lower case hexadecimal.
  std::string sha256;
};

// What `from` held, read once. Where `to` is not empty it is written there too and is on disk when
// this returns, but for its folder's entry (SyncFolder). kCancelled once `stop` is requested, which
// is asked at each MiB.
absl::StatusOr<FileDigest> DigestFile(const std::string& from, const std::string& to = "",
                                      const std::stop_token& stop = {});
absl::Status WriteFileSynced(const std::string& path, const std::string& content);
absl::StatusOr<std::string> ReadSmallFile(const std::string& path, uint64_t bytes_max);
absl::Status SyncFolder(const std::string& folder);
absl::Status MakeFolder(const std::string& folder);
absl::Status RenameSynced(const std::string& from, const std::string& to);
// With all in it; ok where it is not there.
absl::Status RemoveFolder(const std::string& folder);
// Names in it, sorted; none where it is not there.
absl::StatusOr<std::vector<std::string>> FolderEntries(const std::string& folder);
absl::StatusOr<uint64_t> FreeBytesOf(const std::string& folder);
// How large that disk is.
absl::StatusOr<uint64_t> CapacityOf(const std::string& folder);

}  // namespace ringfence::runtime
