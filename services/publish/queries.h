#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "pipelines/campaigns/campaign_names.h"
#include "pipelines/campaigns/read_view.h"
#include "ringfence/v1/indicator_service.pb.h"
#include "services/publish/clearance.h"

namespace ringfence::publish {

// The answers of IndicatorService from one view, for who asks. kInvalidArgument names
// the field; no error quotes a value that was asked for.

inline constexpr int kLookupIdentifiersMax = 500;
inline constexpr uint32_t kCampaignIndicatorsMax = 1'000;
inline constexpr uint32_t kPageSizeDefault = 50;
inline constexpr uint32_t kPageSizeMax = 500;

// What a look-up counts against its caller's quota: as many as it asks for, and one at least.
uint64_t CostOf(const v1::LookupRequest& request);

// A host below a domain that is listed with all below it (SCOPE_SUBTREE) finds that domain.
absl::StatusOr<v1::LookupResponse> Lookup(const v1::LookupRequest& request, const Viewer& viewer,
                                          campaigns::ReadView& view);

// kNotFound where the id leads to no campaign that the viewer may see: above the clearance, or, for
// who is no analyst, with nothing in it that is more than monitored.
absl::StatusOr<v1::GetCampaignResponse> GetCampaign(const v1::GetCampaignRequest& request,
                                                    const Viewer& viewer,
                                                    campaigns::ReadView& view);

// A page may have fewer campaigns than asked for, also none, and yet another page may follow.
absl::StatusOr<v1::ListCampaignsResponse> ListCampaigns(const v1::ListCampaignsRequest& request,
                                                        const Viewer& viewer,
                                                        const campaigns::CampaignNames& names,
                                                        campaigns::ReadView& view);

}  // namespace ringfence::publish
