#pragma once

#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::dedupe {

// Ranks of reports as roots of incidents: one with linking identifiers can bear the incident, so it
// comes before one without; a flooded block is never an incident's root while a report is in it.
inline constexpr int32_t kRankLinking = 1;
inline constexpr int32_t kRankPlain = 0;
inline constexpr int32_t kRankBlock = -1;

int32_t RankOf(const internal::v1::ReportRevision& revision);

// What a revision that is not retracted is compared by: hashes of its values, in an order that does
// not depend on the report's. Nothing of it says more than that two values are equal.
internal::v1::MatchFacts FactsOf(const internal::v1::ReportRevision& revision);

}  // namespace ringfence::dedupe
