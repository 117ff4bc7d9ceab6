#include "pipelines/referral/stix_bundle.h"

#include <set>

#include "pipelines/core/time.h"
#include "pipelines/stix/json_writer.h"
#include "pipelines/stix/objects.h"

namespace ringfence::referral {
namespace {

// As the pack knows it: nothing that only reports say which are not in it.
internal::v1::IndicatorRecord RecordOf(const Sighted& sighted) {
  internal::v1::IndicatorRecord record;
  v1::Indicator& indicator = *record.mutable_indicator();
  indicator = *sighted.indicator;
  *indicator.mutable_first_seen() = core::ToProto(sighted.first_seen);
  *indicator.mutable_last_seen() = core::ToProto(sighted.last_seen);
  v1::Explanation& explanation = *indicator.mutable_explanation();
  explanation.set_incidents(sighted.incidents);
  explanation.set_reports(sighted.reports);
  explanation.set_organisations(sighted.organisations);
  return record;
}

}  // namespace

std::string StixBundle(const Dossier& dossier, const Findings& findings) {
  const internal::v1::ReferralFreeze& freeze = dossier.freeze;
  const stix::Objects objects(freeze.deployment());
  stix::Audience audience;
  audience.level = findings.tlp;
  audience.is_analysts = true;
  stix::CampaignPlace campaign;
  campaign.campaign_id = freeze.campaign_id();
  campaign.tlp = findings.tlp;
  campaign.first_seen = core::kTimeMax;
  for (const Sighted& sighted : findings.indicators) {
    campaign.first_seen = std::min(campaign.first_seen, sighted.first_seen);
  }
  campaign.bears = true;
  stix::JsonWriter bundle;
  bundle.BeginObject().Member("type", "bundle");
  bundle.Member("id", "bundle--" + objects.Uuid("referral/" + dossier.position));
  bundle.Name("objects").BeginArray();
  std::set<std::string> written;
  const auto write = [&](const stix::Object& object) {
    if (written.insert(object.id).second) bundle.Raw(object.json);
  };
  for (const stix::Object& object : objects.Static(audience)) write(object);
  for (const Sighted& sighted : findings.indicators) {
    for (const stix::Object& object :
         objects.OfRecord(RecordOf(sighted), freeze.at(), campaign, audience)) {
      write(object);
    }
  }
  return bundle.EndArray().EndObject().Take() + "\n";
}

}  // namespace ringfence::referral
