#pragma once

#include <vector>

#include "pipelines/core/id.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::dedupe {

// Up to this many link nodes of a report are tied to each other, every pair; beyond it each is tied
// to its next three in order, cyclically.
inline constexpr size_t kAllPairsMax = 8;
inline constexpr size_t kNextTied = 3;

// All of these take revisions as they speak (verdicts.h): an identifier whose mark bars it from it
// bears, ties or links nothing, a sighting that is disregarded is as good as none.

// Who bears the incident of which this report is the root, and since when.
internal::v1::IncidentBearers BearersOf(const internal::v1::ReportRevision& revision);

// What a revision that is not retracted says as the root of its incident, one message a base, in
// ascending order of bases, without `place`. Deterministic.
std::vector<internal::v1::Evidence> MakeEvidence(const internal::v1::ReportRevision& revision,
                                                 const core::Id& report);
// What it says in an incident with another root: it bears nothing itself, has a share in what the
// root's bearers bear, and ties its link nodes to the first of them.
std::vector<internal::v1::Evidence> MakeEvidence(const internal::v1::ReportRevision& revision,
                                                 const core::Id& report, const core::Id& root,
                                                 const internal::v1::IncidentBearers& bearers);

// What its settled payments add up to, by currency in ascending order.
std::vector<v1::AmountTotal> SettledLosses(const internal::v1::ReportRevision& revision);

}  // namespace ringfence::dedupe
