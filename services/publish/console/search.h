#pragma once

#include <cstddef>

#include "absl/status/statusor.h"
#include "pipelines/campaigns/read_view.h"
#include "ringfence/console/v1/console.pb.h"
#include "services/publish/clearance.h"

namespace ringfence::publish {

inline constexpr size_t kSearchedMax = 100;
inline constexpr size_t kSearchedBytesMax = 4'096;

// What is known of each line: of every type that it can be read as, the likeliest first; where it
// can be read as none, why not as the likeliest. kInvalidArgument names the field.
absl::StatusOr<console::v1::SearchAnswer> Search(const console::v1::SearchRequest& request,
                                                 const Viewer& caller, campaigns::ReadView& view);

}  // namespace ringfence::publish
