#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <set>

#include "pipelines/core/id.h"
#include "pipelines/core/memory_state.h"
#include "pipelines/core/output_testing.h"
#include "pipelines/core/place.h"
#include "pipelines/dedupe/blocks.h"
#include "pipelines/dedupe/dedupe.h"
#include "pipelines/dedupe/explain.h"
#include "pipelines/dedupe/report_testing.h"

// What a report costs that shares much with many others.
namespace ringfence::dedupe {
namespace {

using core::Id;
using internal::v1::Envelope;
using internal::v1::Evidence;
using internal::v1::ReportRevision;
using testing::ElementsAre;
using testing::SizeIs;

TEST(Blocks, IntroduceMutuallyAndNoFurtherThanEitherReaches) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 1'000; ++i) {
    std::vector<BlockMember> members;
    for (uint64_t n = random() % 20; members.size() < n;) {
      members.push_back({{0, members.size()}, static_cast<uint32_t>(1 + random() % 12)});
    }
    for (size_t one = 0; one < members.size(); ++one) {
      const std::vector<Id> others = OthersOf(members, one);
      EXPECT_LE(others.size(), 2 * members[one].reach);
      EXPECT_TRUE(std::is_sorted(others.begin(), others.end()));
      for (const Id& other : others) {
        ASSERT_NE(other.lo, one);
        EXPECT_THAT(OthersOf(members, other.lo), testing::Contains(members[one].id));
      }
    }
  }
}

TEST(Blocks, IntroduceEachToTheNextOnesAround) {
  const std::vector<BlockMember> members = {{{0, 0}, 1}, {{0, 1}, 9}, {{0, 2}, 2}, {{0, 3}, 2},
                                            {{0, 4}, 9}, {{0, 5}, 9}, {{0, 6}, 9}};
  EXPECT_THAT(OthersOf(members, 0), ElementsAre(Id{0, 1}, Id{0, 6}));
  EXPECT_THAT(OthersOf(members, 2), ElementsAre(Id{0, 1}, Id{0, 3}, Id{0, 4}));
  EXPECT_THAT(OthersOf(members, 5), ElementsAre(Id{0, 1}, Id{0, 3}, Id{0, 4}, Id{0, 6}));
}

TEST(Blocks, OfFewOfAReportReachAllOthers) {
  EXPECT_GE(ReachOf(4), kBlockMax / 2);
  for (size_t blocks = 1; blocks <= kBlocksOfReportMax; ++blocks) {
    EXPECT_GE(ReachOf(blocks), 1u);
    EXPECT_LE(blocks * 2 * ReachOf(blocks), kPeersMax);
  }
}

// One partition; what it sends itself goes through the log.
class Sharing : public testing::Test {
 protected:
  void Send(const std::vector<ReportRevision>& revisions) {
    Envelope envelope;
    for (const ReportRevision& revision : revisions) *envelope.add_revisions() = revision;
    std::deque<Envelope> waiting = {std::move(envelope)};
    while (!waiting.empty()) {
      waiting.front().set_format(core::kEnvelopeFormat);
      const std::string bytes = waiting.front().SerializeAsString();
      waiting.pop_front();
      core::FakeOutput output(1, 1);
      ASSERT_TRUE(stage_->Apply({offset_++, kReported, "", bytes}, output).ok());
      for (auto& [to, sent] : output.envelopes) {
        if (to.first == core::Mailbox::kDedupe) {
          sent_bytes_ += sent.ByteSizeLong();
          for (const auto& news : sent.block_news()) told_ += news.to_size();
          waiting.push_back(std::move(sent));
          continue;
        }
        for (const Evidence& evidence : sent.evidence()) Read(evidence);
      }
    }
    ASSERT_TRUE(stage_->Store().ok());
  }

  std::set<Id> Incidents() const {
    std::set<Id> incidents;
    for (const auto& [report, incident] : incident_of_) incidents.insert(incident);
    return incidents;
  }
  size_t reports() const { return incident_of_.size(); }

