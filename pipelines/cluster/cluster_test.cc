#include "pipelines/cluster/cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <set>

#include "pipelines/cluster/clusters_testing.h"
#include "pipelines/cluster/explain.h"
#include "pipelines/cluster/ties_view.h"
#include "pipelines/core/envelope.h"
#include "pipelines/core/id.h"
#include "pipelines/core/memory_state.h"
#include "pipelines/core/output_testing.h"
#include "pipelines/dedupe/evidence.h"

namespace ringfence::cluster {
namespace {

using internal::v1::Envelope;
using internal::v1::Evidence;
using internal::v1::ReportRevision;

TEST_F(Clusters, ReportsThatShareAnIdentifierShareALabel) {
  Report("a", "1", {"+1", "+2"});
  Report("b", "1", {"+2", "+3"});
  Report("b", "2", {"+8", "+9"});
  EXPECT_EQ(Label("+1"), Label("+3"));
  EXPECT_NE(Label("+1"), Label("+8"));
  EXPECT_EQ(Published("+2").indicator().action(), v1::ACTION_CHALLENGE);
  EXPECT_EQ(Published("+1").indicator().action(), v1::ACTION_MONITOR);
}

TEST_F(Clusters, ARetractionTakesBackAllThatTheReportDid) {
  Report("a", "1", {"+1", "+2"});
  Report("b", "1", {"+2", "+3"});
  Retract("b", "1", {"+2", "+3"});
  EXPECT_EQ(Published("+2").indicator().action(), v1::ACTION_MONITOR);
  EXPECT_EQ(Published("+3").removed().reason(), "retracted");
  EXPECT_GT(Published("+3").removed().revision(), 0u);
}

TEST_F(Clusters, TiesCanBeLookedAtAsTheyCount) {
  Report("a", "1", {"+1", "+2"});
  Report("b", "1", {"+1", "+2"});
  Report("b", "2", {"+2", "+3"});
  TiesView view(state_);
  std::map<core::Id, BaseTie> ties;
  const core::Id middle = core::IdentifierId(v1::IDENTIFIER_TYPE_PHONE, "+2");
  ASSERT_TRUE(view.Visit(middle, [&](const BaseTie& tie) { ties[tie.to] = tie; }).ok());
  ASSERT_EQ(ties.size(), 2u);
  const BaseTie& twice = ties[core::IdentifierId(v1::IDENTIFIER_TYPE_PHONE, "+1")];
  EXPECT_EQ(twice.from, middle);
  EXPECT_EQ(twice.incidents, 2u);
  EXPECT_EQ(twice.organisations, 2u);
  EXPECT_TRUE(twice.active);
  EXPECT_FALSE(twice.infrastructure);
  EXPECT_EQ(ties[core::IdentifierId(v1::IDENTIFIER_TYPE_PHONE, "+3")].incidents, 1u);
  const core::Id unknown = core::IdentifierId(v1::IDENTIFIER_TYPE_PHONE, "+7");
  EXPECT_TRUE(view.Visit(unknown, [](const BaseTie&) { FAIL(); }).ok());
}

TEST_F(Clusters, ExplainSaysWhatIsMissingAndWhatItIsTiedTo) {
  Report("a", "1", {"+1", "+2"});
  Report("b", "1", {"+1", "+2"});
  Report("b", "2", {"+2", "+3"});
  const auto id_of = [](const char* phone) {
    return core::IdentifierId(v1::IDENTIFIER_TYPE_PHONE, phone);
  };
  const auto explanation = Explain(state_, id_of("+2"), v1::IDENTIFIER_TYPE_PHONE, "+2");
  ASSERT_TRUE(explanation.ok());
  EXPECT_TRUE(explanation->live);
  EXPECT_FALSE(explanation->hidden);
  EXPECT_EQ(explanation->assessment.action, Published("+2").indicator().action());
  EXPECT_EQ(explanation->standing.score, Published("+2").indicator().score());
  EXPECT_EQ(explanation->standing.action, v1::ACTION_CHALLENGE);
  EXPECT_THAT(explanation->standing.missing_for_challenge, testing::IsEmpty());
  EXPECT_THAT(explanation->standing.missing_for_block,
              testing::ElementsAre(Need{"score", 575, 531},
                                   Need{"organisations_with_two_incidents", 2, 1}));
  ASSERT_EQ(explanation->organisations.size(), 2u);
  EXPECT_EQ(explanation->organisations[1].name, "b");
  EXPECT_EQ(explanation->organisations[1].incidents, 2u);
  ASSERT_EQ(explanation->nodes.size(), 1u);
  const ties::Counts& counts = explanation->nodes[0].counts;
  EXPECT_EQ(std::make_tuple(counts.incidents, counts.organisations, counts.neighbours),
            std::make_tuple(3u, 2u, 2u));
  std::map<core::Id, ties::Reason> reasons;
  for (const BaseTie& tie : explanation->nodes[0].ties) {
    EXPECT_TRUE(tie.active);
    reasons[tie.to] = tie.reason;
  }
  EXPECT_EQ(reasons.at(id_of("+3")), ties::Reason::kHome);

  const auto unknown = Explain(state_, id_of("+7"), v1::IDENTIFIER_TYPE_PHONE, "+7");
  ASSERT_TRUE(unknown.ok());
  EXPECT_FALSE(unknown->live);
  EXPECT_THAT(unknown->nodes, testing::IsEmpty());
}

TEST_F(Clusters, AnEarlierMessageThatComesAgainDoesNothing) {
  Report("a", "1", {"+1", "+2"});
  const core::Place before = place_;
  Retract("a", "1", {"+1", "+2"});
  place_ = before - 2;
  Report("a", "1", {"+1", "+2"});
  EXPECT_TRUE(Published("+1").has_removed());
}

TEST_F(Clusters, AValueThatComesBackGetsANewEpoch) {
  Report("a", "1", {"+1", "+2"});
  Report("b", "1", {"+1", "+2"});
  const std::string first = Published("+1").indicator().indicator_id();
  EXPECT_EQ(Published("+1").epoch(), 0u);
  Retract("b", "1", {"+1", "+2"});
  EXPECT_EQ(Published("+1").indicator().indicator_id(), first);
  Report("c", "1", {"+1", "+2"});
  EXPECT_EQ(Published("+1").epoch(), 1u);
  EXPECT_NE(Published("+1").indicator().indicator_id(), first);
}

// Its owner's clock was wrong for a second.
TEST_F(Clusters, ATickFarAheadOfItsRecordExpiresNothing) {
  Report("a", "1", {"+1", "+2"});
  Report("b", "1", {"+1", "+2"});
  Envelope envelope;
  envelope.set_format(core::kEnvelopeFormat);
  envelope.set_tick(kSeen + 500 * core::kDay);
  const std::string bytes = envelope.SerializeAsString();
  core::FakeOutput output(1, 1);
  ASSERT_TRUE(stage_->Apply({offset_++, kSeen, "", bytes}, output).ok());
  ASSERT_TRUE(stage_->EndBatch(output).ok());
  EXPECT_EQ(stage_->AsOf(), kSeen + core::kTickAheadMax);
  EXPECT_FALSE(Published("+1").has_removed());
}

TEST_F(Clusters, TheEpochOutlivesTheEntry) {
  Report("a", "1", {"+1", "+2"});
  Report("b", "1", {"+1", "+2"});
  Tick(kSeen + 500 * core::kDay);
  EXPECT_EQ(Published("+1").removed().reason(), "expired");
  Report("a", "2", {"+1", "+2"}, kSeen + 500 * core::kDay);
  Report("b", "2", {"+1", "+2"}, kSeen + 500 * core::kDay);
  EXPECT_EQ(Published("+1").epoch(), 1u);
}

TEST_F(Clusters, ExpiryLeavesNothingButEpochsBehind) {
  Report("a", "1", {"+1", "+2", "+3"});
  Report("b", "1", {"+3", "+4"});
  Retract("b", "1", {"+3", "+4"});
  Tick(kSeen + 90 * core::kDay - 1);
  EXPECT_TRUE(Published("+1").has_indicator());
  Tick(kSeen + 90 * core::kDay);
  EXPECT_EQ(Published("+1").removed().reason(), "expired");
  Tick(kSeen + 402 * core::kDay);
  // Removals and labels that ended leave the topic, and then nobody is as late as that.
  Tick(kSeen + 433 * core::kDay);
  Tick(kSeen + 442 * core::kDay);
  // The clock, what has been heard, and the epoch of the one that was above MONITOR.
  EXPECT_EQ(state_.size(), 3u);
}

TEST_F(Clusters, AHubSpillsIsReadBackAndGoesAgain) {
  Options options;
  options.store.inline_evidence_max = 2;
  options.store.inline_neighbours_max = 3;
  options.store.cache_bytes_max = options.store.label_cache_bytes_max = 0;
  options.rules.announce_max = 2;
  options.own_messages_max = 3;
  options.sweep_max = 2;
  Open(options);
  std::vector<std::string> all = {"+100"};
  for (int i = 0; i < 40; ++i) {
    all.push_back("+" + std::to_string(i));
    Report("a", std::to_string(i), {"+100", all.back()});
  }
  std::set<core::Id> labels;
  for (const std::string& phone : all) labels.insert(Label(phone));
  EXPECT_EQ(labels.size(), 1u);
  EXPECT_EQ(Published("+100").indicator().explanation().incidents(), 40u);
  for (int i = 0; i < 40; ++i) Retract("a", std::to_string(i), {"+100", "+" + std::to_string(i)});
  EXPECT_TRUE(Published("+100").has_removed());
  for (int days : {10, 41, 50}) Tick(kSeen + days * core::kDay);
  EXPECT_EQ(state_.size(), 2u);
}

// Damage stops the partition: what does not parse is not taken for what was never there.
TEST_F(Clusters, DamagedStateIsAnErrorAndNotAnEmptyEntry) {
  Options options;
  options.store.inline_evidence_max = 1;
  options.store.inline_listings_max = 0;
  options.store.inline_neighbours_max = 1;
  Open(options);
  Report("a", "1", {"+1", "+2", "+3"});
  Report("b", "1", {"+1", "+2", "+3"});
  std::vector<std::string> keys;
  state_.Scan("b", "w", [&](std::string_view key, std::string_view) {
    if (std::string("bnpv").find(key[0]) != std::string::npos) keys.emplace_back(key);
    return true;
  });
  ASSERT_GT(keys.size(), 9u);
  const core::MemoryState sound = state_;
  for (const std::string& key : keys) {
    state_ = sound;
    state_.Put(key, "\xff\xff\xff");
    Open(options);
    Envelope envelope;
    envelope.set_format(core::kEnvelopeFormat);
    envelope.set_tick(kSeen + 100 * core::kDay);
    const std::string bytes = envelope.SerializeAsString();
    core::FakeOutput output(1, 1);
    EXPECT_EQ(stage_->Apply({offset_, kSeen + 100 * core::kDay, "", bytes}, output).code(),
              absl::StatusCode::kDataLoss)
        << key[0];
  }
}

TEST_F(Clusters, ARecordThatRunsOutOfPlacesFails) {
  Options options;
  options.own_messages_max = 0;
  options.places_max = 3;
  Open(options);
  Report("a", "1", {"+1"});
  ReportRevision revision;
  revision.set_partner("a");
  for (const char* phone : {"+1", "+2", "+3", "+4"}) {
    internal::v1::NamedIdentifier& named = *revision.add_identifiers();
    named.set_type(v1::IDENTIFIER_TYPE_PHONE);
    named.set_value(phone);
    named.set_role(v1::IDENTIFIER_ROLE_CALLBACK);
    named.set_observed_at(kSeen);
  }
  Envelope envelope;
  envelope.set_format(core::kEnvelopeFormat);
  for (Evidence& evidence : dedupe::MakeEvidence(revision, core::ReportKey("a", "2"))) {
    evidence.set_place(++place_);
    *envelope.add_evidence() = evidence;
  }
  core::FakeOutput output(1, 1);
  const std::string bytes = envelope.SerializeAsString();
  EXPECT_EQ(stage_->Apply({offset_, kSeen, "", bytes}, output).code(), absl::StatusCode::kInternal);
}

// A report of the same incident bears it through a number that no report names any more.
TEST_F(Clusters, WhatOnlyAShareSpeaksOfKeepsItsEpochOverARestart) {
  for (const char* partner : {"a", "b"}) Report(partner, "1", {"+1"});
  ASSERT_EQ(Published("+1").indicator().action(), v1::ACTION_CHALLENGE);
  for (const char* partner : {"a", "b"}) Retract(partner, "1", {"+1"});
  const core::Id number = core::IdentifierId(v1::IDENTIFIER_TYPE_PHONE, "+1");
  const core::Id report = core::ReportKey("c", "1");
  Envelope envelope;
  Evidence& evidence = *envelope.add_evidence();
  evidence.set_place(++place_);
  evidence.set_base_hi(number.hi);
  evidence.set_base_lo(number.lo);
  evidence.set_report_hi(report.hi);
  evidence.set_report_lo(report.lo);
  evidence.set_partner("c");
  internal::v1::Share& share = *evidence.add_shares();
  share.set_type(v1::IDENTIFIER_TYPE_PHONE);
  share.set_id_hi(number.hi);
  share.set_id_lo(number.lo);
  share.set_until(kSeen + 30 * core::kDay);
  Apply(envelope);
  Open({});
  for (const char* partner : {"a", "b"}) Report(partner, "2", {"+1"});
  ASSERT_EQ(Published("+1").indicator().action(), v1::ACTION_CHALLENGE);
  EXPECT_EQ(Published("+1").epoch(), 1u);
}

// Two numbers each of several rings, and one that all of them name.
TEST_F(Clusters, WhatStrangersNameJoinsNothingUntilTheyAreGone) {
  Options options;
  options.ties.many_neighbours = 6;
  options.ties.established_incidents = 2;
  options.store.inline_neighbours_max = 3;
  Open(options);
  const std::string shared = "+999";
  auto ring = [&](int i) {
    return std::vector<std::string>{"+1" + std::to_string(i), "+2" + std::to_string(i), shared};
  };
  for (int i = 0; i < 5; ++i) {
    for (const char* partner : {"a", "b"}) Report(partner, std::to_string(i), ring(i));
    // It goes on from what was stored.
    Open(options);
  }
  EXPECT_TRUE(Published(shared).indicator().shared_infrastructure());
  EXPECT_EQ(Published(shared).indicator().action(), v1::ACTION_CHALLENGE);
  std::set<core::Id> labels;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Label(ring(i)[0]), Label(ring(i)[1]));
    EXPECT_FALSE(Published(ring(i)[0]).indicator().shared_infrastructure());
    labels.insert(Label(ring(i)[0]));
  }
  EXPECT_EQ(labels.size(), 5u);
  for (int i = 1; i < 5; ++i) {
    for (const char* partner : {"a", "b"}) Retract(partner, std::to_string(i), ring(i));
  }
  EXPECT_FALSE(Published(shared).indicator().shared_infrastructure());
  EXPECT_EQ(Label(shared), Label(ring(0)[0]));
}

}  // namespace
}  // namespace ringfence::cluster
