#include "services/publish/clearance.h"

#include <algorithm>

namespace ringfence::publish {
namespace {

uint32_t Shown(uint32_t count) { return count < kCountMin ? 0 : count; }

}  // namespace

Viewer ViewerOf(const runtime::Caller& caller) {
  return {caller.max_tlp, caller.IsAnalyst(), caller.types};
}

void WithholdSmallCounts(v1::Indicator& indicator) {
  if (!indicator.has_explanation()) return;
  v1::Explanation& explanation = *indicator.mutable_explanation();
  explanation.set_incidents(Shown(explanation.incidents()));
  explanation.set_reports(Shown(explanation.reports()));
  explanation.set_organisations(Shown(explanation.organisations()));
  for (v1::RoleEvidence& role : *explanation.mutable_by_role()) {
    role.set_incidents(Shown(role.incidents()));
    role.set_organisations(Shown(role.organisations()));
  }
}

void WithholdSmallCounts(v1::Campaign& campaign) {
  if (campaign.incidents() < kCountMin) campaign.clear_losses();
  campaign.set_indicators(Shown(campaign.indicators()));
  campaign.set_incidents(Shown(campaign.incidents()));
  campaign.set_reports(Shown(campaign.reports()));
  campaign.set_organisations(Shown(campaign.organisations()));
  auto& countries = *campaign.mutable_victims_by_country();
  countries.erase(std::remove_if(countries.begin(), countries.end(),
                                 [](const v1::CountryCount& country) {
                                   return country.incidents() < kCountMin;
                                 }),
                  countries.end());
}

}  // namespace ringfence::publish
