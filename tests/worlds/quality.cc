#include "tests/worlds/quality.h"

#include <algorithm>
#include <set>

namespace ringfence::worlds {
namespace {

constexpr uint64_t kLargeCampaign = 20;

double F1(double precision, double recall) {
  return precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0;
}
double Share(double part, double whole) { return whole > 0 ? part / whole : 1; }
double Pairs(uint64_t size) {
  return static_cast<double>(size) * (static_cast<double>(size) - 1) / 2;
}

// How many identifiers of each campaign each component holds.
struct Overlap {
  std::map<uint32_t, std::map<uint32_t, uint64_t>> of_campaign;
  std::map<uint32_t, uint64_t> components;
  uint64_t all = 0;

  uint64_t SizeOf(uint32_t campaign) const {
    uint64_t size = 0;
    for (const auto& [component, count] : of_campaign.at(campaign)) size += count;
    return size;
  }
  std::pair<uint32_t, uint64_t> MainOf(uint32_t campaign) const {
    std::pair<uint32_t, uint64_t> main{0, 0};
    for (const auto& [component, count] : of_campaign.at(campaign)) {
      if (count > main.second) main = {component, count};
    }
    return main;
  }
};

// No rule can place what is never named with another of its campaign.
bool IsTiedToItsOwn(const World& world, const Graph& graph, size_t node) {
  return std::any_of(graph.edges[node].begin(), graph.edges[node].end(), [&](const auto& edge) {
    return world.used_by.at(graph.nodes[edge.to]) == world.used_by.at(graph.nodes[node]);
  });
}

Overlap OverlapOf(const World& world, const Graph& graph, const Components& components) {
  std::map<core::Id, int32_t> latest;
  for (const NodeKey& node : graph.nodes) {
    auto day = latest.try_emplace(node.id, node.day).first;
    day->second = std::max(day->second, node.day);
  }
  Overlap overlap;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const NodeKey& node = graph.nodes[i];
    const std::set<uint32_t>& used_by = world.used_by.at(node);
    if (used_by.size() != 1 || latest.at(node.id) != node.day) continue;
    if (!IsTiedToItsOwn(world, graph, i)) continue;
    ++overlap.of_campaign[*used_by.begin()][components[i]];
    ++overlap.components[components[i]];
    ++overlap.all;
  }
  return overlap;
}

}  // namespace

double Quality::PairF1() const { return F1(pair_precision, pair_recall); }
double Quality::BcubedF1() const { return F1(bcubed_precision, bcubed_recall); }

Quality Judge(const World& world, const Graph& graph, const Components& components) {
  const Overlap overlap = OverlapOf(world, graph, components);
  Quality quality;
  double same = 0, in_campaigns = 0, in_components = 0, precision = 0, recall = 0;
  int large = 0, welded = 0, shattered = 0;
  for (const auto& [component, size] : overlap.components) in_components += Pairs(size);
  for (const auto& [campaign, parts] : overlap.of_campaign) {
    const uint64_t size = overlap.SizeOf(campaign);
    in_campaigns += Pairs(size);
    for (const auto& [component, count] : parts) {
      const auto square = static_cast<double>(count * count);
      same += Pairs(count);
      precision += square / static_cast<double>(overlap.components.at(component));
      recall += square / static_cast<double>(size);
    }
    const auto [main, held] = overlap.MainOf(campaign);
    if (world.special.contains(campaign)) {
      ++quality.special;
      if (held * 10 < size * 9) ++quality.special_broken;
    }
    if (size < kLargeCampaign) continue;
    ++large;
    if (held * 5 < overlap.components.at(main) * 4) ++welded;
    if (held * 2 < size) ++shattered;
  }
  quality.pair_precision = Share(same, in_components);
  quality.pair_recall = Share(same, in_campaigns);
  quality.bcubed_precision = Share(precision, static_cast<double>(overlap.all));
  quality.bcubed_recall = Share(recall, static_cast<double>(overlap.all));
  quality.welded = large > 0 ? Share(welded, large) : 0;
  quality.shattered = large > 0 ? Share(shattered, large) : 0;
  for (const AttackedPair& pair : world.attacked) {
    quality.joined[pair.attack] =
        overlap.MainOf(pair.one).first == overlap.MainOf(pair.other).first;
  }
  return quality;
}

}  // namespace ringfence::worlds
