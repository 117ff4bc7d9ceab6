#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "pipelines/core/time.h"
#include "pipelines/dedupe/blocks.h"
#include "ringfence/internal/v1/mailbox.pb.h"
#include "tests/oracle/oracle.h"

namespace ringfence::oracle {

// The representative of each report's incident, of all pairs of reports: no messages, no state, no
// order. Shares with the stage what a block is and what a match is (pipelines/dedupe/blocks.h and
// match.h), which have tests of their own; not whom a block has compared. Cost grows with the
// square of the reports.
std::map<ReportName, ReportName> Representatives(const World& world,
                                                 size_t block_max = dedupe::kBlockMax,
                                                 size_t peers_max = dedupe::kPeersMax);

}  // namespace ringfence::oracle
