#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/client/set.h"

namespace ringfence::client {

// Keeps a subscriber's cursor and set across runs, so that neither is ever without the other: a
// text file that grows by what changes, and is written anew when most of it is out of date.
//
//   ringfence-subscription 1 <what was asked for>   first line
//   +<indicator id> <revision> [<the indicator, base64>]   put
//   -<indicator id>                                 removed
//   !                                               all of it thrown away
//   =<cursor>                                       everything up to here belongs to the cursor
//
// What follows the last "=" is ignored when it is read: a crash goes back to an earlier cursor.
// Owned by one thread.
class SetFile {
 public:
  struct Content {
    // Empty where there is none.
    std::string cursor;
    Set set;
  };

  // Reads `path` into `content()`; a file that asked for something else, or none, is no content.
  // `asked` is one line. kDataLoss where `path` holds something else, which is left as it is.
  static absl::StatusOr<SetFile> Open(const std::string& path, const std::string& asked);

  Content TakeContent() { return std::move(content_); }

  // `bytes`: of the whole indicator; may be empty.
  void Put(const std::string& indicator_id, uint64_t revision, std::string_view bytes = {});
  void Remove(const std::string& indicator_id);
  void Clear();
  // Writes what was put since the last call. `set` is what the subscriber holds now.
  absl::Status Commit(const std::string& cursor, const Set& set);

 private:
  SetFile(std::string path, std::string asked)
      : path_(std::move(path)), header_("ringfence-subscription 1 " + std::move(asked)) {}

  absl::Status Read();
  absl::Status Rewrite(const std::string& cursor, const Set& set);

  std::string path_;
  std::string header_;
  Content content_;
  std::ofstream file_;
  std::string pending_;
  // In the file, counting those that are out of date.
  uint64_t lines_ = 0;
};

}  // namespace ringfence::client
