#include "services/publish/explain/indicator_explanation.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>

#include "pipelines/core/time.h"
#include "services/publish/aliases.h"
#include "services/publish/http/answers.h"

namespace ringfence::publish {
namespace {

using Node = cluster::ListingExplanation::Node;

void AddMissing(v1::Action action, const std::vector<cluster::Need>& missing,
                v1::ExplainIndicatorResponse& response) {
  for (const cluster::Need& need : missing) {
    v1::MissingNeed& added = *response.add_missing();
    added.set_action(action);
    added.set_need(std::string(need.what));
    added.set_needed(need.needed);
    added.set_has(need.has);
  }
}

const char* InfrastructureWord(ties::Infrastructure infrastructure) {
  switch (infrastructure) {
    case ties::Infrastructure::kByRule:
      return "by_rule";
    case ties::Infrastructure::kDeclared:
      return "declared";
    default:
      return "";
  }
}

void AddLink(const Node& node, v1::ExplainIndicatorResponse& response) {
  v1::LinkExplanation& link = *response.add_links();
  if (node.day != 0) link.set_day(Rfc3339(core::StartOfDay(node.day)).substr(0, 10));
  link.set_incidents(node.counts.incidents);
  link.set_organisations(node.counts.organisations);
  link.set_neighbours(node.counts.neighbours);
  link.set_established(node.established);
  link.set_infrastructure(InfrastructureWord(node.infrastructure));
  link.set_clustering(node.clustering);
  for (const cluster::BaseTie& tie : node.ties) {
    tie.active ? link.set_ties_joining(link.ties_joining() + 1)
               : link.set_ties_cut(link.ties_cut() + 1);
  }
}

struct Tie {
  cluster::BaseTie tie;
  bool home = false;
};

// Of an IP's days each neighbour once: as it joins, if it does on any.
std::vector<Tie> InOrder(const std::vector<Node>& nodes) {
  std::map<core::Id, Tie> by_neighbour;
  for (const Node& node : nodes) {
    for (const cluster::BaseTie& tie : node.ties) {
      auto [held, is_new] = by_neighbour.try_emplace(tie.to, Tie{tie, tie.to == node.home});
      if (is_new || held->second.tie.active || !tie.active) continue;
      held->second = {tie, tie.to == node.home};
    }
  }
  std::vector<Tie> order;
  for (auto& [neighbour, tie] : by_neighbour) order.push_back(tie);
  std::sort(order.begin(), order.end(), [](const Tie& a, const Tie& b) {
    const auto place = [](const Tie& t) {
      const int64_t strength = t.tie.incidents;
      return std::tuple(!t.tie.active, t.tie.active ? strength : -strength, t.tie.to);
    };
    return place(a) < place(b);
  });
  return order;
}

void AddEnd(const core::Id& base, const Viewer& viewer, const ListedOn& listed_on,
            campaigns::ReadView& view, v1::ExplainedTie& tie) {
  v1::ExplainedTie::End& end = *tie.add_ends();
  std::optional<v1::Indicator> indicator = view.Lookup(base);
  if (!indicator) {
    if (const std::optional<core::Id> listed = listed_on(base)) indicator = view.Lookup(*listed);
  }
  if (!indicator || !viewer.MaySee(indicator->type(), indicator->tlp(), indicator->action()))
    return;
  end.set_type(indicator->type());
  end.set_value(indicator->value());
  end.set_campaign_id(indicator->campaign_id());
}

}  // namespace

uint32_t TiesAskedFor(uint32_t max_ties) {
  return max_ties == 0 ? kExplainedTiesDefault : std::min(max_ties, kExplainedTiesMax);
}

void Describe(const cluster::ListingExplanation& explanation, uint32_t max_ties,
              const Viewer& viewer, const ListedOn& listed_on, campaigns::ReadView& view,
              v1::ExplainIndicatorResponse& response) {
  response.set_state_known(true);
  response.set_live(explanation.live);
  response.set_hidden(explanation.hidden);
  response.set_unspoofable(explanation.unspoofable);
  Aliases<std::string> organisations("organisation");
  for (const auto& organisation : explanation.organisations) {
    v1::OrganisationWord& word = *response.add_organisations();
    word.set_organisation(organisations.Of(organisation.name));
    word.set_weight(organisation.weight.value);
    word.set_canaries(organisation.weight.canaries);
    word.set_incidents(organisation.incidents);
  }
  // By alias: their order would say who is who.
  std::sort(response.mutable_organisations()->begin(), response.mutable_organisations()->end(),
            [](const v1::OrganisationWord& a, const v1::OrganisationWord& b) {
              return a.organisation() < b.organisation();
            });
  if (explanation.live) {
    response.set_score(explanation.standing.score);
    response.set_action_by_quorum(explanation.standing.action);
    response.set_action(explanation.assessment.action);
    for (std::string_view rule : explanation.assessment.rules) {
      response.add_rules(std::string(rule));
    }
    AddMissing(v1::ACTION_CHALLENGE, explanation.standing.missing_for_challenge, response);
    AddMissing(v1::ACTION_BLOCK, explanation.standing.missing_for_block, response);
  }
  for (const Node& node : explanation.nodes) AddLink(node, response);
  const std::vector<Tie> order = InOrder(explanation.nodes);
  for (const Tie& tie : order) {
    if (static_cast<uint32_t>(response.ties_size()) == max_ties) break;
    v1::ExplainedTie& explained = *response.add_ties();
    AddEnd(tie.tie.to, viewer, listed_on, view, explained);
    explained.set_incidents(tie.tie.incidents);
    explained.set_organisations(tie.tie.organisations);
    explained.set_joins(tie.tie.active);
    explained.set_reason(std::string(ties::WordOf(tie.tie.reason)));
    explained.set_home(tie.home);
  }
  response.set_ties_left_out(static_cast<uint32_t>(order.size()) -
                             static_cast<uint32_t>(response.ties_size()));
}

}  // namespace ringfence::publish
