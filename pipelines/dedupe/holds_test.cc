#include "pipelines/dedupe/holds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "pipelines/core/memory_state.h"
#include "pipelines/core/output_testing.h"
#include "pipelines/dedupe/dedupe.h"
#include "pipelines/dedupe/report_testing.h"

namespace ringfence::dedupe {
namespace {

using core::Id;
using internal::v1::Envelope;
using internal::v1::ReferralEntry;
using internal::v1::ReferralHold;
using internal::v1::ReferralReport;
using internal::v1::ReportRevision;
using testing::IsEmpty;
using testing::SizeIs;

constexpr v1::IdentifierType kPhone = v1::IDENTIFIER_TYPE_PHONE;
constexpr v1::IdentifierType kIban = v1::IDENTIFIER_TYPE_IBAN;

ReferralHold Hold(core::Place place, const std::vector<Id>& members) {
  ReferralHold hold;
  hold.set_place(place);
  hold.set_hold_id("0123456789abcdef");
  hold.set_at(kReported + core::kHour);
  std::vector<Id> sorted = members;
  std::sort(sorted.begin(), sorted.end());
  for (const Id& id : sorted) id.AppendTo(*hold.mutable_members());
  return hold;
}

ReferralHold Lift(core::Place place) {
  ReferralHold hold = Hold(place, {});
  hold.set_removed(true);
  return hold;
}

ReportRevision With(ReportRevision revision, v1::Referral referral) {
  revision.set_referral(referral);
  return revision;
}

// A dedupe of one partition, and what publish knows of what it froze.
class HoldsTest : public testing::Test {
 protected:
  void Apply(const Envelope& messages, core::Time at = kReported) {
    std::vector<Envelope> waiting = {messages};
    while (!waiting.empty()) {
      Envelope envelope = waiting.front();
      waiting.erase(waiting.begin());
      envelope.set_format(core::kEnvelopeFormat);
      core::FakeOutput output(1, 1);
      const std::string bytes = envelope.SerializeAsString();
      ASSERT_TRUE(stage_->Apply({offset_++, at, "", bytes}, output).ok());
      ASSERT_TRUE(stage_->EndBatch(output).ok());
      ASSERT_TRUE(stage_->Store().ok());
      evidence_ += output.envelopes[{core::Mailbox::kCluster, 0}].evidence_size();
      for (const ReferralEntry& entry :
           output.envelopes[{core::Mailbox::kCluster, 0}].referral_entries()) {
        Receive(entry);
      }
      auto own = output.envelopes.find({core::Mailbox::kDedupe, 0});
      if (own != output.envelopes.end()) waiting.push_back(own->second);
    }
  }
  void Receive(const ReferralEntry& entry) {
    ++entries_;
    if (entry.done()) {
      done_ = !entry.removed();
      announced_ = entry.reports();
    } else if (entry.removed()) {
      frozen_.erase({entry.report_hi(), entry.report_lo()});
    } else {
      frozen_[{entry.report_hi(), entry.report_lo()}] = entry.report();
    }
  }
  void Report(const ReportRevision& revision, core::Time at = kReported) {
    Envelope envelope;
    *envelope.add_revisions() = revision;
    Apply(envelope, at);
  }
  void Send(const ReferralHold& hold, core::Time at = kReported) {
    Envelope envelope;
    *envelope.add_referral_holds() = hold;
    Apply(envelope, at);
  }
  void TickTo(core::Time at) {
    Envelope envelope;
    envelope.set_tick(at);
    Apply(envelope, at);
  }
  size_t Rows(char table) {
    size_t rows = 0;
    state_.Scan(std::string(1, table), std::string(1, static_cast<char>(table + 1)),
                [&](std::string_view, std::string_view) { return ++rows > 0; });
    return rows;
  }
  void MakeStage(size_t review_max) {
    Options options;
    options.review_max = review_max;
    stage_ = MakeDedupe(state_, options);
  }

