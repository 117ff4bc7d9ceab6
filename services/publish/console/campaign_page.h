#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "pipelines/campaigns/read_view.h"
#include "ringfence/console/v1/console.pb.h"
#include "services/publish/clearance.h"

namespace ringfence::publish {

// Members that one answer looks at, the oldest first; of them so many are given out in full.
inline constexpr size_t kMembersMax = 20'000;
inline constexpr size_t kFullMembersMax = 100;

struct MemberRecord {
  internal::v1::IndicatorRecord record;
  core::Time append_time = 0;
};
// The members that the caller may see, best score first, then the oldest.
struct Members {
  std::vector<MemberRecord> records;
  // There are more, or the caller may not see them.
  uint32_t left_out = 0;
};
Members MembersOf(campaigns::ReadView& view, const campaigns::Label& label,
                  const v1::Campaign& campaign, const Viewer& caller);

// All but `superseded_id`.
console::v1::CampaignPage PageOf(campaigns::ReadView& view, const campaigns::Label& label,
                                 const v1::Campaign& campaign, const Viewer& caller);

// Without ties.
console::v1::CampaignGraph GraphOf(const Members& members);

}  // namespace ringfence::publish
