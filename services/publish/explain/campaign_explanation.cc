#include "services/publish/explain/campaign_explanation.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace ringfence::publish {
namespace {

void AddEnd(const console::v1::CampaignGraph& graph, uint32_t member, v1::ExplainedTie& tie) {
  v1::ExplainedTie::End& end = *tie.add_ends();
  const int place = static_cast<int>(member);
  end.set_type(graph.types(place));
  end.set_value(graph.values(place));
}

void AddTie(const console::v1::CampaignGraph& graph, int at, v1::ExplainedTie& tie) {
  const console::v1::Ties& ties = graph.ties();
  AddEnd(graph, ties.first(at), tie);
  AddEnd(graph, ties.second(at), tie);
  tie.set_incidents(ties.incidents(at));
  tie.set_organisations(ties.organisations(at));
  tie.set_joins(!ties.cut(at));
  tie.set_reason(ties.reasons(at));
  tie.set_splits_off(ties.splits_off(at));
}

}  // namespace

void Describe(const console::v1::CampaignGraph& graph, uint32_t max_ties,
              v1::ExplainCampaignResponse& response) {
  response.set_state_known(graph.ties_known());
  response.set_members(static_cast<uint32_t>(graph.types_size()));
  const console::v1::Ties& ties = graph.ties();
  std::vector<int> joining;
  std::vector<int> cut;
  std::map<std::string, uint32_t> reasons;
  for (int at = 0; at < ties.first_size(); ++at) {
    if (ties.reasons(at).empty()) continue;
    (ties.cut(at) ? cut : joining).push_back(at);
    ++reasons[ties.reasons(at)];
  }
  // What much hangs on comes first among equally thin ones.
  std::stable_sort(joining.begin(), joining.end(), [&](int a, int b) {
    return ties.incidents(a) != ties.incidents(b) ? ties.incidents(a) < ties.incidents(b)
                                                  : ties.splits_off(a) > ties.splits_off(b);
  });
  std::stable_sort(cut.begin(), cut.end(),
                   [&](int a, int b) { return ties.incidents(a) > ties.incidents(b); });
  const size_t joining_shown = std::min<size_t>(joining.size(), max_ties);
  const size_t cut_shown = std::min<size_t>(cut.size(), max_ties);
  for (size_t i = 0; i < joining_shown; ++i) AddTie(graph, joining[i], *response.add_joining());
  for (size_t i = 0; i < cut_shown; ++i) AddTie(graph, cut[i], *response.add_cut());
  response.set_joining_left_out(static_cast<uint32_t>(joining.size() - joining_shown));
  response.set_cut_left_out(static_cast<uint32_t>(cut.size() - cut_shown) + graph.ties_left_out());
  for (const auto& [reason, count] : reasons) {
    v1::ReasonCount& added = *response.add_reasons();
    added.set_reason(reason);
    added.set_ties(count);
  }
  for (const console::v1::RelatedCampaign& related : graph.related()) {
    v1::RelatedByTies& added = *response.add_related();
    *added.mutable_campaign() = related.campaign();
    added.set_ties(related.ties());
    added.set_through_infrastructure(related.through_infrastructure());
  }
}

}  // namespace ringfence::publish
