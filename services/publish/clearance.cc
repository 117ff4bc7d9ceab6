#include "services/publish/clearance.h"

#include <algorithm>
#include <iterator>

namespace ringfence::publish {
namespace {

// What stands before the port. gRPC escapes brackets in some releases and not in others.
constexpr std::string_view kThisMachine[] = {
    "ipv4:127.",           "ipv6:[::1]", "ipv6:%5B::1%5D", "ipv6:[::ffff:127.",
    "ipv6:%5B::ffff:127.", "unix:",      "unix-abstract:",
};

uint32_t Shown(uint32_t count) { return count < kCountMin ? 0 : count; }

}  // namespace

std::optional<Viewer> ViewerOf(std::string_view peer) {
  const bool is_here =
      std::any_of(std::begin(kThisMachine), std::end(kThisMachine),
                  [&](std::string_view beginning) { return peer.starts_with(beginning); });
  return is_here ? std::optional(Viewer{v1::TLP_AMBER_STRICT, true}) : std::nullopt;
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
