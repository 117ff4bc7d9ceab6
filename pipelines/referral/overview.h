#pragma once

#include <string>

#include "pipelines/referral/findings.h"

namespace ringfence::referral {

// What the pack is, and its totals, for programs: a JSON object.
std::string OverviewJson(const Dossier& dossier, const Findings& findings);

}  // namespace ringfence::referral
