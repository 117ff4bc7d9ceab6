#include "tests/worlds/graph.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "pipelines/ties/tally.h"

namespace ringfence::worlds {
namespace {

class Joined {
 public:
  explicit Joined(size_t size) : parent_(size) { std::iota(parent_.begin(), parent_.end(), 0u); }
  void Join(uint32_t a, uint32_t b) { parent_[Find(a)] = Find(b); }
  Components Result() {
    Components components(parent_.size());
    for (uint32_t i = 0; i < parent_.size(); ++i) components[i] = Find(i);
    return components;
  }

 private:
  uint32_t Find(uint32_t a) {
    while (parent_[a] != a) a = parent_[a] = parent_[parent_[a]];
    return a;
  }
  std::vector<uint32_t> parent_;
};

Components JoinIf(const Graph& graph,
                  const std::function<bool(uint32_t, const Graph::Edge&)>& counts) {
  Joined joined(graph.nodes.size());
  for (uint32_t i = 0; i < graph.nodes.size(); ++i) {
    for (const Graph::Edge& edge : graph.edges[i]) {
      if (i < edge.to && counts(i, edge)) joined.Join(i, edge.to);
    }
  }
  return joined.Result();
}

// The neighbours that pass, those with the least hash, at most so many.
std::vector<uint32_t> Least(const Graph& graph, uint32_t of, uint32_t most,
                            uint64_t (*hash)(const NodeKey&),
                            const std::function<bool(uint32_t)>& passes) {
  std::vector<std::pair<uint64_t, uint32_t>> hashed;
  for (const Graph::Edge& edge : graph.edges[of]) {
    if (passes(edge.to)) hashed.emplace_back(hash(graph.nodes[edge.to]), edge.to);
  }
  const size_t taken = std::min<size_t>(most, hashed.size());
  std::partial_sort(hashed.begin(), hashed.begin() + static_cast<std::ptrdiff_t>(taken),
                    hashed.end());
  std::vector<uint32_t> least;
  for (size_t i = 0; i < taken; ++i) least.push_back(hashed[i].second);
  return least;
}

ties::Sketch SketchOf(const Graph& graph, uint32_t node, const ties::Rules& rules) {
  ties::Sketch sketch;
  for (uint32_t listed : Least(graph, node, rules.sketch_size, ties::SketchHash, [&](uint32_t to) {
         return graph.counts[to].neighbours <= rules.sketched_neighbours_max;
       })) {
    sketch.push_back(graph.nodes[listed]);
  }
  return sketch;
}

using Facts = std::vector<ties::NodeFacts>;

// Neighbours that can be the node's home, the best first.
std::vector<ties::HomeRank> HomesOf(const Graph& graph, uint32_t node, const Facts& facts,
                                    const ties::Rules& rules, const Without& without) {
  std::vector<ties::HomeRank> ranks;
  if (facts[node].infrastructure != ties::Infrastructure::kNo) return ranks;
  for (const Graph::Edge& edge : graph.edges[node]) {
    const NodeKey& key = graph.nodes[edge.to];
    if (!ties::CanBeHome(key, facts[edge.to])) continue;
    ranks.push_back(ties::RankAsHome(key, edge.tie, facts[edge.to], rules));
    if (without.organisations_in_homes) ranks.back().organisations = 0;
  }
  std::sort(ranks.begin(), ranks.end());
  return ranks;
}

const Graph::Edge& EdgeTo(const Graph& graph, uint32_t node, const NodeKey& to) {
  return *std::find_if(graph.edges[node].begin(), graph.edges[node].end(),
                       [&](const Graph::Edge& edge) { return graph.nodes[edge.to] == to; });
}

void SetHomes(const Graph& graph, const ties::Rules& rules, const Without& without, Facts& facts) {
  std::vector<std::vector<ties::HomeRank>> homes;
  for (uint32_t i = 0; i < facts.size(); ++i) {
    homes.push_back(HomesOf(graph, i, facts, rules, without));
  }
  for (uint32_t i = 0; i < facts.size(); ++i) {
    if (homes[i].empty()) continue;
    const ties::HomeRank& home = homes[i].front();
    if (!without.homes) facts[i].home = home.key;
    const uint8_t organisations = facts[EdgeTo(graph, i, home.key).to].organisations;
    if (!without.reach) facts[i].reach = std::max(facts[i].reach, organisations);
    facts[i].anchors = ties::AnchorsAmong(homes[i], rules);
    facts[i].home_in_doubt =
        !without.doubt && ties::IsHomeInDoubt(graph.counts[i], facts[i].anchors);
  }
}

// The edges of one node that it vouches for.
class Vouching {
 public:
  Vouching(const Graph& graph, uint32_t node, const Facts& facts, const ties::Rules& rules)
      : graph_(graph), facts_(facts), rules_(rules) {
    for (const Graph::Edge& edge : graph.edges[node]) {
      for (const ties::Lead& lead : LeadsOf(edge)) {
        if (lead.to != graph.nodes[node]) leading_[lead.to].push_back({&edge, lead});
      }
    }
    for (auto& [to, leading] : leading_) {
      std::sort(leading.begin(), leading.end(),
                [&](const Leading& a, const Leading& b) { return HashOf(a) < HashOf(b); });
    }
  }

  bool IsVouchedFor(const Graph::Edge& edge) const {
    for (const ties::Lead& lead : LeadsOf(edge)) {
      auto leading = leading_.find(lead.to);
      if (leading == leading_.end()) continue;
      uint32_t asked = 0;
      for (const Leading& witness : leading->second) {
        if (witness.edge == &edge) continue;
        if (asked++ == rules_.witnesses_max) break;
        if (ties::Vouches(edge.tie, lead, witness.edge->tie, witness.lead)) return true;
      }
    }
    return false;
  }

