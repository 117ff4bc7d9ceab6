#include "pipelines/dedupe/dedupe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "pipelines/core/envelope.h"
#include "pipelines/core/id.h"
#include "pipelines/core/memory_state.h"
#include "pipelines/core/output_testing.h"
#include "pipelines/dedupe/evidence.h"
#include "pipelines/dedupe/verdicts.h"
#include "ringfence/internal/v1/state.pb.h"

namespace ringfence::dedupe {
namespace {

using internal::v1::Evidence;
using internal::v1::ReportRevision;
using testing::IsEmpty;
using testing::SizeIs;

constexpr core::Time kSeen = 20'000 * core::kDay;

void Name(ReportRevision& revision, v1::IdentifierType type, const std::string& value,
          v1::IdentifierRole role, core::Time observed_at = kSeen) {
  internal::v1::NamedIdentifier& named = *revision.add_identifiers();
  named.set_type(type);
  named.set_value(value);
  named.set_role(role);
  named.set_observed_at(observed_at);
}

ReportRevision Report(uint32_t revision, const std::vector<std::string>& phones,
                      const std::string& hash = "h") {
  ReportRevision report;
  report.set_partner("acme");
  report.set_report_id("r1");
  report.set_revision(revision);
  report.set_content_hash(hash);
  report.set_arrival(kSeen);
  report.set_occurred_at(kSeen);
  for (const std::string& phone : phones) {
    Name(report, v1::IDENTIFIER_TYPE_PHONE, phone, v1::IDENTIFIER_ROLE_CALLBACK);
  }
  return report;
}

ReportRevision Retraction(uint32_t revision) {
  ReportRevision report;
  report.set_partner("acme");
  report.set_report_id("r1");
  report.set_revision(revision);
  report.set_retracted(true);
  report.set_arrival(kSeen);
  return report;
}

// What a reader of the messages knows in the end: the phone numbers that the report names.
class Dedupes : public testing::Test {
 protected:
  std::vector<Evidence> Apply(const ReportRevision& revision) {
    internal::v1::Envelope envelope;
    *envelope.add_revisions() = revision;
    return ApplyAll(envelope);
  }
  // With all that the stage sends itself.
  std::vector<Evidence> ApplyAll(internal::v1::Envelope envelope) {
    std::vector<Evidence> sent;
    for (bool more = true; more;) {
      core::FakeOutput output(1, 1);
      const std::vector<Evidence> now = ApplyOne(std::move(envelope), output);
      sent.insert(sent.end(), now.begin(), now.end());
      auto own = output.envelopes.find({core::Mailbox::kDedupe, 0});
      more = own != output.envelopes.end();
      if (more) envelope = own->second;
    }
    return sent;
  }
  std::vector<Evidence> ApplyOne(internal::v1::Envelope envelope, core::FakeOutput& output) {
    envelope.set_format(core::kEnvelopeFormat);
    const std::string bytes = envelope.SerializeAsString();
    EXPECT_TRUE(stage_->Apply({offset_++, kSeen, "", bytes}, output).ok());
    EXPECT_TRUE(stage_->EndBatch(output).ok());
    EXPECT_TRUE(stage_->Store().ok());
    std::vector<Evidence> sent;
    for (const Evidence& evidence : output.envelopes[{core::Mailbox::kCluster, 0}].evidence()) {
      sent.push_back(evidence);
      const core::Id base{evidence.base_hi(), evidence.base_lo()};
      if (evidence.removed()) {
        named_.erase(base);
      } else {
        named_.insert(base);
      }
    }
    return sent;
  }
  void ExpectNamed(const std::vector<std::string>& phones) {
    std::set<core::Id> expected;
    for (const std::string& phone : phones)
      expected.insert(core::IdentifierId(v1::IDENTIFIER_TYPE_PHONE, phone));
    EXPECT_EQ(named_, expected);
  }

