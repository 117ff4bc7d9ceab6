#pragma once

#include <map>
#include <set>
#include <utility>

#include "pipelines/core/time.h"
#include "tests/oracle/reports.h"

namespace ringfence::oracle {

// The components of the link nodes at one time.
class LinkGraph {
 public:
  LinkGraph(const Reports& reports, core::Time as_of);

  // The least node of its component. `node` must link still.
  Node ComponentOf(Node node) const;

 private:
  // The nodes that a report links, each with the latest sighting.
  using Sightings = std::map<Node, core::Time>;
  Sightings SightingsIn(const internal::v1::ReportRevision& report) const;
  bool LinksStill(core::Time latest) const;
  void TieNodesOf(const internal::v1::ReportRevision& report);
  void TieToBearer(const internal::v1::ReportRevision& report, const Sightings& sightings);
  void Tie(const Node& a, const Node& b, const ReportName& incident);
  void Join();

  const Reports& reports_;
  const core::Time as_of_;
  // The incidents in which two nodes are tied, the lesser first.
  std::map<std::pair<Node, Node>, std::set<ReportName>> support_;
  // A union-find: each node's parent, itself at the end.
  std::map<Node, Node> parent_;
};

}  // namespace ringfence::oracle
