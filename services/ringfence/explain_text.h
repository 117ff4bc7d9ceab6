#pragma once

#include <string>

#include "ringfence/v1/admin_service.pb.h"

// Explanations for people. All of it is printable.
namespace ringfence::cli {

std::string ExplanationText(const v1::ExplainReportResponse& response);
std::string ExplanationText(const v1::ExplainIndicatorResponse& response);
std::string ExplanationText(const v1::ExplainCampaignResponse& response);

}  // namespace ringfence::cli
