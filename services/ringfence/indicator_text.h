#pragma once

#include <string>

#include "ringfence/v1/indicator.pb.h"
#include "ringfence/v1/indicator_service.pb.h"

// Indicators and campaigns for people. All of it is printable.
namespace ringfence::cli {

// "BLOCK      609  phone  +12125550123"
std::string IndicatorLine(const v1::Indicator& indicator);
// Why it is listed: "3 organisations, 4 incidents, 5 reports; quorum.two_organisations".
std::string ReasonsOf(const v1::Indicator& indicator);
// One event of a subscription as lines, each with its end; empty where there is nothing to say.
std::string EventText(const v1::SubscribeResponse& event);
// The same as JSON lines: {"snapshotBegin":…}, {"upsert":…}, {"removal":…}, {"bookmark":…}.
std::string EventJson(const v1::SubscribeResponse& event);

}  // namespace ringfence::cli
