#pragma once

#include <cstddef>

#include "pipelines/campaigns/read_view.h"
#include "ringfence/console/v1/console.pb.h"
#include "services/publish/clearance.h"
#include "services/publish/moment.h"

namespace ringfence::publish {

inline constexpr size_t kNewsMax = 40;
inline constexpr uint32_t kOverviewCampaigns = 12;

// The set as the caller may see it, counted.
console::v1::Counters CountersOf(campaigns::ReadView& view, const Moment& moment,
                                 const Viewer& caller);

// The latest changes of what the caller may see or may have seen, above MONITOR at some time;
// newest first. Looks at the last some thousand records of each partition.
void AddNews(campaigns::ReadView& view, const Moment& moment, const Viewer& caller,
             console::v1::Overview& overview);

}  // namespace ringfence::publish