 private:
  struct Leading {
    const Graph::Edge* edge;
    ties::Lead lead;
  };
  absl::InlinedVector<ties::Lead, 4> LeadsOf(const Graph::Edge& edge) const {
    return ties::LeadsOf(graph_.nodes[edge.to], facts_[edge.to]);
  }
  uint64_t HashOf(const Leading& leading) const {
    return ties::SampleHash(graph_.nodes[leading.edge->to]);
  }

  const Graph& graph_;
  const Facts& facts_;
  const ties::Rules& rules_;
  absl::flat_hash_map<NodeKey, std::vector<Leading>> leading_;
};

}  // namespace

Graph GraphOf(const std::vector<Report>& reports, const ties::Rules& rules) {
  Graph graph;
  absl::flat_hash_map<NodeKey, uint32_t> index;
  std::vector<ties::Tally> tallies;
  std::vector<std::vector<NodeKey>> neighbours;
  for (const Report& report : reports) {
    for (const NodeKey& node : report.nodes) {
      auto [at, is_new] = index.try_emplace(node, static_cast<uint32_t>(graph.nodes.size()));
      if (is_new) {
        graph.nodes.push_back(node);
        tallies.emplace_back(rules);
        neighbours.emplace_back();
      }
      ties::Naming naming{{0, report.incident + 1}, {0, report.organisation + 1}, {}};
      for (const NodeKey& other : report.nodes) {
        if (other != node) naming.neighbours.push_back(other);
      }
      tallies[at->second].Add(naming, neighbours[at->second]);
    }
  }
  for (uint32_t i = 0; i < graph.nodes.size(); ++i) {
    graph.counts.push_back(tallies[i].counts());
    // Once for each time that it was named.
    std::sort(neighbours[i].begin(), neighbours[i].end());
    neighbours[i].erase(std::unique(neighbours[i].begin(), neighbours[i].end()),
                        neighbours[i].end());
    std::vector<Graph::Edge>& edges = graph.edges.emplace_back();
    for (const NodeKey& other : neighbours[i]) {
      edges.push_back({index.at(other), tallies[i].TieTo(other)});
    }
  }
  return graph;
}

Judged ByTheRule(const Graph& graph, const ties::Rules& rules, const Without& without) {
  const auto size = static_cast<uint32_t>(graph.nodes.size());
  Judged judged;
  judged.infrastructure.resize(size);
  judged.clustering.resize(size);
  std::vector<ties::NodeFacts> facts;
  for (const ties::Counts& counts : graph.counts) facts.push_back(ties::FactsOf(counts, rules));
  for (uint32_t i = 0; i < size && !without.infrastructure; ++i) {
    if (!facts[i].many_neighbours) continue;
    ties::Clustering clustering(graph.nodes[i], rules);
    for (uint32_t other :
         Least(graph, i, rules.sample_max, ties::SampleHash, [](uint32_t) { return true; })) {
      clustering.Add(SketchOf(graph, other, rules));
    }
    judged.clustering[i] = clustering.Value();
    judged.infrastructure[i] = ties::IsInfrastructure(graph.counts[i], clustering, rules);
  }
  for (uint32_t i = 0; i < size; ++i) {
    if (judged.infrastructure[i]) facts[i].infrastructure = ties::Infrastructure::kByRule;
  }
  SetHomes(graph, rules, without, facts);
  Joined joined(size);
  for (uint32_t i = 0; i < size; ++i) {
    std::optional<Vouching> vouching;
    for (const Graph::Edge& edge : graph.edges[i]) {
      const ties::Verdict verdict = ties::Judge(
          {graph.nodes[i], facts[i]}, {graph.nodes[edge.to], facts[edge.to]}, edge.tie, rules);
      if (verdict == ties::Verdict::kActive) joined.Join(i, edge.to);
      if (verdict != ties::Verdict::kIfVouchedFor || without.vouching) continue;
      if (!vouching) vouching.emplace(graph, i, facts, rules);
      if (vouching->IsVouchedFor(edge)) joined.Join(i, edge.to);
    }
  }
  judged.components = joined.Result();
  return judged;
}

Components ByHomesAlone(const Graph& graph) {
  ties::Rules rules;
  rules.established_incidents = 5;
  const Judged judged = ByTheRule(graph, rules);
  Facts facts;
  for (uint32_t i = 0; i < graph.nodes.size(); ++i) {
    facts.push_back(ties::FactsOf(graph.counts[i], rules));
    if (judged.infrastructure[i]) facts[i].infrastructure = ties::Infrastructure::kByRule;
  }
  SetHomes(graph, rules, {}, facts);
  return JoinIf(graph, [&](uint32_t i, const Graph::Edge& edge) {
    const ties::NodeFacts& one = facts[i];
    const ties::NodeFacts& other = facts[edge.to];
    const bool has_ip = graph.nodes[i].day != 0 || graph.nodes[edge.to].day != 0;
    if (has_ip && edge.tie.support < rules.ip_incidents) return false;
    if (one.home == graph.nodes[edge.to] || other.home == graph.nodes[i]) return true;
    if (judged.infrastructure[i] || judged.infrastructure[edge.to]) return false;
    if (!one.established && !other.established) return true;
    return edge.tie.support >= 2 &&
           edge.tie.organisations >= std::min(one.organisations, other.organisations);
  });
}

Components Plain(const Graph& graph) {
  return JoinIf(graph, [](uint32_t, const Graph::Edge&) { return true; });
}

Components WithoutNodes(const Graph& graph, const std::vector<bool>& marked) {
  return JoinIf(
      graph, [&](uint32_t i, const Graph::Edge& edge) { return !marked[i] && !marked[edge.to]; });
}

}  // namespace ringfence::worlds
