#pragma once

#include "pipelines/core/id.h"
#include "pipelines/dedupe/explain.h"
#include "ringfence/v1/admin_service.pb.h"

namespace ringfence::publish {

// The answer to ExplainReport: other reports, organisations and incidents under aliases of random
// digits, so that two answers cannot be laid side by side; nothing that was compared, only how it
// weighed.
v1::ExplainReportResponse Describe(const core::Id& report,
                                   const dedupe::ReportExplanation& explanation);

}  // namespace ringfence::publish
