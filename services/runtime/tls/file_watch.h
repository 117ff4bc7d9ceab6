#pragma once

#include <sys/stat.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <tuple>

namespace ringfence::runtime {

// What changes when a file is replaced or written, through symbolic links too: how Kubernetes swaps
// a mounted secret. All zero where there is none.
struct FileStamp {
  uint64_t device = 0;
  uint64_t inode = 0;
  int64_t size = 0;
  int64_t nanoseconds = 0;

  bool operator==(const FileStamp&) const = default;
  bool is_there() const { return inode != 0; }
};

inline FileStamp StampOf(const std::string& path) {
  struct stat found {};
  if (path.empty() || stat(path.c_str(), &found) != 0) return {};
  return {found.st_dev, found.st_ino, found.st_size,
          int64_t{found.st_mtim.tv_sec} * 1'000'000'000 + found.st_mtim.tv_nsec};
}

// How often files are looked at: no oftener than this, and when somebody calls.
inline constexpr std::chrono::milliseconds kLookAtFilesEvery{500};

}  // namespace ringfence::runtime
