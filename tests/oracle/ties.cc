#include "tests/oracle/ties.h"

#include <algorithm>
#include <bit>
#include <tuple>

namespace ringfence::oracle {
namespace {

using Key = components::NodeKey;

bool IsIp(const Key& node) { return node.day != 0; }
bool IsHost(const Key& node) {
  const v1::IdentifierType type = core::TypeOf(node.id);
  return type == v1::IDENTIFIER_TYPE_DOMAIN || type == v1::IDENTIFIER_TYPE_IP;
}
Ties::Edge EdgeOf(const Key& a, const Key& b) { return {std::min(a, b), std::max(a, b)}; }

}  // namespace

bool Ties::Named::IsOf(const core::Id& organisation) const {
  return incidents_of.size() == 1 && incidents_of.contains(organisation);
}

Ties::Ties(const std::vector<TiedReport>& reports, const std::set<Key>& declared,
           const ties::Rules& rules)
    : rules_(rules), declared_(declared) {
  auto count = [](Named& named, const TiedReport& report) {
    named.incidents.insert(report.incident);
    named.incidents_of[report.organisation].insert(report.incident);
  };
  for (const TiedReport& report : reports) {
    std::set<Edge> together;
    for (const Key& node : report.nodes) {
      count(nodes_[node], report);
      neighbours_.try_emplace(node);
      for (const Key& other : report.nodes) {
        if (node < other) together.emplace(node, other);
      }
    }
    for (const Edge& edge : report.together ? *report.together : together) {
      neighbours_[edge.first].insert(edge.second);
      neighbours_[edge.second].insert(edge.first);
      count(together_[edge], report);
    }
  }
  for (const auto& [node, named] : nodes_) {
    if (declared.contains(node) || FewKnowEachOther(node)) infrastructure_.insert(node);
  }
  for (const auto& [node, named] : nodes_) {
    if (infrastructure_.contains(node)) continue;
    const std::vector<Key> homes = HomesOf(node);
    if (!homes.empty()) home_.emplace(node, homes.front());
    FindAnchors(node, homes);
  }
  for (const auto& [edge, named] : together_) {
    if (IsActive(edge.first, edge.second)) active_.insert(edge);
  }
}

const Ties::Named& Ties::Together(const Key& a, const Key& b) const {
  return together_.at(EdgeOf(a, b));
}

uint64_t Ties::SupportOf(const Named& named) const {
  uint64_t support = 0;
  for (const auto& [organisation, incidents] : named.incidents_of) {
    support += std::min<uint64_t>(incidents.size(), rules_.organisation_incidents_max);
  }
  return std::min<uint64_t>(support, named.incidents.size());
}

bool Ties::IsEstablished(const Key& node) const {
  return nodes_.at(node).incidents.size() >= rules_.established_incidents;
}

std::vector<Key> Ties::FirstOf(const std::set<Key>& nodes, size_t count,
                               uint64_t (*hash)(const Key&)) const {
  std::vector<Key> sorted(nodes.begin(), nodes.end());
  std::sort(sorted.begin(), sorted.end(), [&](const Key& a, const Key& b) {
    return std::make_tuple(hash(a), a) < std::make_tuple(hash(b), b);
  });
  if (sorted.size() > count) sorted.resize(count);
  return sorted;
}

std::set<Key> Ties::SketchFor(const Key& of, const Key& receiver) const {
  std::set<Key> listable;
  for (const Key& other : neighbours_.at(of)) {
    if (neighbours_.at(other).size() <= rules_.sketched_neighbours_max) listable.insert(other);
  }
  std::set<Key> sketch;
  for (const Key& other : FirstOf(listable, rules_.sketch_size, ties::SketchHash)) {
    if (other != receiver && sketch.size() + 1 < rules_.sketch_size) sketch.insert(other);
  }
  return sketch;
}

bool Ties::FewKnowEachOther(const Key& node) const {
  const std::set<Key>& neighbours = neighbours_.at(node);
  if (neighbours.size() < rules_.many_neighbours) return false;
  std::map<Key, int64_t> listed;
  int64_t that_list = 0;
  for (const Key& other : FirstOf(neighbours, rules_.sample_max, ties::SampleHash)) {
    const std::set<Key> sketch = SketchFor(other, node);
    if (!sketch.empty()) ++that_list;
    for (const Key& each : sketch) ++listed[each];
  }
  if (that_list < 2) return true;
  int64_t all = 0;
  int64_t twice = 0;
  for (const auto& [each, times] : listed) {
    all += times;
    twice += times * (times - 1);
  }
  return 1000 * twice < int64_t{rules_.clustering_permille} * (that_list - 1) * all;
}

// The best first.
std::vector<Key> Ties::HomesOf(const Key& node) const {
  using Rank = std::tuple<int, int64_t, int64_t, int, Key>;
  std::vector<Rank> ranks;
  for (const Key& other : neighbours_.at(node)) {
    const bool infrastructure = infrastructure_.contains(other);
    if (IsIp(other) || declared_.contains(other) || (infrastructure && IsHost(other))) continue;
    const Named& together = Together(node, other);
    const int home_class = infrastructure ? 2 : IsEstablished(other) ? 0 : 1;
    const auto organisations = static_cast<int64_t>(
        std::min<uint64_t>(together.incidents_of.size(), rules_.tie_organisations));
    const auto support = static_cast<int64_t>(SupportOf(together));
    const int magnitude = static_cast<int>(std::bit_width(nodes_.at(other).incidents.size()));
    ranks.emplace_back(home_class, -organisations, -support, magnitude, other);
  }
  std::sort(ranks.begin(), ranks.end());
  std::vector<Key> homes;
  for (const Rank& rank : ranks) homes.push_back(std::get<Key>(rank));
  return homes;
}

void Ties::FindAnchors(const Key& node, const std::vector<Key>& homes) {
  std::vector<Key> candidates;
  for (const Key& home : homes) {
    if (IsEstablished(home) && !infrastructure_.contains(home)) candidates.push_back(home);
  }
  if (candidates.size() > rules_.anchor_candidates_max)
    candidates.resize(rules_.anchor_candidates_max);
  if (candidates.empty() || rules_.anchors_max == 0) return;
  std::vector<Key> anchors = candidates;
  if (anchors.size() > rules_.anchors_max) anchors.resize(rules_.anchors_max);
  const Named& best = Together(node, candidates.front());
  auto is_of_another = [&](const Key& candidate) {
    return best.incidents_of.size() == 1 &&
           !Together(node, candidate).IsOf(best.incidents_of.begin()->first);
  };
  auto other = std::find_if(candidates.begin(), candidates.end(), is_of_another);
  const bool all_of_one = std::none_of(anchors.begin(), anchors.end(), is_of_another);
  if (all_of_one && other != candidates.end() && anchors.size() > 1) anchors.back() = *other;
  if (std::any_of(anchors.begin(), anchors.end(), is_of_another) &&
      HasMajority(node, best.incidents_of.begin()->first)) {
    doubted_.insert(node);
  }
  anchors_[node] = std::move(anchors);
}

// Alone has more than half of the incidents that name the node.
bool Ties::HasMajority(const Key& node, const core::Id& organisation) const {
  const Named& named = nodes_.at(node);
  for (const auto& [each, incidents] : named.incidents_of) {
    const bool has = 2 * incidents.size() > named.incidents.size();
    if (has != (each == organisation)) return false;
  }
  return true;
}

std::set<Key> Ties::LeadsOf(const Key& node) const {
  if (IsIp(node) || infrastructure_.contains(node)) return {};
  std::set<Key> leads = {node};
  if (auto anchors = anchors_.find(node); anchors != anchors_.end()) {
    leads.insert(anchors->second.begin(), anchors->second.end());
  }
  return leads;
}

uint64_t Ties::ReachOf(const Key& node) const {
  uint64_t reach = nodes_.at(node).incidents_of.size();
  if (auto home = home_.find(node); home != home_.end()) {
    reach = std::max<uint64_t>(reach, nodes_.at(home->second).incidents_of.size());
  }
  return reach;
}

bool Ties::IsActive(const Key& a, const Key& b) const {
  const Named& together = Together(a, b);
  auto is_home = [&](const Key& of, const Key& what) {
    auto home = home_.find(of);
    return home != home_.end() && home->second == what;
  };
  auto is_sure_home = [&](const Key& of, const Key& what) {
    return is_home(of, what) && !doubted_.contains(of);
  };
  const bool infrastructure = infrastructure_.contains(a) || infrastructure_.contains(b);
  const bool ip = IsIp(a) || IsIp(b);
  if (ip && SupportOf(together) < rules_.ip_incidents) {
    return !infrastructure && ((IsIp(a) && is_home(a, b)) || (IsIp(b) && is_home(b, a)));
  }
  if (is_sure_home(a, b) || is_sure_home(b, a)) return true;
  if (infrastructure) return false;
  const bool anchored = anchors_.contains(a) && anchors_.contains(b);
  if (!IsEstablished(a) && !IsEstablished(b) && !anchored) return true;
  if (ReachOf(a) < rules_.tie_organisations && ReachOf(b) < rules_.tie_organisations) return true;
  if (SupportOf(together) >= rules_.tie_incidents &&
      together.incidents_of.size() >= rules_.tie_organisations) {
    return true;
  }
  return !ip && (VouchesForTie(a, b) || VouchesForTie(b, a));
}

// From `node` by way of a witness, another neighbour of it, round to `other`, at most three ties.
bool Ties::VouchesForTie(const Key& node, const Key& other) const {
  const Named& tie = Together(node, other);
  auto suspect = [&](const Key& from, const Key& to) {
    if (from == to || tie.incidents_of.size() != 1) return false;
    return Together(from, to).IsOf(tie.incidents_of.begin()->first);
  };
  for (const Key& lead : LeadsOf(other)) {
    if (lead == node) continue;
    std::set<Key> witnesses;
    for (const Key& witness : neighbours_.at(node)) {
      if (witness != other && LeadsOf(witness).contains(lead)) witnesses.insert(witness);
    }
    for (const Key& witness : FirstOf(witnesses, rules_.witnesses_max, ties::SampleHash)) {
      const Ids& incidents = Together(node, witness).incidents;
      if (tie.incidents.size() == 1 && incidents == tie.incidents) continue;
      if (!suspect(node, witness) && !suspect(other, lead) && !suspect(witness, lead)) return true;
    }
  }
  return false;
}

std::set<std::set<Key>> Ties::Components() const {
  std::map<Key, std::set<Key>> joined;
  for (const auto& [node, named] : nodes_) joined[node] = {node};
  for (const auto& [a, b] : active_) {
    if (joined[a].contains(b)) continue;
    std::set<Key> both = joined[a];
    both.insert(joined[b].begin(), joined[b].end());
    for (const Key& member : both) joined[member] = both;
  }
  std::set<std::set<Key>> components;
  for (const auto& [node, members] : joined) components.insert(members);
  return components;
}

}  // namespace ringfence::oracle
