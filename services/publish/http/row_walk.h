#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "pipelines/campaigns/read_view.h"
#include "services/publish/filter.h"
#include "services/publish/moment.h"

namespace ringfence::publish {

// A way through what of one moment comes through a filter, in the order of identifier ids, piece by
// piece. Owned by one thread at a time.
class RowWalk {
 public:
  // `names` must outlive it.
  RowWalk(std::shared_ptr<const Moment> moment, const campaigns::CampaignNames& names,
          const Filter& filter);

  // Calls `visit` with each, until it returns false or enough rows have been looked at; true where
  // there may be more. kDataLoss where a record cannot be read.
  using Visit = std::function<bool(const internal::v1::IndicatorRecord& record)>;
  absl::StatusOr<bool> Step(const Visit& visit);

  campaigns::ReadView& view() { return view_; }

 private:
  const std::shared_ptr<const Moment> moment_;
  campaigns::ReadView view_;
  const Filter filter_;
  core::Id next_;
};

}  // namespace ringfence::publish
