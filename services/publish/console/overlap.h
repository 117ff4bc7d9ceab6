#pragma once

#include <cstddef>

#include "pipelines/campaigns/read_view.h"
#include "ringfence/console/v1/console.pb.h"

namespace ringfence::publish {

// At most so many organisations, those with most campaigns, and so many campaigns, the largest.
inline constexpr size_t kOverlapOrganisationsMax = 40;
inline constexpr size_t kOverlapCampaignsMax = 200'000;

// How much organisations have in common, over the campaigns with TLP at most `clearance`. Looks at
// each campaign.
console::v1::Overlap OverlapOf(campaigns::ReadView& view, v1::Tlp clearance);

}  // namespace ringfence::publish
