#pragma once

#include <map>
#include <optional>
#include <set>

#include "pipelines/core/time.h"
#include "tests/oracle/reports.h"
#include "tests/oracle/ties.h"

namespace ringfence::oracle {

// The components of the link nodes at one time.
class LinkGraph {
 public:
  LinkGraph(const Reports& reports, core::Time as_of, const ties::Rules& rules);

  // The least node of its component. `node` must link still.
  Node ComponentOf(Node node) const;
  // Shared infrastructure by rule, and not by an operator's word.
  bool IsInfrastructure(const Node& node) const;

 private:
  // The nodes that a report links, each with the latest sighting.
  using Sightings = std::map<Node, core::Time>;
  Sightings SightingsIn(const internal::v1::ReportRevision& report) const;
  bool LinksStill(core::Time latest) const;
  TiedReport TiesOf(const internal::v1::ReportRevision& report) const;
  void TieToBearer(const internal::v1::ReportRevision& report, const Sightings& sightings,
                   TiedReport& tied) const;
  void FindDeclared(const std::vector<TiedReport>& tied);
  void Join();

  const Reports& reports_;
  const core::Time as_of_;
  std::optional<Ties> ties_;
  std::set<components::NodeKey> declared_;
  // A tree each component.
  std::map<Node, Node> parent_;
};

}  // namespace ringfence::oracle
