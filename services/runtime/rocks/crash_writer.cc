// For the crash tests: writes without end, and says on standard output what was acknowledged, until
// it is killed. A program of its own, since RocksDB's threads do not survive a fork.
//
//   crash_writer log DIR     appends n to partition 0 and 1 of "t" and replaces "k" of the
//   compacted
//                            "c", for n = 0, 1, ...; commits n + 1 as reader "r"
//   crash_writer state DIR   puts n under twelve keys and commits, for n = 1, 2, ...; flushes
//                            every 50th

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <string_view>

#include "services/runtime/rocks/embedded_log.h"
#include "services/runtime/rocks/rocks_state.h"

namespace ringfence::runtime {
namespace {

bool Tell(int64_t n) { return ::write(STDOUT_FILENO, &n, sizeof(n)) == sizeof(n); }

absl::Status WriteLog(const std::string& dir) {
  EmbeddedLog::Options options;
  options.dir = dir;
  options.memory = MakeRocksMemory({.cache_bytes = 1 << 20, .memtable_bytes = 1 << 20});
  options.clock = [] { return core::kDay; };
  options.reserve_bytes = 0;
  absl::StatusOr<std::unique_ptr<EmbeddedLog>> log = EmbeddedLog::Open(options);
  if (!log.ok()) return log.status();
  absl::Status created = (*log)->CreateTopic("t", {.partitions = 2});
  created.Update((*log)->CreateTopic("c", {.compacted = true}));
  if (!created.ok()) return created;
  for (int64_t n = 0;; ++n) {
    const std::string value = std::to_string(n);
    absl::Status status =
        (*log)
            ->Append({{{"t", 0}, "", value}, {{"t", 1}, "", value}, {{"c", 0}, "k", value}})
            .status();
    status.Update((*log)->Commit("r", {"t", 0}, n + 1));
    if (!status.ok() || !Tell(n)) return status;
  }
}

absl::Status WriteState(const std::string& dir) {
  absl::StatusOr<std::unique_ptr<RocksState>> state = RocksState::Open(
      {dir, "p1", MakeRocksMemory({.cache_bytes = 1 << 20, .memtable_bytes = 1 << 20})});
  if (!state.ok()) return state.status();
  for (int64_t n = 1;; ++n) {
    for (char key = 'a'; key < 'm'; ++key) (*state)->Put({&key, 1}, std::to_string(n));
    absl::Status status = (*state)->Commit(n);
    if (n % 50 == 0) status.Update((*state)->Flush());
    if (!status.ok() || !Tell(n)) return status;
  }
}

}  // namespace
}  // namespace ringfence::runtime

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const bool log = std::string_view(argv[1]) == "log";
  const absl::Status status =
      log ? ringfence::runtime::WriteLog(argv[2]) : ringfence::runtime::WriteState(argv[2]);
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return 1;
}
