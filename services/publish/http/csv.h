#pragma once

#include <string>
#include <string_view>

#include "ringfence/v1/indicator.pb.h"

namespace ringfence::publish {

// Indicators as rows of a table (RFC 4180), each line with its end.
inline constexpr std::string_view kCsvHeader =
    "type,value,action,score,tlp,scope,first_seen,last_seen,expires_at,incidents,"
    "organisations,campaign_id,indicator_id,revision\r\n";
void AppendCsv(const v1::Indicator& indicator, std::string& out);

}  // namespace ringfence::publish
