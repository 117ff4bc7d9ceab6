#include "services/publish/held_reports.h"

#include <algorithm>
#include <map>
#include <string>

#include "pipelines/core/time.h"

namespace ringfence::publish {

v1::ListHeldResponse SumOf(const std::vector<std::vector<dedupe::HeldReports>>& lists) {
  std::map<std::string, dedupe::HeldReports> sums;
  for (const auto& list : lists) {
    for (const dedupe::HeldReports& held : list) {
      dedupe::HeldReports& sum = sums[held.partner];
      if (held.waiting > 0) {
        sum.first = sum.waiting == 0 ? held.first : std::min(sum.first, held.first);
        sum.last = std::max(sum.last, held.last);
      }
      sum.waiting += held.waiting;
      sum.dropped += held.dropped;
    }
  }
  v1::ListHeldResponse response;
  for (const auto& [partner, sum] : sums) {
    v1::HeldReports& held = *response.add_partners();
    held.set_partner(partner);
    held.set_waiting(sum.waiting);
    held.set_dropped(sum.dropped);
    if (sum.waiting == 0) continue;
    *held.mutable_first_received() = core::ToProto(sum.first);
    *held.mutable_last_received() = core::ToProto(sum.last);
  }
  return response;
}

}  // namespace ringfence::publish
