#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "pipelines/campaigns/read_view.h"
#include "pipelines/cluster/explain.h"
#include "ringfence/v1/admin_service.pb.h"
#include "services/publish/clearance.h"

namespace ringfence::publish {

inline constexpr uint32_t kExplainedTiesDefault = 20;
inline constexpr uint32_t kExplainedTiesMax = 1'000;

// As cluster::FirstListedOn, of the partition that the base is in; nullopt also for an error.
using ListedOn = std::function<std::optional<core::Id>(const core::Id& base)>;

// How many ties an answer may have, of how many were asked for.
uint32_t TiesAskedFor(uint32_t max_ties);

// Puts what cluster's state says of an identifier into the answer. Organisations stand under
// aliases made anew; ends that `viewer` may not see are left empty. What `listed_on` finds
// stands for a base that is not listed itself. At most `max_ties` ties: those
// that join, the thinnest first, then those that were cut, the strongest first.
void Describe(const cluster::ListingExplanation& explanation, uint32_t max_ties,
              const Viewer& viewer, const ListedOn& listed_on, campaigns::ReadView& view,
              v1::ExplainIndicatorResponse& response);

}  // namespace ringfence::publish
