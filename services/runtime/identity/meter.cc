#include "services/runtime/identity/meter.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ringfence::runtime {
namespace {

constexpr double kSecondsHeld = 2;
constexpr size_t kRates = 3;

const char* Word(Quota quota) {
  switch (quota) {
    case Quota::kReports:
      return "reports";
    case Quota::kLookups:
      return "lookups";
    case Quota::kCalls:
      return "calls";
    case Quota::kStreams:
      return "streams";
    case Quota::kSnapshots:
      return "snapshots";
  }
  return "";
}

uint32_t MostOf(const internal::v1::IdentityQuotas& quotas, Quota quota) {
  switch (quota) {
    case Quota::kReports:
      return quotas.reports_per_second();
    case Quota::kLookups:
      return quotas.lookups_per_second();
    case Quota::kCalls:
      return quotas.calls_per_second();
    case Quota::kStreams:
      return quotas.streams();
    case Quota::kSnapshots:
      return quotas.snapshots();
  }
  return 0;
}

}  // namespace

void Meter::Refuse(const Caller& caller, Quota quota) const {
  // Names are as many as the file has.
  metrics_.Add(Metric::kQuotaRefusals, {{"quota", Word(quota)}, {"identity", caller.name}});
}

std::optional<std::chrono::milliseconds> Meter::Take(const Caller& caller, Quota quota,
                                                     uint64_t amount) {
  if (!caller.identity) return std::nullopt;
  const double rate = std::max(1U, MostOf(caller.identity->quotas(), quota));
  const auto now = clock_();
  double left = 0;
  {
    absl::MutexLock lock(&mutex_);
    Bucket& bucket = by_name_[caller.name].rates[static_cast<size_t>(quota)];
    const std::chrono::duration<double> passed = now - bucket.at;
    bucket.left = bucket.is_new ? rate * kSecondsHeld
                                : std::min(rate * kSecondsHeld,
                                           bucket.left + rate * std::max(0.0, passed.count()));
    bucket.is_new = false;
    bucket.at = now;
    left = bucket.left;
    // Whole ones: the last part of one admits nobody.
    if (left >= 1) bucket.left -= static_cast<double>(amount);
  }
  if (left >= 1) return std::nullopt;
  Refuse(caller, quota);
  return std::chrono::milliseconds(static_cast<int64_t>(std::ceil((1 - left) / rate * 1'000)));
}

std::shared_ptr<const Meter::Held> Meter::Hold(const Caller& caller, Quota quota) {
  if (!caller.identity) return std::make_shared<const Held>(nullptr, "", quota);
  {
    absl::MutexLock lock(&mutex_);
    uint32_t& held = by_name_[caller.name].held[static_cast<size_t>(quota) - kRates];
    if (held < MostOf(caller.identity->quotas(), quota)) {
      ++held;
      return std::make_shared<const Held>(this, caller.name, quota);
    }
  }
  Refuse(caller, quota);
  return nullptr;
}

void Meter::Release(const std::string& name, Quota quota) {
  absl::MutexLock lock(&mutex_);
  --by_name_[name].held[static_cast<size_t>(quota) - kRates];
}

absl::Status PastQuota(Quota quota, std::chrono::milliseconds retry_after) {
  return absl::ResourceExhaustedError(std::string("past the caller's quota of ") + Word(quota) +
                                      ": try again in " + std::to_string(retry_after.count()) +
                                      " ms");
}

}  // namespace ringfence::runtime
