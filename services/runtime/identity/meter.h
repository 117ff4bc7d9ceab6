#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "services/runtime/identity/caller.h"
#include "services/runtime/metrics.h"

namespace ringfence::runtime {

// What identities have quotas of (IdentityQuotas in identities.proto).
enum class Quota { kReports, kLookups, kCalls, kStreams, kSnapshots };

// Counts what each identity takes, in this process. A rate is a bucket that holds two seconds of
// it: a call is admitted while the bucket is not empty, and may leave it in debt, so that a call of
// any size passes once, and is paid for by waiting. Local callers have no quotas. Holds as many
// identities as the file has had. Thread-safe.
class Meter {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;

  // `metrics` must outlive it.
  explicit Meter(
      Metrics& metrics, Clock clock = [] { return std::chrono::steady_clock::now(); })
      : metrics_(metrics), clock_(std::move(clock)) {}

  // Of a rate. Nothing: taken. Else after how long it is worth to try again.
  std::optional<std::chrono::milliseconds> Take(const Caller& caller, Quota quota,
                                                uint64_t amount = 1) ABSL_LOCKS_EXCLUDED(mutex_);

  // Of what is held for a while. Null: there is no place; else it is held as long as this is. The
  // meter must outlive it.
  class Held;
  std::shared_ptr<const Held> Hold(const Caller& caller, Quota quota) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Bucket {
    double left = 0;
    std::chrono::steady_clock::time_point at;
    bool is_new = true;
  };
  struct Taken {
    // By Quota: kReports, kLookups, kCalls; kStreams, kSnapshots.
    std::array<Bucket, 3> rates;
    std::array<uint32_t, 2> held{};
  };

  void Refuse(const Caller& caller, Quota quota) const;
  void Release(const std::string& name, Quota quota) ABSL_LOCKS_EXCLUDED(mutex_);

  Metrics& metrics_;
  const Clock clock_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, Taken> by_name_ ABSL_GUARDED_BY(mutex_);
};

class Meter::Held {
 public:
  Held(Meter* meter, std::string name, Quota quota)
      : meter_(meter), name_(std::move(name)), quota_(quota) {}
  ~Held() {
    if (meter_ != nullptr) meter_->Release(name_, quota_);
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

 private:
  // Null for who is not counted.
  Meter* const meter_;
  const std::string name_;
  const Quota quota_;
};

// Where something that is held has no place: what may have ended by then.
inline constexpr std::chrono::milliseconds kRetryHeldAfter{1'000};

// kResourceExhausted, which says what and after how long.
absl::Status PastQuota(Quota quota, std::chrono::milliseconds retry_after);

}  // namespace ringfence::runtime