  const Id phone_ = core::IdentifierId(kPhone, "+12125550142");
  core::MemoryState state_;
  std::unique_ptr<core::Stage> stage_ = MakeDedupe(state_, {});
  int64_t offset_ = 0;
  int evidence_ = 0;
  std::map<Id, ReferralReport> frozen_;
  size_t entries_ = 0;
  bool done_ = false;
  uint64_t announced_ = 0;
};

TEST_F(HoldsTest, FreezesTheReportsOfTheCampaignAndNoOthers) {
  Report(With(ReportBuilder("bank", "b1").Name(kPhone, "+12125550142").Pay("DE1", "250.5"),
              v1::REFERRAL_ALLOWED));
  Report(ReportBuilder("bank", "b2").Name(kPhone, "+12125550143"));
  Send(Hold(1, {phone_}));
  ASSERT_THAT(frozen_, SizeIs(1));
  const ReferralReport& report = frozen_.at(core::ReportKey("bank", "b1"));
  EXPECT_EQ(report.partner(), "bank");
  EXPECT_TRUE(report.counts());
  EXPECT_TRUE(report.representative());
  EXPECT_EQ(report.content_hash(), "h");
  ASSERT_THAT(report.losses(), SizeIs(1));
  EXPECT_EQ(report.losses(0).amount(), "250.5");
  ASSERT_THAT(report.members(), SizeIs(1));
  EXPECT_TRUE(done_);
  EXPECT_EQ(announced_, 1);
}

TEST_F(HoldsTest, WhoIsOnlyCountedLeavesNoHashAndWhoIsNeverInOneLeavesNothing) {
  Report(ReportBuilder("bank", "counted").Name(kPhone, "+12125550142"));
  Report(With(ReportBuilder("bank", "never").Name(kPhone, "+12125550142"), v1::REFERRAL_NEVER));
  Send(Hold(1, {phone_}));
  ASSERT_THAT(frozen_, SizeIs(1));
  const ReferralReport& report = frozen_.at(core::ReportKey("bank", "counted"));
  EXPECT_FALSE(report.listed());
  EXPECT_EQ(report.content_hash(), "");
  EXPECT_EQ(Rows('k'), 1);
}

TEST_F(HoldsTest, AnIncidentCountsWhereItsBearerIsAMember) {
  // The account bears the incident, before the number; both reports are of one incident.
  Report(
      ReportBuilder("bank", "b1").Phone("+1").Email("a@b").Name(kIban, "DE89370400440532013000"));
  Report(ReportBuilder("shop", "s1").Phone("+1").Email("a@b").Name(kPhone, "+12125550142"));
  Send(Hold(1, {phone_}));
  ASSERT_THAT(frozen_, SizeIs(1));
  EXPECT_FALSE(frozen_.begin()->second.counts());
  frozen_.clear();
  ReferralHold both = Hold(2, {phone_, core::IdentifierId(kIban, "DE89370400440532013000")});
  both.set_hold_id("fedcba9876543210");
  Send(both);
  ASSERT_THAT(frozen_, SizeIs(2));
  int representatives = 0;
  for (const auto& [id, report] : frozen_) {
    EXPECT_TRUE(report.counts());
    representatives += report.representative() ? 1 : 0;
  }
  EXPECT_EQ(representatives, 1);
}

TEST_F(HoldsTest, ManyReportsAreTakenAFewAtATime) {
  MakeStage(2);
  for (int i = 0; i < 7; ++i) {
    Report(ReportBuilder("bank", std::to_string(i)).Name(kPhone, "+12125550142"));
  }
  Send(Hold(1, {phone_}));
  EXPECT_THAT(frozen_, SizeIs(7));
  EXPECT_EQ(announced_, 7);
  EXPECT_EQ(Rows('v'), 0);
  Send(Lift(2));
  EXPECT_THAT(frozen_, IsEmpty());
  EXPECT_FALSE(done_);
}

TEST_F(HoldsTest, WhatIsHeldOutlivesItsReportUntilItIsLifted) {
  Report(ReportBuilder("bank", "b1").Name(kPhone, "+12125550142"));
  Send(Hold(1, {phone_}));
  const core::Time later = kReported + 600 * core::kDay;
  TickTo(later);
  EXPECT_EQ(Rows('r'), 0) << "the report itself expires as ever";
  EXPECT_EQ(Rows('k'), 1);
  EXPECT_THAT(frozen_, SizeIs(1));
  Send(Lift(2), later);
  EXPECT_EQ(Rows('k'), 0);
  EXPECT_THAT(frozen_, IsEmpty());
  // Its tombstone goes too, in time.
  ReferralHold other = Hold(3, {phone_});
  other.set_hold_id("fedcba9876543210");
  Send(other, later + 40 * core::kDay);
  EXPECT_EQ(Rows('h'), 1);
}

TEST_F(HoldsTest, WithoutAHoldNothingIsKept) {
  Report(ReportBuilder("bank", "b1").Name(kPhone, "+12125550142"));
  TickTo(kReported + 600 * core::kDay);
  EXPECT_EQ(Rows('r') + Rows('k'), 0);
}

TEST_F(HoldsTest, ARevisionOrRetractionLeavesTheCopyAsItStood) {
  Report(ReportBuilder("bank", "b1").Name(kPhone, "+12125550142"));
  Send(Hold(1, {phone_}));
  Report(ReportBuilder("bank", "b1").Revision(1).Retracted());
  EXPECT_EQ(Rows('k'), 1);
  ASSERT_THAT(frozen_, SizeIs(1));
  EXPECT_EQ(frozen_.begin()->second.revision(), 0);
}

TEST_F(HoldsTest, ARepeatedOrLateWordOfAHoldDoesNothing) {
  Report(ReportBuilder("bank", "b1").Name(kPhone, "+12125550142"));
  Send(Hold(1, {phone_}));
  const size_t entries = entries_;
  Report(ReportBuilder("bank", "b2").Name(kPhone, "+12125550142"));
  Send(Hold(1, {phone_}));
  EXPECT_EQ(entries_, entries);
  Send(Lift(5));
  Send(Hold(1, {phone_}));
  EXPECT_THAT(frozen_, IsEmpty());
  EXPECT_EQ(Rows('k'), 0);
}

TEST_F(HoldsTest, OneThatWasLiftedDoesNotComeBackThoughItIsForgotten) {
  Report(ReportBuilder("bank", "b1").Name(kPhone, "+12125550142"));
  Send(Hold(1, {phone_}));
  Send(Lift(2));
  const core::Time later = kReported + 40 * core::kDay;
  ReferralHold other = Hold(3, {phone_});
  other.set_hold_id("fedcba9876543210");
  Send(other, later);
  ASSERT_EQ(Rows('h'), 1) << "the one that was lifted is forgotten";
  const size_t entries = entries_;
  Send(Hold(1, {phone_}), later);
  Send(Lift(2), later);
  EXPECT_EQ(entries_, entries);
  EXPECT_EQ(Rows('h'), 1);
  EXPECT_EQ(Rows('k'), 1);
  // It is the last that was forgotten: a stage that begins anew knows that too.
  MakeStage(256);
  Send(Hold(1, {phone_}), later);
  EXPECT_EQ(entries_, entries);
  ReferralHold next = Hold(4, {phone_});
  next.set_hold_id("0000000000000004");
  Send(next, later);
  EXPECT_EQ(Rows('h'), 2);
  EXPECT_EQ(entries_, entries + 2);
}

// The stage with its state as of before one record of a mailbox, and what it sends to cluster for
// that record and each after it.
std::vector<std::string> Replay(core::MemoryState state, const std::vector<std::string>& mailbox,
                                size_t from) {
  Options options;
  options.review_max = 1;
  const std::unique_ptr<core::Stage> stage = MakeDedupe(state, options);
  std::vector<std::string> sent;
  for (size_t at = from; at < mailbox.size(); ++at) {
    core::FakeOutput output(1, 1);
    const auto offset = static_cast<int64_t>(at);
    EXPECT_TRUE(stage->Apply({offset, kReported, "", mailbox[at]}, output).ok());
    EXPECT_TRUE(stage->EndBatch(output).ok());
    sent.push_back(output.envelopes[{core::Mailbox::kCluster, 0}].SerializeAsString());
  }
  return sent;
}

// Reports change and come between one piece of the work and the next; whenever it crashes, it goes
// back to what it knew then, and on through the same mailbox.
TEST_F(HoldsTest, APassThatCrashesFreezesEachReportAsItDidBefore) {
  std::vector<std::string> mailbox;
  std::vector<core::MemoryState> before;
  bool frozen_all = false;
  MakeStage(1);
  const auto apply = [&](Envelope envelope) {
    envelope.set_format(core::kEnvelopeFormat);
    mailbox.push_back(envelope.SerializeAsString());
    before.push_back(state_);
    core::FakeOutput output(1, 1);
    const auto offset = static_cast<int64_t>(mailbox.size()) - 1;
    EXPECT_TRUE(stage_->Apply({offset, kReported, "", mailbox.back()}, output).ok());
    EXPECT_TRUE(stage_->Store().ok());
    for (const auto& entry : output.envelopes[{core::Mailbox::kCluster, 0}].referral_entries()) {
      frozen_all = frozen_all || entry.done();
    }
    return output.envelopes[{core::Mailbox::kDedupe, 0}];
  };
  const auto revise = [&](int report, uint32_t revision) {
    Envelope envelope;
    *envelope.add_revisions() = ReportBuilder("bank", std::to_string(report))
                                    .Revision(revision)
                                    .Name(kPhone, "+12125550142")
                                    .Pay("DE1", std::to_string(revision + 1));
    apply(envelope);
  };
  for (int i = 0; i < 6; ++i) revise(i, 0);
  Envelope hold;
  *hold.add_referral_holds() = Hold(1, {phone_});
  Envelope go_on = apply(hold);
  for (uint32_t revision = 1; !frozen_all && revision < 20; ++revision) {
    for (int i = 0; i < 8; ++i) revise(i, revision);
    go_on = apply(go_on);
  }
  ASSERT_TRUE(frozen_all);
  const std::vector<std::string> sent = Replay(before[0], mailbox, 0);
  for (size_t at = 1; at < before.size(); ++at) {
    const std::vector<std::string> again = Replay(before[at], mailbox, at);
    ASSERT_EQ(again,
              std::vector<std::string>(sent.begin() + static_cast<ptrdiff_t>(at), sent.end()))
        << "from record " << at;
  }
  std::map<Id, std::string> frozen;
  for (const std::string& bytes : sent) {
    Envelope envelope;
    ASSERT_TRUE(envelope.ParseFromString(bytes));
    for (const ReferralEntry& entry : envelope.referral_entries()) {
      if (entry.done()) continue;
      const bool is_new =
          frozen.try_emplace({entry.report_hi(), entry.report_lo()}, entry.SerializeAsString())
              .second;
      EXPECT_TRUE(is_new) << "frozen twice";
    }
  }
  EXPECT_GE(frozen.size(), 6u);
}

TEST_F(HoldsTest, AHoldChangesNothingThatIsSentToCluster) {
  Report(ReportBuilder("bank", "b1").Name(kPhone, "+12125550142"));
  const int evidence = evidence_;
  Send(Hold(1, {phone_}));
  Send(Lift(2));
  EXPECT_EQ(evidence_, evidence);
}

TEST_F(HoldsTest, AStateThatWasPutAwayGoesOn) {
  MakeStage(1);
  for (int i = 0; i < 3; ++i) {
    Report(ReportBuilder("bank", std::to_string(i)).Name(kPhone, "+12125550142"));
  }
  Envelope envelope;
  *envelope.add_referral_holds() = Hold(1, {phone_});
  envelope.set_format(core::kEnvelopeFormat);
  core::FakeOutput output(1, 1);
  ASSERT_TRUE(stage_->Apply({offset_++, kReported, "", envelope.SerializeAsString()}, output).ok());
  ASSERT_TRUE(stage_->Store().ok());
  MakeStage(1);
  Apply(output.envelopes[{core::Mailbox::kDedupe, 0}]);
  EXPECT_THAT(frozen_, SizeIs(3));
  EXPECT_TRUE(done_);
}

}  // namespace
}  // namespace ringfence::dedupe
