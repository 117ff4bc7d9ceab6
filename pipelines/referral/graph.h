#pragma once

#include <string>

#include "pipelines/referral/findings.h"

namespace ringfence::referral {

// More would be a blot: the rest is in ties.csv.
inline constexpr size_t kDrawnMax = 120;

// The indicators, those of the most incidents, and what ties them: a tree of shortest ways from the
// one with the most ties, drawn in rings around it, each with its neighbours' share of the circle;
// other ties are thin. SVG without scripts or anything from elsewhere.
std::string GraphSvg(const Findings& findings);

}  // namespace ringfence::referral
