#include "tests/oracle/real_reports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/oracle/reports.h"
#include "tests/worlds/graph.h"

// The rule which edges count on real reports: there is no truth to hold it against, but a component
// of many hundreds would be campaigns welded together.
namespace ringfence {
namespace {

// What the reports name, as the rule which edges count sees it.
std::vector<worlds::Report> LinksOf(const oracle::World& world) {
  const oracle::Reports reports(world);
  std::map<oracle::ReportName, uint64_t> incidents;
  std::map<std::string, uint32_t> organisations;
  std::vector<worlds::Report> links;
  for (const auto& [name, report] : reports.held()) {
    std::set<components::NodeKey> nodes;
    for (const oracle::Occurrence& occurrence : reports.OccurrencesOf(*report)) {
      if (!occurrence.Links()) continue;
      const oracle::Node node = occurrence.LinkNode();
      nodes.insert({node.base, node.day});
    }
    const uint64_t incident =
        incidents.try_emplace(reports.IncidentOf(*report), incidents.size()).first->second;
    const auto organisation =
        organisations.try_emplace(name.first, static_cast<uint32_t>(organisations.size()))
            .first->second;
    links.push_back({incident, organisation, {nodes.begin(), nodes.end()}});
  }
  return links;
}

std::vector<size_t> LargestOf(const worlds::Components& components) {
  std::map<uint32_t, size_t> sizes;
  for (uint32_t component : components) ++sizes[component];
  std::vector<size_t> largest;
  for (const auto& [component, size] : sizes) largest.push_back(size);
  std::sort(largest.rbegin(), largest.rend());
  largest.resize(std::min<size_t>(5, largest.size()));
  return largest;
}

TEST(RealReports, ScamSitesAreNotWeldedByTheRuleWhichEdgesCount) {
  const std::filesystem::path folder =
      std::filesystem::path(RINGFENCE_SHARED_DATA) / "cryptoscamdb";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "NOT TESTED: no reports in " << folder;
  const worlds::Graph graph = worlds::GraphOf(LinksOf(oracle::WorldOfFolder(folder)), {});
  const std::vector<size_t> plain = LargestOf(worlds::Plain(graph));
  const std::vector<size_t> ruled = LargestOf(worlds::ByTheRule(graph, {}).components);
  const std::vector<size_t> homes = LargestOf(worlds::ByHomesAlone(graph));
  std::printf("largest components: plain %s, homes alone %s, by the rule %s\n",
              testing::PrintToString(plain).c_str(), testing::PrintToString(homes).c_str(),
              testing::PrintToString(ruled).c_str());
  ASSERT_FALSE(ruled.empty());
  EXPECT_LE(ruled[0], plain[0]);
}

}  // namespace
}  // namespace ringfence
