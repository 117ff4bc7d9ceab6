#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "pipelines/cluster/statistics.h"
#include "pipelines/ties/rules.h"
#include "ringfence/v1/indicator.pb.h"

namespace ringfence::cluster {

// 0-1000: round(1000 * (1 - product over organisations of (1 - w * (1 - 2^-n)))), n an
// organisation's distinct incidents that count. One organisation alone stays below 500 with w =
// 0.5. The order of `incidents` does not matter.
uint32_t Score(std::vector<uint32_t> incidents_of_organisations);

struct Assessment {
  v1::Action action = v1::ACTION_UNSPECIFIED;
  uint32_t score = 0;
  bool shared_infrastructure = false;
  // Stable machine words of the rules that fired, sorted; ops/rules.md lists them.
  std::vector<std::string_view> rules;
};

// What the live evidence allows, at `now`: score and quorum, then the ceilings of type, standing,
// age, naming and of what `infrastructure` says of its link node. The statistics must be live.
Assessment Assess(v1::IdentifierType type, const Statistics& statistics,
                  ties::Infrastructure infrastructure, core::Time now);

}  // namespace ringfence::cluster
