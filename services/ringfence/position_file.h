#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace ringfence::cli {

// How far a file was answered by the server.
struct Position {
  uint64_t lines = 0;
  // LineReader::checksum() of them.
  uint32_t checksum = 0;
};

// Keeps positions across runs. A text file of one line an input:
//
//   <lines> TAB <checksum, hexadecimal> TAB <partner> TAB <server> TAB <path>
//
// Owned by one thread.
class PositionFile {
 public:
  // Whose positions: those of another partner or server are none.
  struct Owner {
    std::string partner;
    std::string server;
  };

  // kDataLoss where `path` holds something else, which is left as it is; no file is no position.
  static absl::StatusOr<PositionFile> Load(std::string path, Owner owner);

  // 0 where there is none.
  Position Get(const std::string& input) const;
  // Replaces the file as a whole: a crash leaves the old or the new one.
  absl::Status Put(const std::string& input, const Position& position);
  // All is answered: the file goes.
  void Remove();

 private:
  PositionFile(std::string path, Owner owner) : path_(std::move(path)), owner_(std::move(owner)) {}

  std::string path_;
  Owner owner_;
  std::map<std::string, Position> positions_;
};

}  // namespace ringfence::cli
