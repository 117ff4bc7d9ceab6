#include "services/publish/explain/explanations.h"

#include <memory>
#include <optional>
#include <variant>

#include "pipelines/campaigns/read_view.h"
#include "pipelines/core/id.h"
#include "services/publish/canonical.h"
#include "services/publish/console/campaign_page.h"
#include "services/publish/explain/campaign_explanation.h"
#include "services/publish/explain/indicator_explanation.h"

namespace ringfence::publish {
namespace {

// Of a campaign that are asked for related ones, the best first.
constexpr size_t kRelatedMembersMax = 2'000;

absl::StatusOr<std::shared_ptr<const Moment>> CompleteMoment(const Publisher& publisher) {
  if (absl::Status status = publisher.Health(); !status.ok()) {
    return absl::UnavailableError("the set is not kept up to date here any more");
  }
  std::shared_ptr<const Moment> moment = publisher.Latest();
  if (!moment->complete) return absl::UnavailableError("the set is still being read");
  return moment;
}

core::Id BaseOf(v1::IdentifierType type, const identifiers::Canonical& canonical) {
  return canonical.base_type == v1::IDENTIFIER_TYPE_UNSPECIFIED
             ? core::IdentifierId(type, canonical.value)
             : core::IdentifierId(canonical.base_type, canonical.base_value);
}

bool IsKnown(const v1::ExplainIndicatorResponse& response) {
  return response.has_indicator() || response.overrides_size() > 0 || response.live() ||
         response.links_size() > 0;
}

}  // namespace

absl::StatusOr<v1::ExplainIndicatorResponse> Explanations::Indicator(
    const v1::ExplainIndicatorRequest& request, const Viewer& viewer) const {
  const auto type = request.identifier().type();
  if (type == v1::IDENTIFIER_TYPE_UNSPECIFIED || !v1::IdentifierType_IsValid(type)) {
    return absl::InvalidArgumentError("identifier.type: required");
  }
  if ((viewer.types >> type & 1) == 0) {
    return absl::PermissionDeniedError("identifier.type: not one that you are given");
  }
  const identifiers::Normalised normalised = CanonicalOf(request.identifier());
  if (const auto* problem = std::get_if<identifiers::Problem>(&normalised)) {
    return absl::InvalidArgumentError("identifier: " + problem->code);
  }
  const auto& canonical = std::get<identifiers::Canonical>(normalised);
  // Also for who may not see it.
  const absl::Status unknown = absl::NotFoundError("nothing is known of it");
  const auto moment = CompleteMoment(publisher_);
  if (!moment.ok()) return moment.status();
  campaigns::ReadView view(*(*moment)->state, publisher_.names());
  v1::ExplainIndicatorResponse response;
  response.set_type(type);
  response.set_value(canonical.value);
  if (auto indicator = view.Lookup(core::IdentifierId(type, canonical.value))) {
    if (indicator->tlp() > viewer.clearance) return unknown;
    *response.mutable_indicator() = *std::move(indicator);
  }
  if (decisions_ != nullptr) {
    for (v1::Override& override : decisions_->Covering(type, canonical.value)) {
      *response.add_overrides() = std::move(override);
    }
  }
  if (options_.listing) {
    const auto explanation = options_.listing(BaseOf(type, canonical), type, canonical.value);
    if (!explanation.ok()) return explanation.status();
    if (explanation->tlp > viewer.clearance) return unknown;
    Describe(*explanation, TiesAskedFor(request.max_ties()), viewer, options_.listed_on, view,
             response);
  }
  if (!IsKnown(response)) return unknown;
  return response;
}

absl::StatusOr<v1::ExplainCampaignResponse> Explanations::Campaign(
    const v1::ExplainCampaignRequest& request, const Viewer& viewer) const {
  const auto moment = CompleteMoment(publisher_);
  if (!moment.ok()) return moment.status();
  campaigns::ReadView view(*(*moment)->state, publisher_.names());
  const std::optional<campaigns::Label> label = view.LabelOfCampaign(request.campaign_id());
  std::optional<v1::Campaign> campaign = label ? view.CampaignOf(*label) : std::nullopt;
  if (!campaign || campaign->tlp() > viewer.clearance) {
    return absl::NotFoundError("there is no such campaign");
  }
  v1::ExplainCampaignResponse response;
  if (campaign->campaign_id() != request.campaign_id()) {
    response.set_superseded_id(request.campaign_id());
  }
  if (options_.ties) {
    const Members members = MembersOf(view, *label, *campaign, viewer);
    console::v1::CampaignGraph graph = GraphOf(members);
    const absl::Status status = AddTies(members, options_.ties, view, *label, viewer, graph);
    if (!status.ok()) return status;
    Describe(graph, TiesAskedFor(request.max_ties()), response);
    for (const console::v1::RelatedCampaign& related : graph.related()) {
      campaign->add_related_campaign_ids(related.campaign().campaign_id());
    }
  }
  *response.mutable_campaign() = *std::move(campaign);
  return response;
}

std::vector<std::string> Explanations::Related(const std::string& campaign_id,
                                               const Viewer& viewer) const {
  if (!options_.ties) return {};
  const std::shared_ptr<const Moment> moment = publisher_.Latest();
  const std::string key = campaign_id + " " + std::to_string(viewer.clearance) + " " +
                          std::to_string(viewer.types) + (viewer.is_analyst ? " exact" : "");
  return *related_.Get(key, moment->changes, [&]() -> std::vector<std::string> {
    campaigns::ReadView view(*moment->state, publisher_.names());
    const std::optional<campaigns::Label> label = view.LabelOfCampaign(campaign_id);
    const std::optional<v1::Campaign> campaign = label ? view.CampaignOf(*label) : std::nullopt;
    if (!campaign) return {};
    Members members = MembersOf(view, *label, *campaign, viewer);
    if (members.records.size() > kRelatedMembersMax) members.records.resize(kRelatedMembersMax);
    console::v1::CampaignGraph graph;
    const absl::Status status = AddTies(members, options_.ties, view, *label, viewer, graph);
    std::vector<std::string> related;
    if (!status.ok()) return related;
    for (const console::v1::RelatedCampaign& other : graph.related()) {
      related.push_back(other.campaign().campaign_id());
    }
    return related;
  });
}

AdminService::Explanations Explanations::ForService() const {
  return {[this](const v1::ExplainIndicatorRequest& request, const Viewer& viewer) {
            return Indicator(request, viewer);
          },
          [this](const v1::ExplainCampaignRequest& request, const Viewer& viewer) {
            return Campaign(request, viewer);
          }};
}

IndicatorService::Related Explanations::RelatedForService() const {
  return [this](const std::string& campaign_id, const Viewer& viewer) {
    return Related(campaign_id, viewer);
  };
}

}  // namespace ringfence::publish
