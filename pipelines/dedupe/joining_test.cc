#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <set>

#include "pipelines/core/id.h"
#include "pipelines/core/memory_state.h"
#include "pipelines/core/output_testing.h"
#include "pipelines/dedupe/blocks.h"
#include "pipelines/dedupe/dedupe.h"
#include "pipelines/dedupe/report_testing.h"

namespace ringfence::dedupe {
namespace {

using core::Id;
using core::kDay;
using internal::v1::Envelope;
using internal::v1::Evidence;
using internal::v1::ReportRevision;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

using Names = std::set<std::string>;

// One partition, whose messages to itself are all delivered; and what a reader of its evidence
// knows in the end.
class Incidents : public testing::Test {
 protected:
  void Send(const ReportRevision& revision) {
    names_[core::ReportKey(revision.partner(), revision.report_id())] =
        revision.partner() + "/" + revision.report_id();
    Envelope envelope;
    *envelope.add_revisions() = revision;
    Deliver(std::move(envelope));
  }
  void Tick(core::Time time) {
    Envelope envelope;
    envelope.set_tick(time);
    Deliver(std::move(envelope));
  }

  void Send(const internal::v1::BlockEntry& entry) {
    Envelope envelope;
    *envelope.add_block_entries() = entry;
    Deliver(std::move(envelope));
  }

  void Reset() {
    state_ = core::MemoryState();
    stage_ = MakeDedupe(state_, {});
    evidence_.clear();
    messages_ = 0;
  }

  // Reports with evidence, by incident; those alone are left out.
  std::set<Names> Joined() const {
    std::map<Id, Names> members;
    for (const auto& [key, evidence] : evidence_) {
      members[{evidence.incident_hi(), evidence.incident_lo()}].insert(names_.at(key.second));
    }
    std::set<Names> joined;
    for (const auto& [incident, names] : members) {
      if (names.size() > 1) joined.insert(names);
    }
    return joined;
  }
  // What a report says about a value, if anything.
  const Evidence* About(v1::IdentifierType type, const std::string& value,
                        const std::string& partner, const std::string& id) const {
    auto found = evidence_.find({core::IdentifierId(type, value), core::ReportKey(partner, id)});
    return found == evidence_.end() ? nullptr : &found->second;
  }

  core::MemoryState state_;
  std::unique_ptr<core::Stage> stage_ = MakeDedupe(state_, {});
  uint64_t messages_ = 0;

 private:
  void Deliver(Envelope envelope) {
    std::deque<Envelope> waiting = {std::move(envelope)};
    while (!waiting.empty()) {
      Envelope next = std::move(waiting.front());
      waiting.pop_front();
      next.set_format(core::kEnvelopeFormat);
      core::FakeOutput output(1, 1);
      const std::string bytes = next.SerializeAsString();
      const core::Time arrival = std::max(kReported, core::Time{next.tick()});
      ASSERT_TRUE(stage_->Apply({offset_++, arrival, "", bytes}, output).ok());
      ASSERT_TRUE(stage_->EndBatch(output).ok());
      ASSERT_TRUE(stage_->Store().ok());
      for (auto& [to, sent] : output.envelopes) {
        if (to.first == core::Mailbox::kDedupe) {
          waiting.push_back(std::move(sent));
        } else {
          Read(sent);
        }
      }
    }
  }
  void Read(const Envelope& envelope) {
    for (const Evidence& evidence : envelope.evidence()) {
      ++messages_;
      const std::pair key(Id{evidence.base_hi(), evidence.base_lo()},
                          Id{evidence.report_hi(), evidence.report_lo()});
      if (evidence.removed()) {
        evidence_.erase(key);
      } else {
        evidence_[key] = evidence;
      }
    }
  }

