#include "pipelines/stix/objects.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/time/time.h"
#include "pipelines/stix/json_writer.h"
#include "pipelines/stix/observable.h"

namespace ringfence::stix {
namespace {

// A bit for the number of each type; 0 is none.
constexpr uint32_t kEveryType = (uint32_t{2} << v1::IdentifierType_MAX) - 2;

// 2026-01-01T00:00:00Z, before anything was published.
constexpr core::Time kCreatedTime = 1'767'225'600 * core::kSecond;
constexpr char kCreated[] = "2026-01-01T00:00:00.000Z";
constexpr char kTlpCreated[] = "2022-10-01T00:00:00.000Z";
constexpr char kTlpExtension[] = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";
constexpr uint32_t kEpochsMax = 8;

struct Marking {
  v1::Tlp tlp;
  std::string_view id;
  std::string_view name;
  std::string_view word;
};
// TLP 2.0 as OASIS's stix-common-objects have it.
constexpr std::array<Marking, 5> kMarkings = {
    {{v1::TLP_CLEAR, "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", "TLP:CLEAR",
      "clear"},
     {v1::TLP_GREEN, "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "TLP:GREEN",
      "green"},
     {v1::TLP_AMBER, "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", "TLP:AMBER",
      "amber"},
     {v1::TLP_AMBER_STRICT, "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
      "TLP:AMBER+STRICT", "amber+strict"},
     {v1::TLP_RED, "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", "TLP:RED", "red"}}};

// With exactly three digits of a second, as STIX wants it.
std::string Timestamp(core::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::FromUnixMillis(time / 1'000'000),
                          absl::UTCTimeZone());
}

std::string Timestamp(const google::protobuf::Timestamp& time) {
  return Timestamp(core::FromProto(time));
}

JsonWriter Begin(const std::string& id, const std::string& modified, const std::string& identity) {
  JsonWriter json;
  json.BeginObject().Member("type", id.substr(0, id.find("--"))).Member("spec_version", "2.1");
  json.Member("id", id).Member("created_by_ref", identity);
  json.Member("created", kCreated).Member("modified", modified);
  return json;
}

Object End(std::string id, std::string modified, JsonWriter json, v1::Tlp tlp) {
  json.Name("object_marking_refs").BeginArray().String(MarkingOf(tlp)).EndArray();
  return {std::move(id), std::move(modified), json.EndObject().Take()};
}

std::string_view ScamWord(v1::ScamType type) {
  std::string_view name = v1::ScamType_Name(type);
  constexpr std::string_view kPrefix = "SCAM_TYPE_";
  return name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : name;
}

std::string LowerWithHyphens(std::string_view word) {
  std::string text(word);
  for (char& c : text) c = c == '_' ? '-' : c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

v1::Tlp Effective(v1::Tlp tlp) { return tlp == v1::TLP_UNSPECIFIED ? v1::TLP_RED : tlp; }

std::string IndicatorRef(const std::string& indicator_id) { return "indicator--" + indicator_id; }

}  // namespace

std::string_view MarkingOf(v1::Tlp tlp) {
  for (const Marking& marking : kMarkings) {
    if (marking.tlp == Effective(tlp)) return marking.id;
  }
  return kMarkings.back().id;
}

Objects::Objects(std::string_view deployment)
    : ids_(deployment),
      namespace_(ParseUuid(ids_.Uuid())),
      identity_("identity--" + Uuid("stix/identity")) {}

std::vector<Object> Objects::Static(const Audience& audience) const {
  std::vector<Object> objects;
  JsonWriter identity;
  identity.BeginObject().Member("type", "identity").Member("spec_version", "2.1");
  identity.Member("id", identity_).Member("created", kCreated).Member("modified", kCreated);
  identity.Member("name", "Ringfence").Member("identity_class", "system");
  objects.push_back({identity_, kCreated, identity.EndObject().Take()});
  for (const Marking& marking : kMarkings) {
    if (marking.tlp > audience.level) continue;
    JsonWriter json;
    json.BeginObject().Member("type", "marking-definition").Member("spec_version", "2.1");
    json.Member("id", marking.id).Member("created", kTlpCreated).Member("name", marking.name);
    json.Name("extensions").BeginObject().Name(kTlpExtension).BeginObject();
    json.Member("extension_type", "property-extension").Member("tlp_2_0", marking.word);
    json.EndObject().EndObject();
    objects.push_back({std::string(marking.id), kTlpCreated, json.EndObject().Take()});
  }
  const std::string own(kOwnExtension);
  JsonWriter extension = Begin(own, kCreated, identity_);
  extension.Member("name", "Ringfence observables");
  extension.Member("description", "Observables that neither STIX nor OpenCTI has.");
  extension.Member(
      "schema",
      "ringfence-sender-id: value is REGION:ID, a short code or alphanumeric SMS sender. "
      "ringfence-app: value is store:package. ringfence-value: stands in patterns of revoked "
      "indicators and for what revoked observed data was of, and matches nothing. value is "
      "required and decides the id.");
  extension.Member("version", "1.0").Name("extension_types").BeginArray().String("new-sco");
  objects.push_back({own, kCreated, extension.EndArray().EndObject().Take()});
  return objects;
}

Object Objects::Indicator(const v1::Indicator& indicator, const std::string& modified,
                          const Audience& audience) const {
  const std::string id = IndicatorRef(indicator.indicator_id());
  JsonWriter json = Begin(id, modified, identity_);
  json.Member("name", indicator.value());
  const v1::Explanation& explanation = indicator.explanation();
  std::string why;
  for (const auto& [count, what] : {std::pair(explanation.organisations(), " organisations"),
                                    std::pair(explanation.incidents(), " incidents"),
                                    std::pair(explanation.reports(), " reports")}) {
    if (count == 0 || (count < kCountMin && !audience.is_analysts)) continue;
    why += (why.empty() ? "" : ", ") + std::to_string(count) + what;
  }
  for (const std::string& rule : explanation.rules()) why += (why.empty() ? "" : "; ") + rule;
  if (!why.empty()) json.Member("description", why);
  json.Name("indicator_types").BeginArray().String("malicious-activity").EndArray();
  json.Member("pattern",
              PatternOf(ObservableOf(indicator.type(), indicator.value()), indicator.scope()));
  json.Member("pattern_type", "stix").Member("pattern_version", "2.1");
  json.Member("valid_from", Timestamp(indicator.listed_at()));
  if (core::FromProto(indicator.expires_at()) > core::FromProto(indicator.listed_at()))
    json.Member("valid_until", Timestamp(indicator.expires_at()));
  // Of 1000, of 100.
  json.Name("confidence").Number(std::min<uint32_t>(indicator.score() / 10, 100));
  json.Name("labels").BeginArray();
  json.String(indicator.action() == v1::ACTION_BLOCK ? "block" : "challenge");
  for (const int type : indicator.scam_types())
    json.String(LowerWithHyphens(ScamWord(static_cast<v1::ScamType>(type))));
  if (indicator.shared_infrastructure()) json.String("shared-infrastructure");
  json.EndArray();
  return End(id, modified, std::move(json), indicator.tlp());
}

Object Objects::Sighting(const v1::Indicator& indicator, const std::string& modified,
                         const Audience& audience) const {
  const std::string id = "sighting--" + Uuid("stix/sighting/" + indicator.indicator_id());
  JsonWriter json = Begin(id, modified, identity_);
  json.Member("first_seen", Timestamp(indicator.first_seen()));
  if (core::FromProto(indicator.last_seen()) >= core::FromProto(indicator.first_seen()))
    json.Member("last_seen", Timestamp(indicator.last_seen()));
  const uint32_t incidents = indicator.explanation().incidents();
  if (incidents >= kCountMin || (audience.is_analysts && incidents > 0))
    json.Name("count").Number(incidents);
  json.Member("sighting_of_ref", IndicatorRef(indicator.indicator_id()));
  return End(id, modified, std::move(json), indicator.tlp());
}

Object Objects::ObservedData(const v1::Indicator& indicator, const std::string& observable_id,
                             const std::string& modified) const {
  const std::string id = "observed-data--" + Uuid("stix/observed-data/" + observable_id);
  JsonWriter json = Begin(id, modified, identity_);
  json.Member("first_observed", Timestamp(indicator.first_seen()));
  json.Member("last_observed", Timestamp(std::max(core::FromProto(indicator.first_seen()),
                                                  core::FromProto(indicator.last_seen()))));
  json.Name("number_observed").Number(std::max<uint32_t>(1, indicator.explanation().reports()));
  json.Name("object_refs").BeginArray().String(observable_id).EndArray();
  return End(id, modified, std::move(json), indicator.tlp());
}

Object Objects::RevokedObservable(const Audience& audience) const {
  const Observable revoked{"ringfence-value", {{"value", "revoked"}}, kOwnExtension};
  return {revoked.Id(), "", revoked.Json(MarkingOf(audience.level))};
}

Object Objects::RevokedObservedData(const std::string& observable_id, const std::string& modified,
                                    v1::Tlp level) const {
  const std::string id = "observed-data--" + Uuid("stix/observed-data/" + observable_id);
  JsonWriter json = Begin(id, modified, identity_);
  json.Name("revoked").Bool(true);
  // Required, and nobody's business any more.
  json.Member("first_observed", kCreated).Member("last_observed", kCreated);
  json.Name("number_observed").Number(1);
  json.Name("object_refs").BeginArray();
  json.String(RevokedObservable({level}).id).EndArray();
  return End(id, modified, std::move(json), level);
}

Object Objects::Campaign(const CampaignPlace& campaign, const std::string& modified) const {
  const std::string id = "campaign--" + Uuid("stix/campaign/" + campaign.campaign_id);
  JsonWriter json = Begin(id, modified, identity_);
  json.Member("name", "Ringfence campaign " + campaign.campaign_id);
  json.Member("first_seen", Timestamp(campaign.first_seen));
  return End(id, modified, std::move(json), campaign.tlp);
}

Object Objects::Indicates(const v1::Indicator& indicator, const CampaignPlace& campaign,
                          const std::string& modified) const {
  const std::string id = "relationship--" + Uuid("stix/indicates/" + indicator.indicator_id() +
                                                 "/" + campaign.campaign_id);
  JsonWriter json = Begin(id, modified, identity_);
  json.Member("relationship_type", "indicates");
  json.Member("source_ref", IndicatorRef(indicator.indicator_id()));
  json.Member("target_ref", "campaign--" + Uuid("stix/campaign/" + campaign.campaign_id));
  return End(id, modified, std::move(json), std::max(indicator.tlp(), campaign.tlp));
}

Object Objects::Revoked(const std::string& indicator_id, const std::string& modified,
                        v1::Tlp level) const {
  const std::string id = IndicatorRef(indicator_id);
  JsonWriter json = Begin(id, modified, identity_);
  json.Name("revoked").Bool(true);
  json.Member("name", "revoked").Member("description", "Not listed any more.");
  json.Name("indicator_types").BeginArray().String("malicious-activity").EndArray();
  // Who held it knows it by its id. Who did not need not learn the value now, and who overlooks
  // that it is revoked blocks nothing.
  json.Member("pattern", "[ringfence-value:value = 'revoked']");
  json.Member("pattern_type", "stix").Member("pattern_version", "2.1");
  json.Member("valid_from", kCreated);
  return End(id, modified, std::move(json), level);
}

Object Objects::RevokedSighting(const std::string& indicator_id, const std::string& modified,
                                v1::Tlp level) const {
  const std::string id = "sighting--" + Uuid("stix/sighting/" + indicator_id);
  JsonWriter json = Begin(id, modified, identity_);
  json.Name("revoked").Bool(true);
  json.Member("sighting_of_ref", IndicatorRef(indicator_id));
  return End(id, modified, std::move(json), level);
}

std::vector<Object> Objects::OfRecord(const internal::v1::IndicatorRecord& record,
                                      core::Time modified_time,
                                      const std::optional<CampaignPlace>& campaign,
                                      const Audience& audience) const {
  std::vector<Object> objects;
  const v1::Indicator& indicator = record.indicator();
  const bool is_cleared = record.has_indicator() && Effective(indicator.tlp()) <= audience.level;
  const bool is_listed = is_cleared && indicator.action() >= v1::ACTION_CHALLENGE;
  const bool was_listed = record.peak_action() >= v1::ACTION_CHALLENGE &&
                          Effective(record.least_tlp()) <= audience.level;
  const std::string modified = Timestamp(std::max(modified_time, kCreatedTime));
  const v1::IdentifierType type =
      record.has_indicator() ? indicator.type() : record.removed().type();
  const std::string& value = record.has_indicator() ? indicator.value() : record.removed().value();
  if ((audience.types >> type & 1) == 0) return objects;
  if (is_listed || (is_cleared && audience.is_analysts)) {
    const Observable observable = ObservableOf(type, value);
    objects.push_back({observable.Id(), "", observable.Json(MarkingOf(indicator.tlp()))});
    if (!is_listed) objects.push_back(ObservedData(indicator, objects.back().id, modified));
  }
  // What was only monitored was said of it to analysts; it has no end of its own.
  const bool was_observed = audience.is_analysts && Effective(record.least_tlp()) <= audience.level;
  if (was_observed && !is_cleared) {
    objects.push_back(
        RevokedObservedData(ObservableOf(type, value).Id(), modified, audience.level));
  }
  const uint32_t epoch = record.epoch();
  for (uint32_t e = epoch - std::min(epoch, kEpochsMax); was_listed && e < epoch; ++e) {
    objects.push_back(Revoked(ids_.IndicatorId(type, value, e), modified, audience.level));
  }
  if (!is_listed) {
    if (!was_listed) return objects;
    const std::string id = ids_.IndicatorId(type, value, epoch);
    objects.push_back(Revoked(id, modified, audience.level));
    objects.push_back(RevokedSighting(id, modified, audience.level));
    return objects;
  }
  objects.push_back(Indicator(indicator, modified, audience));
  objects.push_back(Sighting(indicator, modified, audience));
  const bool gets_campaigns = (audience.types & kEveryType) == kEveryType;
  if (!campaign || !gets_campaigns || Effective(campaign->tlp) > audience.level) return objects;
  objects.push_back(Indicates(indicator, *campaign, modified));
  if (campaign->bears) objects.push_back(Campaign(*campaign, modified));
  return objects;
}

}  // namespace ringfence::stix
