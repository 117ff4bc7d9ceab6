#pragma once

#include <string>

#include "pipelines/referral/findings.h"

namespace ringfence::referral {

// The indicators as one STIX 2.1 bundle, with the counts of the pack; what is only monitored as
// observed data.
std::string StixBundle(const Dossier& dossier, const Findings& findings);

}  // namespace ringfence::referral
