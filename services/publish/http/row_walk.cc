#include "services/publish/http/row_walk.h"

#include <utility>

namespace ringfence::publish {
namespace {

constexpr core::Id kAfterAllRows{~uint64_t{0}, 0};
// Between two pieces a connection may be found to be gone.
constexpr size_t kRowsPerStepMax = 20'000;

core::Id After(const core::Id& id) {
  return id.lo == ~uint64_t{0} ? core::Id{id.hi + 1, 0} : core::Id{id.hi, id.lo + 1};
}

core::Id FirstOfNextType(const core::Id& id) { return {((id.hi >> 56) + 1) << 56, 0}; }

}  // namespace

RowWalk::RowWalk(std::shared_ptr<const Moment> moment, const campaigns::CampaignNames& names,
                 const Filter& filter)
    : moment_(std::move(moment)), view_(*moment_->state, names), filter_(filter) {}

absl::StatusOr<bool> RowWalk::Step(const Visit& visit) {
  size_t left = kRowsPerStepMax;
  bool skips_type = true;
  while (skips_type) {
    skips_type = false;
    bool is_stopped = false;
    absl::Status status;
    view_.Rows(next_, kAfterAllRows, [&](const core::Id& id, const campaigns::Row& row) {
      if (!filter_.WantsType(core::TypeOf(id))) {
        next_ = FirstOfNextType(id);
        skips_type = true;
        return false;
      }
      is_stopped = left-- == 0;
      if (is_stopped) return false;
      next_ = After(id);
      if (row.removed || !filter_.Wants(core::TypeOf(id), row.listed)) return true;
      internal::v1::IndicatorRecord record;
      if (!record.ParseFromArray(row.record.data(), static_cast<int>(row.record.size()))) {
        status = absl::DataLossError("a record of the set cannot be read");
        return false;
      }
      is_stopped = !visit(record);
      return !is_stopped;
    });
    if (!status.ok()) return status;
    if (is_stopped) return true;
  }
  next_ = kAfterAllRows;
  return false;
}

}  // namespace ringfence::publish
