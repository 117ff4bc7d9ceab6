#pragma once

#include <cstdint>

#include "ringfence/v1/indicator.pb.h"
#include "ringfence/v1/report.pb.h"
#include "services/runtime/identity/caller.h"

namespace ringfence::publish {

// Who asks, as far as it decides what is shown: over gRPC and HTTP alike.
struct Viewer {
  // The highest TLP that it may be given.
  v1::Tlp clearance = v1::TLP_UNSPECIFIED;
  // Sees what is only monitored, and exact counts.
  bool is_analyst = false;
  // A bit for the number of each type that it may be given.
  uint32_t types = ~uint32_t{0};

  // Whether an indicator may be shown to it at all.
  bool MaySee(v1::IdentifierType type, v1::Tlp tlp, v1::Action action) const {
    return tlp <= clearance && (is_analyst || action >= v1::ACTION_CHALLENGE) &&
           (types >> type & 1) != 0;
  }
};

Viewer ViewerOf(const runtime::Caller& caller);

// For who is no analyst: counts below three say too much of single victims, and become 0. Of a
// campaign, countries with fewer victims are left out, and losses that fewer incidents make up.
inline constexpr uint32_t kCountMin = 3;
void WithholdSmallCounts(v1::Indicator& indicator);
void WithholdSmallCounts(v1::Campaign& campaign);

}  // namespace ringfence::publish
