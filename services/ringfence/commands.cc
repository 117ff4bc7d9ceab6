#include "services/ringfence/commands.h"

#include <fmt/format.h>

#include <cstdio>
#include <string>

#include "services/ringfence/words.h"

namespace ringfence::cli {

int Fail(const absl::Status& status) {
  fmt::print(stderr, "ringfence: {}\n", Printable(std::string(status.message())));
  return kUnfinished;
}

}  // namespace ringfence::cli
