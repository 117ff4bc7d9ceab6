#include "tests/oracle/link_graph.h"

#include <algorithm>
#include <vector>

#include "pipelines/identifiers/policy.h"

namespace ringfence::oracle {
namespace {

constexpr size_t kNodesTiedInPairs = 8;
constexpr size_t kNextTied = 3;

components::NodeKey KeyOf(const Node& node) { return {node.base, node.day}; }
Node NodeOf(const components::NodeKey& key) { return {key.id, key.day}; }

void Tie(const Node& a, const Node& b, TiedReport& tied) {
  if (a != b) tied.together->emplace(KeyOf(std::min(a, b)), KeyOf(std::max(a, b)));
}

}  // namespace

using core::Time;
using internal::v1::ReportRevision;

LinkGraph::LinkGraph(const Reports& reports, Time as_of, const ties::Rules& rules)
    : reports_(reports), as_of_(as_of) {
  std::vector<TiedReport> tied;
  for (const auto& [name, report] : reports_.held()) tied.push_back(TiesOf(*report));
  for (const TiedReport& report : tied) {
    for (const components::NodeKey& key : report.nodes) parent_.emplace(NodeOf(key), NodeOf(key));
  }
  FindDeclared(tied);
  ties_.emplace(tied, declared_, rules);
  Join();
}

bool LinkGraph::IsInfrastructure(const Node& node) const {
  return ties_->IsInfrastructure(KeyOf(node)) && !declared_.contains(KeyOf(node));
}

// All nodes of a base that an operator declared shared.
void LinkGraph::FindDeclared(const std::vector<TiedReport>& tied) {
  std::set<core::Id> bases;
  for (const auto& [name, report] : reports_.held()) {
    for (const Occurrence& occurrence : reports_.OccurrencesOf(*report)) {
      const core::Id base = occurrence.LinkNode().base;
      const bool links = occurrence.Identifier() == base && occurrence.LinksStill(as_of_);
      if (links && occurrence.word.shared) bases.insert(base);
      if (reports_.decisions().IsShared(base)) bases.insert(base);
    }
  }
  for (const TiedReport& report : tied) {
    for (const components::NodeKey& key : report.nodes) {
      if (bases.contains(key.id)) declared_.insert(key);
    }
  }
}

LinkGraph::Sightings LinkGraph::SightingsIn(const ReportRevision& report) const {
  Sightings sightings;
  for (const Occurrence& occurrence : reports_.OccurrencesOf(report)) {
    if (!occurrence.Links()) continue;
    const Time observed_at = occurrence.named->observed_at();
    auto [it, is_new] = sightings.try_emplace(occurrence.LinkNode(), observed_at);
    it->second = std::max(it->second, observed_at);
  }
  return sightings;
}

bool LinkGraph::LinksStill(Time latest) const {
  return core::FloorDay(as_of_) < identifiers::LinkUntilDay(latest);
}

TiedReport LinkGraph::TiesOf(const ReportRevision& report) const {
  const ReportName& incident = reports_.IncidentOf(report);
  TiedReport tied;
  tied.incident = core::ReportKey(incident.first, incident.second);
  tied.organisation = core::ReportKey(reports_.decisions().OrganisationOf(report.partner()), "");
  tied.together.emplace();
  const Sightings sightings = SightingsIn(report);
  const std::vector<std::pair<Node, Time>> nodes(sightings.begin(), sightings.end());
  for (size_t i = 0; i < nodes.size(); ++i) {
    const auto& [node, latest] = nodes[i];
    if (!LinksStill(latest)) continue;
    tied.nodes.insert(KeyOf(node));
    const size_t next_tied = nodes.size() <= kNodesTiedInPairs ? nodes.size() - 1 : kNextTied;
    for (size_t next = 1; next <= next_tied; ++next) {
      const auto& [other, other_latest] = nodes[(i + next) % nodes.size()];
      if (LinksStill(other_latest)) Tie(node, other, tied);
    }
  }
  TieToBearer(report, sightings, tied);
  return tied;
}

// The representative's own nodes are tied as those of any report are.
void LinkGraph::TieToBearer(const ReportRevision& report, const Sightings& sightings,
                            TiedReport& tied) const {
  const ReportName& incident = reports_.IncidentOf(report);
  const ReportRevision& representative = *reports_.incidents().at(incident).representative;
  const Reports::Bearers bearers = reports_.BearersOf(representative);
  if (&representative == &report || bearers.empty()) return;
  const Occurrence& bearer = bearers.front().second;
  if (!bearer.LinksStill(as_of_)) return;
  for (const auto& [node, latest] : sightings) {
    if (!LinksStill(latest) || node == bearer.LinkNode()) continue;
    Tie(node, bearer.LinkNode(), tied);
    // It counts as named: by the incident, and by this report's organisation.
    tied.nodes.insert(KeyOf(bearer.LinkNode()));
  }
}

void LinkGraph::Join() {
  for (const auto& [one, other] : ties_->active()) {
    const Node a = ComponentOf(NodeOf(one));
    const Node b = ComponentOf(NodeOf(other));
    parent_[std::max(a, b)] = std::min(a, b);
  }
}

Node LinkGraph::ComponentOf(Node node) const {
  while (parent_.at(node) != node) node = parent_.at(node);
  return node;
}

}  // namespace ringfence::oracle
