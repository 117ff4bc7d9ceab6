#include "services/publish/console/exports.h"

#include <set>
#include <string>
#include <utility>

#include "pipelines/stix/json_writer.h"
#include "services/publish/http/csv.h"

namespace ringfence::publish {
namespace {

runtime::HttpResponse File(const v1::Campaign& campaign, const char* content_type,
                           const char* ending, std::string body) {
  runtime::HttpResponse response;
  response.content_type = content_type;
  response.headers.emplace_back("Cache-Control", "private, no-store");
  // Ids are of letters, digits, '-' and '_'.
  response.headers.emplace_back("Content-Disposition", "attachment; filename=\"campaign-" +
                                                           campaign.campaign_id() + ending + "\"");
  response.body = std::move(body);
  return response;
}

}  // namespace

runtime::HttpResponse ExportCsv(Members members, const v1::Campaign& campaign) {
  std::string text(kCsvHeader);
  for (auto& [record, append_time] : members.records) {
    record.mutable_indicator()->set_campaign_id(campaign.campaign_id());
    AppendCsv(record.indicator(), text);
  }
  return File(campaign, "text/csv; charset=utf-8", ".csv", std::move(text));
}

runtime::HttpResponse ExportStix(const Members& members, const v1::Campaign& campaign,
                                 const Viewer& caller, const stix::Objects& objects) {
  const stix::Audience audience{caller.clearance, caller.is_analyst, caller.types};
  stix::CampaignPlace place{campaign.campaign_id(), campaign.tlp(),
                            core::FromProto(campaign.first_seen()), false};
  stix::JsonWriter json;
  json.BeginObject().Member("type", "bundle");
  json.Member("id", "bundle--" + objects.Uuid("console/" + campaign.campaign_id() + "/" +
                                              campaign.fingerprint()));
  json.Name("objects").BeginArray();
  for (const stix::Object& object : objects.Static(audience)) json.Raw(object.json);
  // Two members may have an observable in common.
  std::set<std::string> written;
  bool is_borne = false;
  for (const auto& [record, append_time] : members.records) {
    place.bears = !is_borne && record.indicator().action() >= v1::ACTION_CHALLENGE;
    is_borne = is_borne || place.bears;
    for (const stix::Object& object : objects.OfRecord(record, append_time, place, audience)) {
      if (written.insert(object.id).second) json.Raw(object.json);
    }
  }
  json.EndArray().EndObject();
  return File(campaign, "application/stix+json;version=2.1", ".stix.json", json.Take());
}

}  // namespace ringfence::publish
