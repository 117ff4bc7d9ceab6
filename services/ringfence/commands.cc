#include "services/ringfence/commands.h"

#include <fmt/format.h>

#include <cstdio>
#include <string>

#include "absl/strings/str_split.h"
#include "services/ringfence/words.h"

namespace ringfence::cli {

int Fail(const absl::Status& status) {
  // What is wrong with a file is a line each.
  for (const auto line : absl::StrSplit(status.message(), '\n')) {
    fmt::print(stderr, "ringfence: {}\n", Printable(std::string(line)));
  }
  return kUnfinished;
}

}  // namespace ringfence::cli