  core::MemoryState state_;
  std::unique_ptr<core::Stage> stage_ = MakeDedupe(state_, {});
  int64_t offset_ = 0;
  std::set<core::Id> named_;
};

TEST_F(Dedupes, AHigherRevisionReplacesAndTakesBack) {
  Apply(Report(0, {"+1", "+2"}));
  ExpectNamed({"+1", "+2"});
  Apply(Report(1, {"+2", "+3"}));
  ExpectNamed({"+2", "+3"});
}

TEST_F(Dedupes, ARedeliveryAndALowerRevisionSayNothing) {
  Apply(Report(3, {"+1"}));
  EXPECT_THAT(Apply(Report(3, {"+1"})), IsEmpty());
  EXPECT_THAT(Apply(Report(2, {"+9"})), IsEmpty());
  ExpectNamed({"+1"});
}

TEST_F(Dedupes, AHeldReportSaysNothingUntilItIsReleasedAndNothingOnceDropped) {
  ReportRevision held = Report(0, {"+1", "+2"});
  held.set_held(true);
  EXPECT_THAT(Apply(held), IsEmpty());
  ASSERT_EQ(ListHeld(state_).size(), 1u);
  EXPECT_EQ(ListHeld(state_)[0].waiting, 1u);
  EXPECT_EQ(CountHeld(state_, "acme", kSeen, kSeen + 1, false), 1u);
  EXPECT_EQ(CountHeld(state_, "acme", kSeen + 1, kSeen + 2, false), 0u);

  internal::v1::Envelope decision;
  internal::v1::HeldDecision& word = *decision.add_held_decisions();
  word.set_place(1);
  word.set_partner("another");
  word.set_until(kSeen + 1);
  ApplyAll(decision);
  ExpectNamed({});
  word.set_place(2);
  word.set_partner("acme");
  ApplyAll(decision);
  ExpectNamed({"+1", "+2"});
  EXPECT_THAT(ListHeld(state_), IsEmpty());
  // The last word holds, also for what comes again.
  word.set_place(3);
  word.set_drop(true);
  ApplyAll(decision);
  ExpectNamed({});
  EXPECT_EQ(ListHeld(state_)[0].waiting, 0u);
  EXPECT_EQ(ListHeld(state_)[0].dropped, 1u);
  ReportRevision later = Report(1, {"+3"});
  later.set_held(true);
  Apply(later);
  ExpectNamed({});
  EXPECT_EQ(ListHeld(state_)[0].dropped, 1u);
  // Its partner takes it back.
  ReportRevision retraction = Report(2, {});
  retraction.set_retracted(true);
  Apply(retraction);
  EXPECT_THAT(ListHeld(state_), IsEmpty());
  bool indexed = false;
  state_.Scan("i", "j", [&](std::string_view, std::string_view) { return indexed = true; });
  EXPECT_FALSE(indexed);
}

// Whatever came before: what a decision is said to change is what it changes.
TEST_F(Dedupes, ADecisionAboutHeldReportsChangesAsManyAsItIsSaidTo) {
  std::mt19937_64 random(1);
  const auto below = [&](uint64_t bound) { return static_cast<int64_t>(random() % bound); };
  const auto dropped = [&] {
    uint64_t sum = 0;
    for (const HeldReports& held : ListHeld(state_)) sum += held.dropped;
    return sum;
  };
  uint64_t changed = 0;
  for (int turn = 1; turn <= 1'500; ++turn) {
    internal::v1::Envelope envelope;
    const std::string partner = below(3) == 0 ? "other" : "acme";
    const core::Time from = kSeen + below(20);
    const core::Time until = from + below(12);
    const int64_t kind = below(20);
    if (kind < 14) {
      const std::string id = partner + std::to_string(below(60));
      ReportRevision report = Report(static_cast<uint32_t>(turn), {"+" + id});
      report.set_partner(partner);
      report.set_report_id(id);
      report.set_arrival(from);
      report.set_held(below(3) != 0);
      report.set_retracted(below(8) == 0);
      *envelope.add_revisions() = report;
    } else if (kind == 14 && below(4) == 0) {
      internal::v1::PartnerRetraction& retraction = *envelope.add_partner_retractions();
      retraction.set_place(static_cast<core::Place>(turn));
      retraction.set_partner(partner);
      retraction.set_from(from);
      retraction.set_until(from + 2);
    } else {
      internal::v1::HeldDecision& decision = *envelope.add_held_decisions();
      decision.set_place(static_cast<core::Place>(turn));
      decision.set_partner(partner);
      decision.set_from(from);
      decision.set_until(until);
      decision.set_drop(below(2) == 0);
      const uint64_t said = CountHeld(state_, partner, from, until, decision.drop());
      const uint64_t before = decision.drop() ? dropped() : named_.size();
      ApplyAll(envelope);
      EXPECT_EQ((decision.drop() ? dropped() : named_.size()) - before, said) << turn;
      changed += said;
      continue;
    }
    ApplyAll(envelope);
  }
  EXPECT_GT(changed, 300u);
}

TEST_F(Dedupes, OfARevisionThatComesTwiceWhatIntakeThoughtMoreOfHolds) {
  ReportRevision held = Report(0, {"+1"});
  held.set_held(true);
  ReportRevision echo = Report(0, {"+1"});
  echo.mutable_identifiers(0)->set_echo(true);
  Apply(held);
  ExpectNamed({});
  ASSERT_EQ(Apply(echo).size(), 1u);
  const std::vector<Evidence> evidence = Apply(Report(0, {"+1"}));
  ASSERT_EQ(evidence.size(), 1u);
  EXPECT_FALSE(evidence[0].occurrences(0).echo());
  EXPECT_THAT(Apply(echo), IsEmpty());
  EXPECT_THAT(Apply(held), IsEmpty());
}

TEST_F(Dedupes, APolicyWithOtherSpansMakesEvidenceAnewAndNoOtherDoes) {
  Apply(Report(0, {"+1"}));
  internal::v1::Envelope news;
  internal::v1::PolicyNews& policy = *news.add_policies();
  policy.set_place(1);
  policy.mutable_policy()->mutable_score()->set_challenge(300);
  EXPECT_THAT(ApplyAll(news), IsEmpty());
  policy.set_place(2);
  policy.mutable_policy()->mutable_span_days()->set_phone(10);
  const std::vector<Evidence> evidence = ApplyAll(news);
  ASSERT_EQ(evidence.size(), 1u);
  EXPECT_EQ(evidence[0].occurrences(0).live_until(), kSeen + 10 * core::kDay);
  EXPECT_EQ(evidence[0].occurrences(0).block_until(), 0);
  // What comes again, or is older, does nothing.
  EXPECT_THAT(ApplyAll(news), IsEmpty());
  policy.set_place(3);
  policy.mutable_policy()->clear_span_days();
  const std::vector<Evidence> back = ApplyAll(news);
  ASSERT_EQ(back.size(), 1u);
  EXPECT_EQ(back[0].occurrences(0).live_until(), 0);
}

TEST_F(Dedupes, ARetractionThatComesFirstWins) {
  Apply(Retraction(0));
  EXPECT_THAT(Apply(Report(0, {"+1"})), IsEmpty());
  ExpectNamed({});
}

TEST_F(Dedupes, ARevisionAboveARetractionBringsTheReportBack) {
  Apply(Report(0, {"+1"}));
  Apply(Retraction(0));
  ExpectNamed({});
  Apply(Report(1, {"+1"}));
  ExpectNamed({"+1"});
}

TEST_F(Dedupes, OfTwoReportsOfOneRevisionTheGreaterHashHolds) {
  Apply(Report(0, {"+1"}, "b"));
  EXPECT_THAT(Apply(Report(0, {"+2"}, "a")), IsEmpty());
  Apply(Report(0, {"+3"}, "c"));
  ExpectNamed({"+3"});
}

TEST_F(Dedupes, AnyOrderEndsTheSame) {
  std::vector<ReportRevision> revisions = {Report(0, {"+1"}), Report(1, {"+2"}, "a"),
                                           Report(1, {"+3"}, "b"), Retraction(1),
                                           Report(2, {"+4", "+5"})};
  std::sort(revisions.begin(), revisions.end(), [](const auto& a, const auto& b) {
    return a.SerializeAsString() < b.SerializeAsString();
  });
  do {
    state_ = core::MemoryState();
    stage_ = MakeDedupe(state_, {});
    named_.clear();
    for (const ReportRevision& revision : revisions) Apply(revision);
    ExpectNamed({"+4", "+5"});
  } while (std::next_permutation(
      revisions.begin(), revisions.end(),
      [](const auto& a, const auto& b) { return a.SerializeAsString() < b.SerializeAsString(); }));
}

TEST_F(Dedupes, ForgetsAReportOnceNothingOfItCanCount) {
  Apply(Report(0, {"+1"}));
  EXPECT_GT(state_.size(), 1u);
  internal::v1::Envelope envelope;
  envelope.set_format(core::kEnvelopeFormat);
  envelope.set_tick(kSeen + 404 * core::kDay);
  core::FakeOutput output(1, 1);
  const std::string bytes = envelope.SerializeAsString();
  const auto apply_at = [&](core::Time arrival) {
    ASSERT_TRUE(stage_->Apply({offset_++, arrival, "", bytes}, output).ok());
    ASSERT_TRUE(stage_->EndBatch(output).ok());
    ASSERT_TRUE(stage_->Store().ok());
  };
  // The owner's clock is wrong.
  apply_at(kSeen);
  EXPECT_EQ(stage_->AsOf(), kSeen + core::kTickAheadMax);
  EXPECT_GT(state_.size(), 1u);
  apply_at(kSeen + 404 * core::kDay);
  EXPECT_EQ(state_.size(), 1u);
}

TEST_F(Dedupes, RefusesAnEnvelopeOfAnotherFormat) {
  internal::v1::Envelope envelope;
  envelope.set_format(99);
  core::FakeOutput output(1, 1);
  const std::string bytes = envelope.SerializeAsString();
  EXPECT_EQ(stage_->Apply({0, kSeen, "", bytes}, output).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(stage_->Apply({0, kSeen, "", "\xff\xff\xff"}, output).code(),
            absl::StatusCode::kDataLoss);
}

TEST(Evidence, SpoofableRolesTieNothing) {
  ReportRevision report = Report(0, {"+1"});
  Name(report, v1::IDENTIFIER_TYPE_PHONE, "+2", v1::IDENTIFIER_ROLE_CALLER_ID);
  int ties = 0;
  for (const Evidence& evidence : MakeEvidence(report, {1, 1})) {
    for (const auto& node : evidence.ties()) ties += node.until_days_size();
  }
  EXPECT_EQ(ties, 0);
}

TEST(Evidence, UpToEightNodesAreAllTiedMoreOnlyToTheNextThree) {
  for (int nodes : {2, 8, 9, 20}) {
    std::vector<std::string> phones;
    for (int i = 0; i < nodes; ++i) phones.push_back("+" + std::to_string(i + 1));
    std::set<std::pair<core::Id, core::Id>> edges;
    for (const Evidence& evidence : MakeEvidence(Report(0, phones), {1, 1})) {
      ASSERT_THAT(evidence.ties(), SizeIs(1));
      const auto& tied = evidence.ties(0);
      for (int i = 0; i + 1 < tied.neighbours_size(); i += 2) {
        edges.emplace(core::Id{evidence.base_hi(), evidence.base_lo()},
                      core::Id{tied.neighbours(i), tied.neighbours(i + 1)});
      }
    }
    EXPECT_EQ(edges.size(), static_cast<size_t>(nodes <= 8 ? nodes * (nodes - 1) : nodes * 6))
        << nodes;
    for (const auto& [a, b] : edges) EXPECT_TRUE(edges.contains({b, a}));
  }
}

TEST(Evidence, OneIdentifierAtATimeBearsTheIncident) {
  ReportRevision report = Report(0, {"+1"});
  Name(report, v1::IDENTIFIER_TYPE_WALLET, "w", v1::IDENTIFIER_ROLE_BENEFICIARY);
  Name(report, v1::IDENTIFIER_TYPE_REMOTE_ACCESS_ID, "anydesk:1",
       v1::IDENTIFIER_ROLE_REMOTE_CONTROLLER);
  Name(report, v1::IDENTIFIER_TYPE_EMAIL, "a@b.example", v1::IDENTIFIER_ROLE_CONTACT,
       kSeen + 300 * core::kDay);
  std::map<v1::IdentifierType, core::Time> from;
  for (const Evidence& evidence : MakeEvidence(report, {1, 1})) {
    for (const auto& occurrence : evidence.occurrences())
      from[occurrence.type()] = occurrence.bearer_from();
  }
  EXPECT_EQ(from[v1::IDENTIFIER_TYPE_WALLET], 0);
  EXPECT_EQ(from[v1::IDENTIFIER_TYPE_PHONE], core::kTimeMax);
  EXPECT_EQ(from[v1::IDENTIFIER_TYPE_EMAIL], kSeen + 365 * core::kDay);
  EXPECT_EQ(from[v1::IDENTIFIER_TYPE_REMOTE_ACCESS_ID], core::kTimeMax);
}

TEST_F(Dedupes, ADamagedRevisionStopsThePartition) {
  ReportRevision first = Report(1, {"+1"});
  internal::v1::VictimToken& token = *first.add_victim_tokens();
  token.set_kind(2);
  token.set_token("k1:0123456789abcdef");
  Apply(first);
  std::string key;
  internal::v1::StoredReport stored;
  state_.Scan("r", "s", [&](std::string_view at, std::string_view value) {
    key = at;
    return stored.ParseFromArray(value.data(), static_cast<int>(value.size()));
  });
  stored.set_content("\xff");
  state_.Put(key, stored.SerializeAsString());
  internal::v1::Envelope envelope;
  envelope.set_format(core::kEnvelopeFormat);
  *envelope.add_revisions() = Report(2, {"+2"});
  core::FakeOutput output(1, 1);
  const std::string bytes = envelope.SerializeAsString();
  EXPECT_EQ(stage_->Apply({offset_++, kSeen, "", bytes}, output).code(),
            absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace ringfence::dedupe
