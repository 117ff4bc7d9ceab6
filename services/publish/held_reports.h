#pragma once

#include <vector>

#include "pipelines/dedupe/verdicts.h"
#include "ringfence/v1/admin_service.pb.h"

namespace ringfence::publish {

// What the partitions of dedupe hold, each its own list, together: by partner.
v1::ListHeldResponse SumOf(const std::vector<std::vector<dedupe::HeldReports>>& lists);

}  // namespace ringfence::publish
