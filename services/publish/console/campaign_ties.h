#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "pipelines/campaigns/read_view.h"
#include "pipelines/cluster/ties_view.h"
#include "pipelines/core/id.h"
#include "ringfence/console/v1/console.pb.h"
#include "services/publish/console/campaign_page.h"

namespace ringfence::publish {

// Calls `visit` with each tie of these bases, from one thread; where the states of cluster are.
using TiesOf = std::function<absl::Status(
    const std::vector<core::Id>& bases, const std::function<void(const cluster::BaseTie&)>& visit)>;

// Of more ties those that join nothing are left out first, then the strongest.
inline constexpr size_t kTiesMax = 50'000;
inline constexpr size_t kRelatedMax = 10;

// What joins the members, which of it the campaign would fall apart without, and with which other
// campaigns it has ties that join nothing. `members` as in the graph's columns. An error of
// `ties_of`, and nothing is added then.
absl::Status AddTies(const Members& members, const TiesOf& ties_of, campaigns::ReadView& view,
                     const campaigns::Label& label, const Viewer& caller,
                     console::v1::CampaignGraph& graph);

}  // namespace ringfence::publish
