#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/worlds/quality.h"

// How near the rule which edges count comes to the truth of made-up worlds, next to what else one
// could do, and with each of its parts left out.
//
//   campaign_quality [FIRST_SEED [SEEDS [WORLD]]]
//
// Attacked pairs in the order of kAttacks: how many were joined. Three worlds of each kind in a
// minute.
namespace ringfence::worlds {
namespace {

// Means over the worlds.
struct Row {
  std::string name;
  std::vector<Quality> of_worlds;

  double Mean(double (*value)(const Quality&)) const {
    double sum = 0;
    for (const Quality& quality : of_worlds) sum += value(quality);
    return sum / static_cast<double>(of_worlds.size());
  }

  void Print() const {
    using Q = const Quality&;
    double least = 1;
    int special = 0;
    int broken = 0;
    std::map<Attack, int> joined;
    for (Q quality : of_worlds) {
      least = std::min(least, quality.BcubedF1());
      special += quality.special;
      broken += quality.special_broken;
      for (const auto& [attack, is_joined] : quality.joined) joined[attack] += is_joined ? 1 : 0;
    }
    std::printf("%-38s %.3f  %.3f  %.3f %.3f    %.3f  %.3f  %.3f   %.3f  %.3f    ", name.c_str(),
                Mean([](Q q) { return q.bcubed_precision; }),
                Mean([](Q q) { return q.bcubed_recall; }), Mean([](Q q) { return q.BcubedF1(); }),
                least, Mean([](Q q) { return q.pair_precision; }),
                Mean([](Q q) { return q.pair_recall; }), Mean([](Q q) { return q.PairF1(); }),
                Mean([](Q q) { return q.welded; }), Mean([](Q q) { return q.shattered; }));
    for (const auto& [attack, count] : joined) std::printf(" %2d", count);
    if (special > 0) std::printf("   %d of %d", broken, special);
    std::printf("\n");
  }
};

constexpr char kHeader[] =
    "                                       B-cubed                      pairs                 "
    "campaigns        attacked pairs\n"
    "                                       prec.  recall F1    (least)  prec.  recall F1      "
    "welded shattered joined           broken\n";

struct Variant {
  std::string name;
  ties::Rules rules;
  Without without;
};

std::vector<Variant> Variants() {
  std::vector<Variant> variants;
  auto add = [&](std::string name) -> Variant& {
    return variants.emplace_back(Variant{std::move(name), {}, {}});
  };
  add("the rule");
  add("without vouching").without.vouching = true;
  add("without reach").without.reach = true;
  add("without doubt").without.doubt = true;
  add("without infrastructure").without.infrastructure = true;
  add("without homes").without.homes = true;
  add("without organisations in homes").without.organisations_in_homes = true;
  add("without organisations in ties").rules.tie_organisations = 1;
  add("without a cap per organisation").rules.organisation_incidents_max = 1'000'000;
  add("without the IP clause").rules.ip_incidents = 1;
  add("established never").rules.established_incidents = 1'000'000;
  for (uint32_t established : {2u, 3u, 5u, 6u, 8u}) {
    add("established at " + std::to_string(established)).rules.established_incidents = established;
  }
  for (uint32_t anchors : {0u, 1u, 2u, 4u}) {
    add("anchors: " + std::to_string(anchors)).rules.anchors_max = anchors;
  }
  for (uint32_t witnesses : {4u, 1000u}) {
    add("witnesses: " + std::to_string(witnesses)).rules.witnesses_max = witnesses;
  }
  for (uint32_t sample : {64u, 1'000'000u}) {
    add("sketches: " + std::to_string(sample)).rules.sample_max = sample;
  }
  add("infrastructure at D >= 24 alone").rules.clustering_permille = 1'000'000;
  Variant& d48 = add("infrastructure at D >= 48 alone");
  d48.rules.clustering_permille = 1'000'000;
  d48.rules.many_neighbours = 48;
  for (uint32_t permille : {40u, 60u, 120u, 160u}) {
    add("clustering below " + std::to_string(permille)).rules.clustering_permille = permille;
  }
  for (uint32_t many : {12u, 16u, 32u}) {
    add("infrastructure from D >= " + std::to_string(many)).rules.many_neighbours = many;
  }
  return variants;
}

struct Named {
  const char* name;
  Options (*options)(uint64_t);
};
constexpr Named kWorlds[] = {{"plenty", Plenty},
                             {"rotating", Rotating},
                             {"thin", Thin},
                             {"one organisation", OneOrganisation},
                             {"dense and stars", DenseAndStars}};

std::vector<bool> SharedOf(const World& world, const Graph& graph) {
  std::vector<bool> shared;
  for (const NodeKey& node : graph.nodes) shared.push_back(world.used_by.at(node).size() != 1);
  return shared;
}

std::vector<bool> BusyOf(const Graph& graph, uint32_t neighbours) {
  std::vector<bool> busy;
  for (const ties::Counts& counts : graph.counts) busy.push_back(counts.neighbours >= neighbours);
  return busy;
}

// Every way to judge one world, each added to the row of its name.
void EvaluateOne(const World& world, const std::function<void(std::string, Quality)>& add) {
  const Graph graph = GraphOf(world.reports, {});
  auto judge = [&](std::string name, const Components& components) {
    add(std::move(name), Judge(world, graph, components));
  };
  judge("plain components", Plain(graph));
  judge("plain, what is shared left out", WithoutNodes(graph, SharedOf(world, graph)));
  for (uint32_t cut : {24u, 48u, 100u}) {
    judge("plain, D >= " + std::to_string(cut) + " left out",
          WithoutNodes(graph, BusyOf(graph, cut)));
  }
  judge("homes alone", ByHomesAlone(graph));
  for (const Variant& variant : Variants()) {
    if (variant.rules.organisation_incidents_max == ties::Rules().organisation_incidents_max) {
      judge(variant.name, ByTheRule(graph, variant.rules, variant.without).components);
      continue;
    }
    const Graph counted = GraphOf(world.reports, variant.rules);
    add(variant.name,
        Judge(world, counted, ByTheRule(counted, variant.rules, variant.without).components));
  }
}

void Evaluate(const Named& named, uint64_t first, uint64_t seeds) {
  std::vector<Row> rows;
  size_t reports = 0;
  for (uint64_t seed = first; seed < first + seeds; ++seed) {
    const World world = Make(named.options(seed));
    reports += world.reports.size();
    EvaluateOne(world, [&](std::string name, Quality quality) {
      auto row = std::find_if(rows.begin(), rows.end(),
                              [&](const Row& each) { return each.name == name; });
      if (row == rows.end()) row = rows.insert(rows.end(), Row{std::move(name), {}});
      row->of_worlds.push_back(std::move(quality));
    });
  }
  std::printf("%s: %zu reports in %zu worlds\n%s", named.name, reports, static_cast<size_t>(seeds),
              kHeader);
  for (const Row& row : rows) row.Print();
  std::printf("\n");
  std::fflush(stdout);
}

}  // namespace
}  // namespace ringfence::worlds

int main(int argc, char** argv) {
  const uint64_t first = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 0;
  const uint64_t seeds = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 3;
  for (const auto& named : ringfence::worlds::kWorlds) {
    if (argc > 3 && std::string(argv[3]) != named.name) continue;
    ringfence::worlds::Evaluate(named, first, seeds);
  }
  return 0;
}
