#include "services/publish/console/campaign_page.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "services/publish/http/answers.h"

namespace ringfence::publish {
namespace {

using internal::v1::IndicatorRecord;

core::Day DayOf(const google::protobuf::Timestamp& time) {
  return core::FloorDay(core::FromProto(time));
}

void AddOrganisations(const internal::v1::StoredCampaign& sums, console::v1::CampaignPage& page) {
  std::map<std::string, uint32_t> sorted(sums.partners().begin(), sums.partners().end());
  for (const auto& [name, reports] : sorted) {
    console::v1::OrganisationTotals& totals = *page.add_organisations();
    totals.set_organisation(name);
    totals.set_reports(reports);
  }
}

void AddTypes(const Members& members, console::v1::CampaignPage& page) {
  std::map<v1::IdentifierType, console::v1::TypeCount> counts;
  for (const auto& [record, append_time] : members.records) {
    console::v1::TypeCount& count = counts[record.indicator().type()];
    switch (record.indicator().action()) {
      case v1::ACTION_BLOCK:
        count.set_blocked(count.blocked() + 1);
        break;
      case v1::ACTION_CHALLENGE:
        count.set_challenged(count.challenged() + 1);
        break;
      default:
        count.set_monitored(count.monitored() + 1);
    }
  }
  for (auto& [type, count] : counts) {
    count.set_type(type);
    *page.add_types() = std::move(count);
  }
}

void AddDays(const Members& members, console::v1::CampaignPage& page) {
  std::map<core::Day, std::pair<uint32_t, uint32_t>> days;
  for (const auto& [record, append_time] : members.records) {
    ++days[DayOf(record.indicator().first_seen())].first;
    ++days[DayOf(record.indicator().last_seen())].second;
  }
  for (const auto& [day, counts] : days) {
    console::v1::DayCount& count = *page.add_days();
    count.set_day(Rfc3339(core::StartOfDay(day)).substr(0, 10));
    count.set_first_seen(counts.first);
    count.set_last_seen(counts.second);
  }
}

}  // namespace

Members MembersOf(campaigns::ReadView& view, const campaigns::Label& label,
                  const v1::Campaign& campaign, const Viewer& caller) {
  Members members;
  size_t looked_at = 0;
  view.MembersByAge(label, [&](const core::Id& id, const campaigns::Row& row) {
    if (looked_at++ == kMembersMax) return false;
    IndicatorRecord record;
    if (!caller.MaySee(core::TypeOf(id), row.listed.tlp, row.listed.action) ||
        !record.ParseFromArray(row.record.data(), static_cast<int>(row.record.size())))
      return true;
    if (!caller.is_analyst) WithholdSmallCounts(*record.mutable_indicator());
    members.records.push_back({std::move(record), row.append_time});
    return true;
  });
  std::stable_sort(members.records.begin(), members.records.end(),
                   [](const MemberRecord& a, const MemberRecord& b) {
                     return a.record.indicator().score() > b.record.indicator().score();
                   });
  const auto shown = static_cast<uint32_t>(members.records.size());
  members.left_out = campaign.indicators() > shown ? campaign.indicators() - shown : 0;
  return members;
}

console::v1::CampaignPage PageOf(campaigns::ReadView& view, const campaigns::Label& label,
                                 const v1::Campaign& campaign, const Viewer& caller) {
  console::v1::CampaignPage page;
  *page.mutable_campaign() = campaign;
  if (const auto sums = view.SumsOf(label); sums && caller.is_analyst)
    AddOrganisations(*sums, page);
  Members members = MembersOf(view, label, campaign, caller);
  AddTypes(members, page);
  AddDays(members, page);
  const size_t full = std::min(members.records.size(), kFullMembersMax);
  for (size_t i = 0; i < full; ++i) {
    v1::Indicator& indicator = *page.add_indicators();
    indicator = std::move(*members.records[i].record.mutable_indicator());
    indicator.set_campaign_id(campaign.campaign_id());
  }
  return page;
}

console::v1::CampaignGraph GraphOf(const Members& members) {
  console::v1::CampaignGraph graph;
  graph.set_left_out(members.left_out);
  absl::flat_hash_map<std::string, uint32_t> bases;
  for (const auto& [record, append_time] : members.records) {
    const v1::Indicator& indicator = record.indicator();
    graph.add_types(indicator.type());
    graph.add_actions(indicator.action());
    graph.add_scores(indicator.score());
    graph.add_incidents(indicator.explanation().incidents());
    graph.add_organisations(indicator.explanation().organisations());
    graph.add_first_days(DayOf(indicator.first_seen()));
    graph.add_last_days(DayOf(indicator.last_seen()));
    graph.add_shared(indicator.shared_infrastructure());
    graph.add_bases(
        bases.try_emplace(record.base_id(), static_cast<uint32_t>(bases.size())).first->second);
    graph.add_values(indicator.value());
  }
  return graph;
}

}  // namespace ringfence::publish
