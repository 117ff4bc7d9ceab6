#pragma once

#include <string>
#include <vector>

#include "pipelines/core/place.h"
#include "pipelines/core/state.h"
#include "ringfence/internal/v1/decision.pb.h"
#include "ringfence/internal/v1/mailbox.pb.h"
#include "ringfence/internal/v1/referral.pb.h"
#include "tests/sim/decision_plan.h"
#include "tests/sim/reader.h"

namespace ringfence::sim {

// As the book of decisions passes it on.
internal::v1::Envelope EnvelopeOf(const internal::v1::DecisionRecord& record, core::Place place);

// What is wrong, once nothing is under way: what dedupe, by its partitions' states, holds is what
// publish knows, and all of it; of a hold that was lifted neither knows anything.
std::string CompareHolds(const std::vector<DecisionArrival>& decisions,
                         const std::vector<core::State*>& dedupe, Reader& reader);

}  // namespace ringfence::sim
