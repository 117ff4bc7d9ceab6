#include "services/ringfence/replay/published_set.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "pipelines/core/decimal.h"
#include "pipelines/core/id.h"
#include "pipelines/core/time.h"

namespace ringfence::replay {
namespace {

using core::Id;
using internal::v1::IndicatorRecord;

// Of a component: its root.
using Label = std::tuple<uint64_t, uint64_t, int32_t>;
using Members = std::vector<const IndicatorRecord*>;

Id OldestMember(const Members& members) {
  std::pair<core::Time, Id> oldest{core::kTimeMax, Id{}};
  for (const IndicatorRecord* member : members) {
    oldest = std::min(oldest, std::pair(core::FromProto(member->indicator().first_seen()),
                                        Id::FromBytes(member->identifier_id())));
  }
  return oldest.second;
}

void AddShares(const Members& members, v1::Campaign& campaign) {
  std::set<std::string> partners;
  std::map<std::string, uint32_t> countries;
  std::map<std::string, core::Decimal> losses;
  for (const IndicatorRecord* member : members) {
    const internal::v1::CampaignShare& share = member->share();
    campaign.set_incidents(campaign.incidents() + share.incidents());
    campaign.set_reports(campaign.reports() + share.reports());
    for (const auto& partner : share.partners()) partners.insert(partner.partner());
    for (const v1::CountryCount& count : share.countries())
      countries[count.country()] += count.incidents();
    for (const v1::AmountTotal& loss : share.losses()) {
      if (auto amount = core::Decimal::Parse(loss.amount())) losses[loss.currency()] += *amount;
    }
  }
  campaign.set_organisations(static_cast<uint32_t>(partners.size()));
  for (const auto& [country, incidents] : countries) {
    v1::CountryCount& count = *campaign.add_victims_by_country();
    count.set_country(country);
    count.set_incidents(incidents);
  }
  for (const auto& [currency, sum] : losses) {
    v1::AmountTotal& loss = *campaign.add_losses();
    loss.set_currency(currency);
    loss.set_amount(sum.ToString());
  }
}

void AddMembers(const Members& members, v1::Campaign& campaign) {
  std::set<int> scam_types;
  std::set<std::string> impersonated;
  core::Time first_seen = core::kTimeMax;
  core::Time last_seen = core::kTimeMin;
  core::SetSum fingerprint;
  for (const IndicatorRecord* member : members) {
    const v1::Indicator& indicator = member->indicator();
    scam_types.insert(indicator.scam_types().begin(), indicator.scam_types().end());
    impersonated.insert(member->impersonated().begin(), member->impersonated().end());
    first_seen = std::min(first_seen, core::FromProto(indicator.first_seen()));
    last_seen = std::max(last_seen, core::FromProto(indicator.last_seen()));
    fingerprint.Add(core::SetSum::FingerprintMember(indicator.type(), indicator.value()));
    campaign.set_tlp(std::max(campaign.tlp(), indicator.tlp()));
  }
  campaign.set_indicators(static_cast<uint32_t>(members.size()));
  for (int scam_type : scam_types) campaign.add_scam_types(static_cast<v1::ScamType>(scam_type));
  for (const std::string& brand : impersonated) campaign.add_impersonated(brand);
  *campaign.mutable_first_seen() = core::ToProto(first_seen);
  *campaign.mutable_last_seen() = core::ToProto(last_seen);
  campaign.set_fingerprint(fingerprint.Hex());
}

// A URL and its own host are no campaign: two bases at least.
bool IsCampaign(const Members& members) {
  return std::any_of(members.begin(), members.end(), [&](const IndicatorRecord* member) {
    return member->base_id() != members.front()->base_id();
  });
}

}  // namespace

void PublishedSet::Apply(std::string_view key, std::string_view value) {
  IndicatorRecord record;
  if (!record.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
    damaged_ = true;
    return;
  }
  if (record.mark() != 0) return;
  Held& held = held_[std::string(key)];
  if (record.place() < held.place) return;
  held.place = record.place();
  held.record = value;
}

absl::StatusOr<PublishedSet::Contents> PublishedSet::Finish(const campaigns::NamingKey& key) const {
  if (damaged_) return absl::DataLossError("a record of the published set could not be read");
  std::vector<IndicatorRecord> records;
  for (const auto& [id, held] : held_) {
    IndicatorRecord record;
    if (record.ParseFromString(held.record) && record.has_indicator())
      records.push_back(std::move(record));
  }
  std::sort(records.begin(), records.end(), [](const IndicatorRecord& a, const IndicatorRecord& b) {
    return std::forward_as_tuple(a.indicator().type(), a.indicator().value()) <
           std::forward_as_tuple(b.indicator().type(), b.indicator().value());
  });
  std::map<Label, Members> components;
  for (const IndicatorRecord& record : records) {
    if (record.labelled())
      components[{record.root_hi(), record.root_lo(), record.root_day()}].push_back(&record);
  }
  Contents contents;
  const campaigns::CampaignNames names(key);
  std::map<const IndicatorRecord*, std::string> campaign_of;
  for (const auto& [label, members] : components) {
    if (!IsCampaign(members)) continue;
    v1::Campaign& campaign = contents.campaigns.emplace_back();
    campaign.set_campaign_id(names.NameOf(OldestMember(members)));
    AddMembers(members, campaign);
    AddShares(members, campaign);
    for (const IndicatorRecord* member : members) campaign_of[member] = campaign.campaign_id();
  }
  for (const IndicatorRecord& record : records) {
    contents.indicators.push_back(record.indicator());
    auto campaign = campaign_of.find(&record);
    if (campaign != campaign_of.end()) contents.indicators.back().set_campaign_id(campaign->second);
  }
  std::sort(contents.campaigns.begin(), contents.campaigns.end(),
            [](const v1::Campaign& a, const v1::Campaign& b) {
              return a.campaign_id() < b.campaign_id();
            });
  return contents;
}

}  // namespace ringfence::replay
