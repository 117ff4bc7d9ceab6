#pragma once

#include <vector>

#include "pipelines/referral/findings.h"

namespace ringfence::referral {

// What was found, as CSV (pipelines/core/csv.h): incidents by country, organisation and month,
// losses, timeline, indicators, ties, source reports.
std::vector<PackFile> CsvFiles(const Dossier& dossier, const Findings& findings,
                               const Aliases& aliases);

}  // namespace ringfence::referral
