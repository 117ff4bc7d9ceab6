#pragma once

#include <vector>

#include "pipelines/core/time.h"
#include "ringfence/internal/v1/mailbox.pb.h"
#include "tests/sim/random.h"

namespace ringfence::sim {

// What intake sends to dedupe, and when: few reports over few identifiers, so that they meet. Has
// what makes rules bite: hosts and URLs of one base, addresses over days, roles that can be
// spoofed, revisions and retractions in any order, partners who send an old revision again much
// later, times at the edges of spans.
struct WorldPlan {
  struct Arrival {
    core::Time at = 0;
    internal::v1::ReportRevision revision;
  };
  // In the order of time; `revision.arrival()` is `at`.
  std::vector<Arrival> arrivals;
  // The time of the comparison, not before the last arrival.
  core::Time as_of = 0;
};

// Every arrival would have been accepted by intake: occurred and observed within 400 days before it
// to one day after it; one revision's identifiers do not repeat.
WorldPlan RandomWorld(Random& random);

}  // namespace ringfence::sim
