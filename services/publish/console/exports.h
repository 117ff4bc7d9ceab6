#pragma once

#include "pipelines/stix/objects.h"
#include "services/publish/console/campaign_page.h"
#include "services/runtime/http/http_message.h"

namespace ringfence::publish {

// The members of one campaign as files to keep: the columns of /v1/indicators.csv, or a STIX 2.1
// bundle of what TAXII would give of each.
runtime::HttpResponse ExportCsv(Members members, const v1::Campaign& campaign);
runtime::HttpResponse ExportStix(const Members& members, const v1::Campaign& campaign,
                                 const Viewer& caller, const stix::Objects& objects);

}  // namespace ringfence::publish
