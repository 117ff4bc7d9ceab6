#pragma once

#include "pipelines/identifiers/normalise.h"
#include "ringfence/v1/report.pb.h"

namespace ringfence::publish {

// The canonical form of an identifier that somebody asks for, as a report's would have it, or why
// it has none. What only its scheme would vouch for is taken as given: it is looked for, not
// listed.
identifiers::Normalised CanonicalOf(const v1::Identifier& identifier);

}  // namespace ringfence::publish
