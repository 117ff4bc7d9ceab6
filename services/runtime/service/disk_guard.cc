#include "services/runtime/service/disk_guard.h"

#include <chrono>

#include "services/runtime/logging.h"
#include "services/runtime/reaction.h"
#include "services/runtime/snapshots/files.h"

namespace ringfence::runtime {
namespace {

constexpr std::chrono::milliseconds kEvery{1'000};
constexpr int kLooksBetweenLines = 60;

}  // namespace

DiskGuard::DiskGuard(const Options& options, Metrics& metrics)
    : options_(options), metrics_(metrics) {
  Look();
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

DiskGuard::~DiskGuard() {
  thread_.request_stop();
  thread_.join();
}

void DiskGuard::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    SleepUnlessStopped(stop, kEvery);
    Look();
  }
}

void DiskGuard::Look() {
  const absl::StatusOr<uint64_t> free_bytes =
      options_.free_bytes ? options_.free_bytes() : FreeBytesOf(options_.folder);
  // A disk that cannot be asked is told by whoever uses it.
  if (!free_bytes.ok()) return;
  metrics_.Set(Metric::kDiskFreeBytes, {{"disk", "state"}}, static_cast<double>(*free_bytes));
  const bool had_room = has_room_;
  const uint64_t wanted = options_.free_bytes_min + (had_room ? 0 : options_.free_bytes_min / 8);
  const bool has_room = *free_bytes >= wanted;
  has_room_ = has_room;
  metrics_.Set(Metric::kDiskShort, {{"disk", "state"}}, has_room ? 0 : 1);
  if (has_room && !had_room) {
    looks_until_told_ = 0;
    LogLine(LogLevel::kInfo, "disk has room again: records are taken",
            {{"free_bytes", static_cast<int64_t>(*free_bytes)}});
  }
  if (has_room || looks_until_told_-- > 0) return;
  looks_until_told_ = kLooksBetweenLines;
  LogLine(LogLevel::kError, "disk is short: no record is taken until there is room",
          {{"folder", options_.folder},
           {"free_bytes", static_cast<int64_t>(*free_bytes)},
           {"free_bytes_min", static_cast<int64_t>(options_.free_bytes_min)}});
}

absl::Status DiskGuard::Ready() const {
  if (has_room_) return absl::OkStatus();
  return absl::ResourceExhaustedError("the state's disk is short: no record is taken");
}

}  // namespace ringfence::runtime
