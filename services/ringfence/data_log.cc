#include "services/ringfence/data_log.h"

#include <filesystem>

#include "services/runtime/clock.h"

namespace ringfence::cli {

absl::StatusOr<std::unique_ptr<runtime::EmbeddedLog>> OpenDataLog(
    const std::string& dir, const std::shared_ptr<runtime::RocksMemory>& memory) {
  std::error_code error;
  // Opening would make one.
  if (!std::filesystem::exists(dir + "/log", error))
    return absl::NotFoundError(dir + ": no server has written here");
  runtime::EmbeddedLog::Options options;
  options.dir = dir + "/log";
  options.clock = runtime::SystemNow;
  options.memory = memory;
  auto log = runtime::EmbeddedLog::Open(options);
  if (log.ok()) return log;
  return absl::UnavailableError(std::string(log.status().message()) +
                                " (does a server run on it?)");
}

}  // namespace ringfence::cli
