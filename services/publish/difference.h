#pragma once

#include <optional>
#include <vector>

#include "pipelines/campaigns/read_view.h"
#include "pipelines/core/id.h"
#include "pipelines/core/time.h"
#include "ringfence/v1/indicator_service.pb.h"
#include "services/publish/change_ring.h"
#include "services/publish/filter.h"

namespace ringfence::publish {

// What a subscriber has to be told of one identifier. Removals and upsert stand in one Delta.
struct Difference {
  std::vector<v1::Removal> removals;
  std::optional<v1::Indicator> upsert;
};

// Says what one identifier's change means to subscribers with one filter. Owned by one thread.
class Differences {
 public:
  // All must outlive it. `as_of`: the time of removals that no record gives one.
  Differences(campaigns::ReadView& view, const core::IndicatorNamespace& ids, const Filter& filter,
              core::Time as_of)
      : view_(view), ids_(ids), filter_(filter), as_of_(as_of) {}

  // For one who holds exactly what was before the change.
  Difference Since(const RecentChange& change);

  // For one who held what was at some earlier time, which is not known: the indicator if it comes
  // through now, and an end to every epoch of it that may have come through. Who cannot have heard
  // of it is told nothing.
  Difference SinceSomeTime(const core::Id& id, const campaigns::Row& row);

 private:
  v1::Removal Ending(const internal::v1::IndicatorRecord& now, uint32_t epoch,
                     bool is_replaced) const;

  campaigns::ReadView& view_;
  const core::IndicatorNamespace& ids_;
  const Filter& filter_;
  const core::Time as_of_;
};

}  // namespace ringfence::publish
