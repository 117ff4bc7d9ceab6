#include "services/publish/console/campaign_ties.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "pipelines/campaigns/read_model.h"
#include "pipelines/campaigns/record_testing.h"
#include "pipelines/core/memory_state.h"

namespace ringfence::publish {
namespace {

using campaigns::RecordSpec;
using testing::ElementsAre;
using testing::IsEmpty;

const Viewer kAnalyst{v1::TLP_AMBER_STRICT, true};

class CampaignTies : public testing::Test {
 protected:
  // Members "0", "1", ... of one campaign, each on its own base unless said.
  void AddMembers(size_t count) {
    for (size_t i = 0; i < count; ++i) AddMember(std::to_string(i), "");
  }
  void AddMember(const std::string& value, const std::string& base) {
    RecordSpec spec;
    spec.value = value;
    spec.base = base;
    members_.records.push_back({campaigns::Upsert(spec), 0});
  }
  static core::Id Base(const std::string& value) {
    return core::IdentifierId(v1::IDENTIFIER_TYPE_PHONE, value);
  }
  // As both ends tell of it.
  void Tie(const std::string& a, const std::string& b, uint32_t incidents, bool active = true) {
    for (const auto& [from, to] : {std::pair(a, b), std::pair(b, a)}) {
      ties_[Base(from)].push_back(
          {Base(from), Base(to), incidents, std::min(incidents, 2u), active, !active});
    }
  }
  console::v1::CampaignGraph Graph() {
    campaigns::ReadView view(state_, names_);
    console::v1::CampaignGraph graph;
    const auto ties_of = [&](const std::vector<core::Id>& bases, const auto& visit) {
      for (const core::Id& base : bases) {
        for (const cluster::BaseTie& tie : ties_[base]) visit(tie);
      }
      return absl::OkStatus();
    };
    EXPECT_TRUE(AddTies(members_, ties_of, view, own_, kAnalyst, graph).ok());
    return graph;
  }
  // "0-1": how many would fall off.
  static std::map<std::string, uint32_t> SplitsOff(const console::v1::CampaignGraph& graph) {
    std::map<std::string, uint32_t> splits;
    for (int i = 0; i < graph.ties().first_size(); ++i) {
      splits[std::to_string(graph.ties().first(i)) + "-" + std::to_string(graph.ties().second(i))] =
          graph.ties().splits_off(i);
    }
    return splits;
  }

  Members members_;
  std::map<core::Id, std::vector<cluster::BaseTie>> ties_;
  core::MemoryState state_;
  const campaigns::CampaignNames names_{campaigns::NamingKey{}};
  campaigns::Label own_;
};

TEST_F(CampaignTies, EachTieIsThereOnceTheThinnestFirst) {
  AddMembers(3);
  Tie("0", "1", 5);
  Tie("1", "2", 1);
  Tie("0", "2", 9, false);
  const console::v1::CampaignGraph graph = Graph();
  EXPECT_TRUE(graph.ties_known());
  EXPECT_THAT(graph.ties().incidents(), ElementsAre(1, 5, 9));
  EXPECT_THAT(graph.ties().cut(), ElementsAre(false, false, true));
  EXPECT_THAT(graph.ties().infrastructure(), ElementsAre(false, false, true));
}

TEST_F(CampaignTies, BridgesSayHowMuchHangsOnThem) {
  // Two triangles, a tie between them, and one that joins nothing.
  AddMembers(7);
  for (const auto& [a, b] : std::vector<std::pair<const char*, const char*>>{{"0", "1"},
                                                                             {"1", "2"},
                                                                             {"0", "2"},
                                                                             {"3", "4"},
                                                                             {"4", "5"},
                                                                             {"3", "5"},
                                                                             {"2", "3"},
                                                                             {"5", "6"}})
    Tie(a, b, 2);
  Tie("0", "5", 3, false);
  const std::map<std::string, uint32_t> kExpected = {{"0-1", 0}, {"1-2", 0}, {"0-2", 0},
                                                     {"3-4", 0}, {"4-5", 0}, {"3-5", 0},
                                                     {"2-3", 3}, {"5-6", 1}, {"0-5", 0}};
  EXPECT_EQ(SplitsOff(Graph()), kExpected);
}

TEST_F(CampaignTies, MembersOfOneBaseHangOnItsFirst) {
  AddMember("a", "base");
  AddMember("b", "base");
  AddMember("c", "");
  Tie("base", "c", 2);
  const console::v1::CampaignGraph graph = Graph();
  EXPECT_THAT(SplitsOff(graph), ElementsAre(std::pair("0-1", 0), std::pair("0-2", 1)));
}

TEST_F(CampaignTies, LongChainIsNoMatterForTheStack) {
  AddMembers(20'000);
  for (int i = 0; i + 1 < 20'000; ++i) Tie(std::to_string(i), std::to_string(i + 1), 1);
  const console::v1::CampaignGraph graph = Graph();
  const auto splits = SplitsOff(graph);
  EXPECT_EQ(splits.size(), 19'999u);
  EXPECT_EQ(splits.at("9999-10000"), 10'000u);
}

TEST_F(CampaignTies, CampaignsBeyondCutTiesAreRelated) {
  campaigns::ReadModel model(state_);
  auto put = [&, offset = int64_t{0}](const std::string& value, const std::string& root,
                                      v1::Tlp tlp) mutable {
    RecordSpec spec;
    spec.value = value;
    spec.root = root;
    spec.tlp = tlp;
    ASSERT_TRUE(campaigns::ApplyWritten(model, 0, offset, campaigns::Upsert(spec)).ok());
  };
  for (const char* value : {"x1", "x2"}) put(value, "x1", v1::TLP_GREEN);
  for (const char* value : {"y1", "y2"}) put(value, "y1", v1::TLP_RED);
  model.EndBatch();
  AddMembers(2);
  Tie("0", "1", 2);
  Tie("0", "x1", 1, false);
  Tie("1", "x2", 1, false);
  Tie("1", "y1", 1, false);
  const console::v1::CampaignGraph graph = Graph();
  ASSERT_EQ(graph.related_size(), 1);
  EXPECT_EQ(graph.related(0).ties(), 2u);
  EXPECT_TRUE(graph.related(0).through_infrastructure());
  EXPECT_EQ(graph.related(0).campaign().indicators(), 2u);
}

TEST_F(CampaignTies, AnErrorLeavesTheGraphWithoutTies) {
  AddMembers(2);
  campaigns::ReadView view(state_, names_);
  console::v1::CampaignGraph graph;
  const auto fail = [](const auto&, const auto&) { return absl::UnavailableError("closed"); };
  EXPECT_FALSE(AddTies(members_, fail, view, own_, kAnalyst, graph).ok());
  EXPECT_FALSE(graph.ties_known());
  EXPECT_THAT(graph.ties().first(), IsEmpty());
}

}  // namespace
}  // namespace ringfence::publish
