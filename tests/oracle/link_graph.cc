#include "tests/oracle/link_graph.h"

#include <algorithm>
#include <vector>

#include "pipelines/identifiers/policy.h"

namespace ringfence::oracle {
namespace {

constexpr size_t kNodesTiedInPairs = 8;
constexpr size_t kNextTied = 3;

bool IsIp(const Node& node) { return core::TypeOf(node.base) == v1::IDENTIFIER_TYPE_IP; }

}  // namespace

using core::Time;
using internal::v1::ReportRevision;

LinkGraph::LinkGraph(const Reports& reports, Time as_of) : reports_(reports), as_of_(as_of) {
  for (const auto& [name, report] : reports_.held()) TieNodesOf(*report);
  Join();
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

void LinkGraph::TieNodesOf(const ReportRevision& report) {
  const Sightings sightings = SightingsIn(report);
  const std::vector<std::pair<Node, Time>> nodes(sightings.begin(), sightings.end());
  for (size_t i = 0; i < nodes.size(); ++i) {
    const auto& [node, latest] = nodes[i];
    if (!LinksStill(latest)) continue;
    parent_.try_emplace(node, node);
    const size_t tied = nodes.size() <= kNodesTiedInPairs ? nodes.size() - 1 : kNextTied;
    for (size_t next = 1; next <= tied; ++next) {
      const auto& [other, other_latest] = nodes[(i + next) % nodes.size()];
      if (LinksStill(other_latest)) Tie(node, other, reports_.IncidentOf(report));
    }
  }
  TieToBearer(report, sightings);
}

// The representative's own nodes are tied as those of any report are.
void LinkGraph::TieToBearer(const ReportRevision& report, const Sightings& sightings) {
  const ReportName& incident = reports_.IncidentOf(report);
  const ReportRevision& representative = *reports_.incidents().at(incident).representative;
  const Reports::Bearers bearers = reports_.BearersOf(representative);
  if (&representative == &report || bearers.empty()) return;
  const Occurrence& bearer = bearers.front().second;
  if (!bearer.LinksStill(as_of_)) return;
  for (const auto& [node, latest] : sightings) {
    if (LinksStill(latest)) Tie(node, bearer.LinkNode(), incident);
  }
}

void LinkGraph::Tie(const Node& a, const Node& b, const ReportName& incident) {
  if (a != b) support_[{std::min(a, b), std::max(a, b)}].insert(incident);
}

void LinkGraph::Join() {
  for (const auto& [ends, incidents] : support_) {
    const bool has_ip = IsIp(ends.first) || IsIp(ends.second);
    if (incidents.size() < (has_ip ? 2 : 1)) continue;
    const Node a = ComponentOf(ends.first);
    const Node b = ComponentOf(ends.second);
    parent_[std::max(a, b)] = std::min(a, b);
  }
}

Node LinkGraph::ComponentOf(Node node) const {
  while (parent_.at(node) != node) node = parent_.at(node);
  return node;
}

}  // namespace ringfence::oracle
