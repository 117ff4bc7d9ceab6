#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/runtime/metrics.h"

namespace ringfence::runtime {

// Looks every second how much is free on the disk that holds state. Below the threshold there is no
// room, until an eighth more than that is free again; it says so in the log each minute, and in
// metrics.
class DiskGuard {
 public:
  struct Options {
    std::string folder;
    uint64_t free_bytes_min = 0;
    // Null: asks the disk.
    std::function<absl::StatusOr<uint64_t>()> free_bytes = nullptr;
  };

  // `metrics` must outlive it. Looks once before it returns.
  DiskGuard(const Options& options, Metrics& metrics);
  ~DiskGuard();

  // Any thread.
  bool has_room() const { return has_room_; }
  absl::Status Ready() const;

 private:
  void Run(const std::stop_token& stop);
  void Look();

  const Options options_;
  Metrics& metrics_;
  std::atomic<bool> has_room_ = true;
  int looks_until_told_ = 0;
  std::jthread thread_;
};

}  // namespace ringfence::runtime