  void Reset(const Options& options) {
    state_ = core::MemoryState();
    stage_ = MakeDedupe(state_, options);
    incident_of_.clear();
    places_ = 0;
  }

  static Options ThroughLog() {
    Options options;
    options.own_messages_max = 0;
    return options;
  }

  core::MemoryState state_;
  std::unique_ptr<core::Stage> stage_ = MakeDedupe(state_, ThroughLog());
  size_t sent_bytes_ = 0;
  int told_ = 0;
  // The highest index of a place that evidence came with.
  uint64_t places_ = 0;

 private:
  void Read(const Evidence& evidence) {
    places_ = std::max(places_, evidence.place() & core::kPlaceIndexMax);
    if (evidence.removed()) return;
    incident_of_[{evidence.report_hi(), evidence.report_lo()}] = {evidence.incident_hi(),
                                                                  evidence.incident_lo()};
  }

  int64_t offset_ = 0;
  std::map<Id, Id> incident_of_;
};

// Of a company each: two of one company would have to share more.
ReportBuilder Numbered(int number) {
  const std::string id = std::to_string(number);
  return ReportBuilder("p" + id, id).Name(v1::IDENTIFIER_TYPE_PHONE, "+" + id);
}

// Shares all of its blocks with the others of its group.
ReportRevision OfTemplate(int number, int group = 0) {
  ReportBuilder report = Numbered(number);
  for (size_t i = 0; i < kBlocksOfReportMax; ++i) {
    report.Name(v1::IDENTIFIER_TYPE_PAYMENT_REFERENCE,
                "ref:FT" + std::to_string(1'000'000'000 + group * 100 + static_cast<int>(i)));
  }
  return report;
}

TEST_F(Sharing, ReportsOfOneTemplateAreOneIncidentAtABoundedCost) {
  for (int i = 0; i < static_cast<int>(kBlockMax); ++i) {
    sent_bytes_ = 0;
    told_ = 0;
    Send({OfTemplate(i)});
    // Itself, and twice as many as it reaches.
    EXPECT_LE(told_, static_cast<int>(kBlocksOfReportMax * (1 + 2 * ReachOf(48))));
    EXPECT_LE(sent_bytes_, 150'000u);
  }
  EXPECT_EQ(reports(), kBlockMax);
  EXPECT_THAT(Incidents(), SizeIs(1));
}

TEST_F(Sharing, AReportIsComparedWithABoundedNumberOfOthers) {
  ReportBuilder middle = Numbered(0);
  for (int block = 0; block < static_cast<int>(kBlocksOfReportMax); ++block) {
    const std::string reference = "FT" + std::to_string(1'000'000'000 + block);
    middle.Name(v1::IDENTIFIER_TYPE_PAYMENT_REFERENCE, "ref:" + reference);
    for (int i = 0; i < 20; ++i) {
      Send({Numbered(1 + block * 100 + i).Pay("", "", reference)});
    }
  }
  Send({middle});
  const auto explanation = Explain(state_, core::ReportKey("p0", "0"));
  ASSERT_TRUE(explanation.ok());
  EXPECT_LE(explanation->others.size(), kPeersMax);
  EXPECT_EQ(explanation->others.size(), kBlocksOfReportMax * 2 * ReachOf(kBlocksOfReportMax));
}

// Five hundred of them came in one record, and each told all that it shared anything with.
TEST_F(Sharing, ARecordOfManySuchReportsKeepsWithinItsPlaces) {
  std::vector<ReportRevision> revisions;
  for (int i = 0; i < 512; ++i) revisions.push_back(OfTemplate(i, i / 64));
  Reset({});
  Send(revisions);
  EXPECT_EQ(reports(), revisions.size());
  EXPECT_THAT(Incidents(), SizeIs(8));
  EXPECT_LT(places_, core::kPlaceIndexMax / 8);
}

}  // namespace
}  // namespace ringfence::dedupe
