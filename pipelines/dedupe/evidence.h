#pragma once

#include <vector>

#include "pipelines/core/id.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::dedupe {

// Up to this many link nodes of a report are tied to each other, every pair; beyond it each is tied
// to its next three in order, cyclically.
inline constexpr size_t kAllPairsMax = 8;
inline constexpr size_t kNextTied = 3;

// What a revision that is not retracted says, one message a base, in ascending order of bases,
// without `place`. `incident` is the incident that the report belongs to. Deterministic.
std::vector<internal::v1::Evidence> MakeEvidence(const internal::v1::ReportRevision& revision,
                                                 const core::Id& report, const core::Id& incident);

}  // namespace ringfence::dedupe