  int64_t offset_ = 0;
  std::map<Id, std::string> names_;
  std::map<std::pair<Id, Id>, Evidence> evidence_;
};

ReportBuilder Named(const std::string& partner, const std::string& id, const std::string& phone) {
  return ReportBuilder(partner, id).Name(v1::IDENTIFIER_TYPE_PHONE, phone);
}

TEST_F(Incidents, TwoCompaniesReportsOfOneVictimAreOne) {
  Send(Named("bank", "1", "+1").Phone("p"));
  EXPECT_THAT(Joined(), IsEmpty());
  Send(Named("software", "1", "+2").Phone("p"));
  EXPECT_THAT(Joined(), UnorderedElementsAre(Names{"bank/1", "software/1"}));
  Send(Named("telco", "1", "+3").Phone("q"));
  EXPECT_THAT(Joined(), SizeIs(1));
}

TEST_F(Incidents, AReportWithoutAnyNameDoesNotBearWhatAnotherNames) {
  // Only the bank's report names what can bear the incident, whatever the hashes say.
  for (int i = 0; i < 20; ++i) {
    const std::string id = std::to_string(i);
    Send(Named("bank", id, "+1" + id).Phone(id));
    Send(ReportBuilder("software", id).Phone(id).Pay("", "10"));
    const Evidence* evidence = About(v1::IDENTIFIER_TYPE_PHONE, "+1" + id, "software", id);
    ASSERT_NE(evidence, nullptr);
    EXPECT_THAT(evidence->occurrences(), IsEmpty());
    ASSERT_THAT(evidence->shares(), SizeIs(1));
    EXPECT_EQ(About(v1::IDENTIFIER_TYPE_PHONE, "+1" + id, "bank", id)->shares_size(), 0);
  }
}

TEST_F(Incidents, WhatTwoCompaniesSawIsTied) {
  Send(Named("bank", "1", "+1").Phone("p"));
  Send(Named("software", "1", "+2").Phone("p"));
  // The one that is not the root ties what it saw to what the root saw.
  int tied = 0;
  for (const auto* evidence : {About(v1::IDENTIFIER_TYPE_PHONE, "+1", "software", "1"),
                               About(v1::IDENTIFIER_TYPE_PHONE, "+2", "bank", "1")}) {
    if (evidence == nullptr) continue;
    EXPECT_THAT(evidence->shares(), SizeIs(1));
    for (const auto& ties : evidence->ties()) tied += ties.until_days_size();
  }
  EXPECT_EQ(tied, 1);
}

TEST_F(Incidents, AChainThatLosesItsMiddleSplitsAndJoinsAgain) {
  const ReportRevision left = Named("bank", "1", "+1").Phone("p");
  const ReportRevision right = Named("software", "1", "+2").Email("e");
  const ReportRevision middle = Named("telco", "1", "+3").Phone("p").Email("e");
  Send(left);
  Send(right);
  Send(middle);
  const Names all = {"bank/1", "software/1", "telco/1"};
  EXPECT_THAT(Joined(), UnorderedElementsAre(all));
  Send(ReportBuilder("telco", "1").Retracted());
  EXPECT_THAT(Joined(), IsEmpty());
  Send(Named("telco", "1", "+3").Revision(1).Phone("p").Email("e"));
  EXPECT_THAT(Joined(), UnorderedElementsAre(all));
  // A revision that shows another victim.
  Send(Named("telco", "1", "+3").Revision(2).Phone("p").Email("f"));
  EXPECT_THAT(Joined(), UnorderedElementsAre(Names{"bank/1", "telco/1"}));
}

TEST_F(Incidents, ALaterConflictSplits) {
  Send(Named("bank", "1", "+1").Phone("p"));
  Send(Named("software", "1", "+2").Phone("p").At(kReported + kDay / 2));
  EXPECT_THAT(Joined(), SizeIs(1));
  Send(Named("bank", "1", "+1").Revision(1).Phone("p").Email("a"));
  EXPECT_THAT(Joined(), SizeIs(1));
  Send(Named("software", "1", "+2").Revision(1).Phone("p").Email("b").At(kReported + kDay / 2));
  EXPECT_THAT(Joined(), IsEmpty());
}

TEST_F(Incidents, ARevisionThatChangesTheBearerReachesTheOthers) {
  Send(Named("bank", "1", "+1").Phone("p"));
  Send(ReportBuilder("software", "1").Phone("p").Pay("", "10"));
  ASSERT_NE(About(v1::IDENTIFIER_TYPE_PHONE, "+1", "software", "1"), nullptr);
  Send(Named("bank", "1", "+9").Revision(1).Phone("p"));
  EXPECT_EQ(About(v1::IDENTIFIER_TYPE_PHONE, "+1", "software", "1"), nullptr);
  EXPECT_NE(About(v1::IDENTIFIER_TYPE_PHONE, "+9", "software", "1"), nullptr);
}

TEST_F(Incidents, AReportThatIsForgottenLeavesTheIncident) {
  Send(Named("bank", "1", "+1").Phone("p").Email("e"));
  Send(Named("software", "1", "+2").Phone("p").Email("e").At(kReported + 3 * kDay));
  EXPECT_THAT(Joined(), SizeIs(1));
  Tick(kReported + 404 * kDay);
  EXPECT_THAT(Joined(), IsEmpty());
  Tick(kReported + 450 * kDay);
  Tick(kReported + 460 * kDay);
  // But for the clock nothing is left.
  EXPECT_EQ(state_.size(), 1u);
}

TEST_F(Incidents, RetractionsLeaveNothingBehind) {
  for (int i = 0; i < 5; ++i) Send(Named("p" + std::to_string(i), "1", "+1").Phone("p"));
  for (int i = 0; i < 5; ++i) Send(ReportBuilder("p" + std::to_string(i), "1").Retracted());
  Tick(kReported + 450 * kDay);
  EXPECT_EQ(state_.size(), 1u);
}

TEST_F(Incidents, AFloodOfOneVictimIsOneIncidentAndEndsAgain) {
  Names all;
  auto report = [](int i) {
    const std::string id = std::to_string(i);
    // Nothing but the victim is the same.
    return Named("bank", id, "+" + id).Phone("p").Email(id).Pay("X" + id, "1" + id);
  };
  constexpr int kReports = 200;
  for (int i = 0; i < kReports; ++i) {
    Send(report(i));
    all.insert("bank/" + std::to_string(i));
    if (i + 1 == static_cast<int>(kBlockMax)) {
      EXPECT_THAT(Joined(), IsEmpty());
    }
  }
  EXPECT_THAT(Joined(), UnorderedElementsAre(all));
  std::map<std::string, uint64_t> events;
  for (const core::Stage::Event& event : stage_->TakeEvents()) {
    events[std::string(event.word)] = event.count;
  }
  EXPECT_THAT(events, UnorderedElementsAre(testing::Pair("flood_begun", 1),
                                           testing::Pair("flood_report", kReports)));
  EXPECT_THAT(stage_->TakeEvents(), IsEmpty());
  for (int i = 0; i < kReports - static_cast<int>(kBlockMax); ++i) {
    EXPECT_THAT(Joined(), SizeIs(1));
    Send(ReportBuilder("bank", std::to_string(i)).Retracted());
  }
  EXPECT_THAT(Joined(), IsEmpty());
}

TEST_F(Incidents, AFloodCostsLinearWork) {
  auto cost_of = [&](int reports) {
    Reset();
    for (int i = 0; i < reports; ++i) Send(Named("bank", std::to_string(i), "+1").Phone("p"));
    return static_cast<double>(messages_) / reports;
  };
  EXPECT_LT(cost_of(4000), 2 * cost_of(500));
}

TEST_F(Incidents, AValueOfMoreThanABlockHoldsSaysNothing) {
  for (int i = 0; i <= static_cast<int>(kBlockMax); ++i) {
    const std::string id = std::to_string(i);
    Send(Named("bank" + id, id, "+" + id).Reference("case:none"));
    if (i == 1) {
      EXPECT_THAT(Joined(), SizeIs(1));
    }
  }
  EXPECT_THAT(Joined(), IsEmpty());
}

TEST_F(Incidents, ACopyOfAnEntryThatComesAfterItsTimeLeavesNothing) {
  const ReportRevision revision = Named("bank", "1", "+1").Phone("p");
  Send(revision);
  Tick(kReported + 404 * kDay);
  const size_t forgotten = state_.size();
  // As its owner sent it, once more.
  internal::v1::BlockEntry entry;
  const BlockKey block = BlocksOf(revision).at(0);
  const Id report = core::ReportKey("bank", "1");
  entry.set_place(1);
  entry.set_block_hi(block.id.hi);
  entry.set_block_lo(block.id.lo);
  entry.set_report_hi(report.hi);
  entry.set_report_lo(report.lo);
  Send(entry);
  EXPECT_EQ(state_.size(), forgotten);
  // By then no copy can come any more.
  Tick(kReported + 420 * kDay);
  EXPECT_LT(state_.size(), forgotten);
}

TEST_F(Incidents, AnyOrderEndsTheSame) {
  std::vector<ReportRevision> revisions = {
      Named("bank", "1", "+1").Phone("p"),
      Named("software", "1", "+2").Email("e"),
      Named("telco", "1", "+3").Revision(1).Phone("p").Email("e"),
      ReportBuilder("telco", "1").Retracted(),
      Named("shop", "1", "+4").Revision(1).Phone("p"),
      Named("shop", "1", "+4").Revision(2).Phone("q"),
  };
  std::mt19937_64 random(1);
  for (int i = 0; i < 300; ++i) {
    std::shuffle(revisions.begin(), revisions.end(), random);
    Reset();
    for (const ReportRevision& revision : revisions) Send(revision);
    for (const ReportRevision& revision : revisions) Send(revision);
    ASSERT_THAT(Joined(), UnorderedElementsAre(Names{"bank/1", "software/1", "telco/1"})) << i;
  }
}

}  // namespace
}  // namespace ringfence::dedupe
