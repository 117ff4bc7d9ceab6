#include "pipelines/referral/overview.h"

#include "pipelines/referral/pack.h"
#include "pipelines/stix/json_writer.h"

namespace ringfence::referral {

std::string OverviewJson(const Dossier& dossier, const Findings& findings) {
  const internal::v1::ReferralFreeze& freeze = dossier.freeze;
  stix::JsonWriter json;
  json.BeginObject().Name("format").Number(kPackFormat);
  json.Member("position", dossier.position).Member("campaign_id", freeze.campaign_id());
  json.Member("fingerprint", freeze.fingerprint()).Member("frozen_at", MomentOf(freeze.at()));
  json.Member("deployment", freeze.deployment()).Member("release", freeze.release());
  json.Member("addressee", freeze.addressee()).Member("legal_basis", freeze.legal_basis());
  json.Member("reference", freeze.reference()).Member("tlp", WordOf(findings.tlp));
  json.Name("incidents").Number(findings.incidents);
  json.Name("reports").Number(findings.reports);
  json.Name("organisations").Number(findings.by_organisation.size());
  json.Name("indicators").Number(findings.indicators.size());
  json.Name("mentions").Number(findings.mentions);
  json.Name("incidents_by_country").BeginObject();
  for (const auto& [country, incidents] : findings.by_country) {
    json.Name(country.empty() ? "unknown" : country).Number(incidents);
  }
  json.EndObject().Name("incidents_by_organisation").BeginObject();
  for (const auto& [organisation, counts] : findings.by_organisation) {
    json.Name(organisation).Number(counts.incidents);
  }
  json.EndObject().Name("incidents_by_month").BeginObject();
  for (const auto& [month, incidents] : findings.by_month) json.Name(month).Number(incidents);
  json.EndObject().Name("losses").BeginObject();
  for (const auto& [currency, loss] : findings.losses) {
    json.Member(currency, loss.total.ToString());
  }
  json.EndObject().Name("sources").BeginObject();
  for (const auto& [partner, sources] : findings.sources) {
    json.Name(partner).BeginObject().Name("listed").Number(sources.listed);
    json.Name("counted").Number(sources.counted).EndObject();
  }
  return json.EndObject().EndObject().Take() + "\n";
}

}  // namespace ringfence::referral
