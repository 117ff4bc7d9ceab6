#pragma once

#include <cstdint>

#include "ringfence/console/v1/console.pb.h"
#include "ringfence/v1/admin_service.pb.h"

namespace ringfence::publish {

// Puts what the console draws of a campaign (AddTies) into words: at most `max_ties` of the ties
// that join, the thinnest first, and of those that were cut, the strongest first; how many stand
// for which reason; and related campaigns. Two members of one base have no tie.
void Describe(const console::v1::CampaignGraph& graph, uint32_t max_ties,
              v1::ExplainCampaignResponse& response);

}  // namespace ringfence::publish
