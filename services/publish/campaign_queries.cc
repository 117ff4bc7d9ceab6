#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "pipelines/campaigns/tables.h"
#include "pipelines/core/time.h"
#include "services/publish/queries.h"

namespace ringfence::publish {
namespace {

using campaigns::CampaignNames;
using campaigns::Order;
using campaigns::ReadView;
using ListPlace = campaigns::ReadView::ListPlace;

// Entries of the list that one page looks at: where few are seen lately, pages have few.
constexpr size_t kLookedAtMax = 100'000;
constexpr int64_t kSecondsMax = 253'402'300'799;  // the end of the year 9999
constexpr int64_t kSecondsMin = -62'135'596'800;  // the beginning of the year 1

std::optional<Order> OrderOf(v1::ListCampaignsRequest::Order order) {
  switch (order) {
    case v1::ListCampaignsRequest::ORDER_UNSPECIFIED:
    case v1::ListCampaignsRequest::ORDER_INCIDENTS:
      return Order::kIncidents;
    case v1::ListCampaignsRequest::ORDER_LAST_SEEN:
      return Order::kLastSeen;
    case v1::ListCampaignsRequest::ORDER_ORGANISATIONS:
      return Order::kOrganisations;
    default:
      return std::nullopt;
  }
}

// Is any member of the campaign more than monitored? Only then is it for who is no analyst.
bool HasMoreThanMonitored(const campaigns::Label& label, ReadView& view) {
  bool has = false;
  view.MembersByAge(label, [&](const core::Id&, const campaigns::Row& row) {
    has = row.listed.action >= v1::ACTION_CHALLENGE;
    return !has;
  });
  return has;
}

bool MaySee(const Viewer& viewer, const campaigns::Label& label, v1::Tlp tlp, ReadView& view) {
  return tlp <= viewer.clearance && (viewer.is_analyst || HasMoreThanMonitored(label, view));
}

v1::Campaign Shown(v1::Campaign campaign, const Viewer& viewer) {
  if (!viewer.is_analyst) WithholdSmallCounts(campaign);
  return campaign;
}

// A token is base64url of five numbers: order, since, rank, the label's root and day. Rank and root
// are hidden: one is a count, the other made of an identifier that the caller may not be cleared
// for.
using TokenIds = std::array<core::Id, 3>;

std::string EncodeToken(Order order, core::Time since, const ListPlace& place,
                        const CampaignNames& names) {
  const TokenIds ids = {core::Id{static_cast<uint64_t>(order), static_cast<uint64_t>(since)},
                        names.Hide({place.rank, static_cast<uint64_t>(int64_t{place.label.day})}),
                        names.Hide(place.label.root)};
  std::string bytes;
  for (const core::Id& id : ids) id.AppendTo(bytes);
  return absl::WebSafeBase64Escape(absl::string_view(bytes.data(), bytes.size()));
}

std::optional<ListPlace> DecodeToken(const std::string& token, Order order, core::Time since,
                                     const CampaignNames& names) {
  std::string bytes;
  if (!absl::WebSafeBase64Unescape(token, &bytes) || bytes.size() != 48) return std::nullopt;
  const core::Id asked = core::Id::FromBytes(std::string_view(bytes).substr(0, 16));
  const core::Id place = names.Reveal(core::Id::FromBytes(std::string_view(bytes).substr(16, 16)));
  const core::Id root = core::Id::FromBytes(std::string_view(bytes).substr(32, 16));
  if (asked.hi != static_cast<uint64_t>(order) || asked.lo != static_cast<uint64_t>(since))
    return std::nullopt;
  return ListPlace{place.hi, {names.Reveal(root), static_cast<int32_t>(place.lo)}};
}

}  // namespace

absl::StatusOr<v1::GetCampaignResponse> GetCampaign(const v1::GetCampaignRequest& request,
                                                    const Viewer& viewer, ReadView& view) {
  if (request.campaign_id().empty()) return absl::InvalidArgumentError("campaign_id: is missing");
  if (request.max_indicators() > kCampaignIndicatorsMax)
    return absl::InvalidArgumentError("max_indicators: at most 1000");
  const std::optional<campaigns::Label> label = view.LabelOfCampaign(request.campaign_id());
  std::optional<v1::Campaign> campaign = label ? view.CampaignOf(*label) : std::nullopt;
  if (!campaign || !MaySee(viewer, *label, campaign->tlp(), view))
    return absl::NotFoundError("no such campaign");
  v1::GetCampaignResponse response;
  if (campaign->campaign_id() != request.campaign_id())
    response.set_superseded_id(request.campaign_id());
  *response.mutable_campaign() = Shown(*std::move(campaign), viewer);
  const v1::Action min_action = viewer.is_analyst ? v1::ACTION_MONITOR : v1::ACTION_CHALLENGE;
  for (v1::Indicator& member :
       view.Members(*label, request.max_indicators(), viewer.clearance, min_action)) {
    if ((viewer.types >> member.type() & 1) == 0) continue;
    if (!viewer.is_analyst) WithholdSmallCounts(member);
    *response.add_indicators() = std::move(member);
  }
  return response;
}

absl::StatusOr<v1::ListCampaignsResponse> ListCampaigns(const v1::ListCampaignsRequest& request,
                                                        const Viewer& viewer,
                                                        const CampaignNames& names,
                                                        ReadView& view) {
  const std::optional<Order> order = OrderOf(request.order());
  if (!order) return absl::InvalidArgumentError("order: no known order");
  const int64_t seconds = request.seen_since().seconds();
  const int32_t nanos = request.seen_since().nanos();
  if (seconds < kSecondsMin || seconds > kSecondsMax || nanos < 0 || nanos > 999'999'999)
    return absl::InvalidArgumentError("seen_since: no time");
  const core::Time since =
      request.has_seen_since() ? core::FromProto(request.seen_since()) : core::kTimeMin;
  std::optional<ListPlace> after;
  if (!request.page_token().empty()) {
    after = DecodeToken(request.page_token(), *order, since, names);
    if (!after)
      return absl::InvalidArgumentError("page_token: of another request, or none of ours");
  }
  const size_t page_size =
      request.page_size() == 0 ? kPageSizeDefault : std::min(request.page_size(), kPageSizeMax);

  v1::ListCampaignsResponse response;
  size_t looked_at = 0;
  std::optional<ListPlace> last;
  bool more = false;
  view.List(*order, after, [&](const ReadView::ListedCampaign& listed) {
    const bool is_seen = listed.entry.last_seen >= since;
    // What follows was seen even earlier.
    if (!is_seen && *order == Order::kLastSeen) return false;
    if (static_cast<size_t>(response.campaigns_size()) == page_size || looked_at == kLookedAtMax) {
      more = true;
      return false;
    }
    ++looked_at;
    last = listed.place;
    if (is_seen && MaySee(viewer, listed.place.label, listed.entry.tlp, view))
      *response.add_campaigns() = Shown(*view.CampaignOf(listed.place.label), viewer);
    return true;
  });
  if (more) response.set_next_page_token(EncodeToken(*order, since, *last, names));
  return response;
}

}  // namespace ringfence::publish
