#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "pipelines/ties/rules.h"
#include "tests/worlds/world.h"

// The rule, and what it is compared with, over all of a world's reports at once.
namespace ringfence::worlds {

// What every node counts.
struct Graph {
  struct Edge {
    uint32_t to = 0;
    ties::Tie tie;
  };
  std::vector<NodeKey> nodes;
  std::vector<ties::Counts> counts;
  std::vector<std::vector<Edge>> edges;
};

// Every pair of nodes of a report is tied: reports of worlds have no more than eight.
Graph GraphOf(const std::vector<Report>& reports, const ties::Rules& rules);

// Parts of the rule that can be left out by more than its numbers.
struct Without {
  bool homes = false;
  bool infrastructure = false;
  bool organisations_in_homes = false;
  bool vouching = false;
  bool reach = false;
  bool doubt = false;
};

// By node, the number of its component.
using Components = std::vector<uint32_t>;

struct Judged {
  Components components;
  std::vector<bool> infrastructure;
  std::vector<double> clustering;
};
Judged ByTheRule(const Graph& graph, const ties::Rules& rules, const Without& without = {});
// The rule's homes and infrastructure without vouching: any other tie needs two incidents, from two
// organisations if both ends have that many. Established from five incidents on.
Components ByHomesAlone(const Graph& graph);
Components Plain(const Graph& graph);
// Without edges of nodes that are marked.
Components WithoutNodes(const Graph& graph, const std::vector<bool>& marked);

}  // namespace ringfence::worlds
