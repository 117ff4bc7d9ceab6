#include "services/publish/lease.h"

#include <algorithm>

namespace ringfence::publish {
namespace {

// Marks are written once a second, and come with the batch after.
constexpr core::Time kOnTime = 5 * core::kSecond;

}  // namespace

std::chrono::seconds LeaseOf(const Moment& moment, core::Time now, std::chrono::seconds valid_for) {
  if (moment.appended_until == core::kTimeMin || now <= moment.appended_until) return valid_for;
  const core::Time late = std::max<core::Time>(0, now - moment.appended_until - kOnTime);
  return std::max(std::chrono::seconds(0), valid_for - std::chrono::seconds(late / core::kSecond));
}

}  // namespace ringfence::publish
