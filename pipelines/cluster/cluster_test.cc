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
using internal::v1::IndicatorRecord;
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
  EXPECT_EQ(explanation->nodes[0].counts, (ties::Counts{3, 2, 2}));
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
  Tick(kSeen + 10 * core::kDay);
  EXPECT_EQ(state_.size(), 2u);
}

// Damage stops the partition: what does not parse is not taken for what was never there.
TEST_F(Clusters, DamagedStateIsAnErrorAndNotAnEmptyEntry) {
  Options options;
  options.store.inline_evidence_max = 1;
  options.store.inline_neighbours_max = 1;
  Open(options);
  Report("a", "1", {"+1", "+2", "+3"});
  Report("b", "1", {"+1", "+2", "+3"});
  std::vector<std::string> keys;
  state_.Scan("b", "w", [&](std::string_view key, std::string_view) {
    if (key[0] == 'b' || key[0] == 'n' || key[0] == 'v') keys.emplace_back(key);
    return true;
  });
  ASSERT_GT(keys.size(), 6u);
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

// A former owner wrote an older version over the present one: the owner's mailbox says so.
class Rechecks : public Clusters {
 protected:
  static internal::v1::Recheck Of(const IndicatorRecord& record) {
    internal::v1::Recheck recheck;
    recheck.set_place(record.place());
    recheck.set_identifier_id(record.identifier_id());
    recheck.set_base_id(record.base_id());
    recheck.set_removed(record.has_removed());
    recheck.set_type(v1::IDENTIFIER_TYPE_PHONE);
    recheck.set_value(record.has_removed() ? record.removed().value() : record.indicator().value());
    return recheck;
  }
  void Recheck(IndicatorRecord record) {
    published_.clear();
    Envelope envelope;
    *envelope.add_rechecks() = Of(record);
    Apply(envelope);
  }
};

TEST_F(Rechecks, WriteAgainWhatIsOlderThanTheState) {
  Report("a", "1", {"+1", "+2"});
  const IndicatorRecord older = Published("+2");
  Report("b", "1", {"+2"});
  const IndicatorRecord latest = Published("+2");
  Recheck(older);
  EXPECT_EQ(published_.size(), 1u);
  EXPECT_GT(Published("+2").place(), latest.place());
  EXPECT_EQ(Published("+2").indicator().SerializeAsString(),
            latest.indicator().SerializeAsString());
}

TEST_F(Rechecks, LeaveWhatIsTheLatest) {
  Report("a", "1", {"+1", "+2"});
  Report("b", "1", {"+2"});
  Recheck(Published("+2"));
  EXPECT_TRUE(published_.empty());
}

TEST_F(Rechecks, FindTheLatestAfterARestartToo) {
  Report("a", "1", {"+1", "+2"});
  const IndicatorRecord older = Published("+1");
  Report("b", "1", {"+1"});
  const IndicatorRecord later = Published("+1");
  // Writes it once more, and nothing is another: the revision does not tell.
  Recheck(older);
  const IndicatorRecord latest = Published("+1");
  ASSERT_EQ(latest.indicator().revision(), later.indicator().revision());
  Open({});
  Recheck(latest);
  EXPECT_TRUE(published_.empty());
  Recheck(later);
  EXPECT_GT(Published("+1").place(), latest.place());
}

class LabelRechecks : public Clusters {
 protected:
  static std::string KeyOf(const std::string& phone) {
    return core::LabelKeyOf(core::IdentifierId(v1::IDENTIFIER_TYPE_PHONE, phone), 0);
  }
  // Two numbers of one campaign; gives the one that is not its root.
  std::string LabelledOne() {
    Report("a", "1", {"+1", "+2"});
    return Label("+1") == core::IdentifierId(v1::IDENTIFIER_TYPE_PHONE, "+1") ? "+2" : "+1";
  }
  // What is written then of the label, if anything is.
  std::optional<IndicatorRecord> Recheck(const std::string& phone, core::Place place, bool is_own) {
    labels_.clear();
    Envelope envelope;
    internal::v1::Recheck& recheck = *envelope.add_rechecks();
    recheck.set_identifier_id(KeyOf(phone));
    recheck.set_place(place);
    recheck.set_removed(is_own);
    Apply(envelope);
    const auto written = labels_.find(KeyOf(phone));
    EXPECT_EQ(labels_.size(), written == labels_.end() ? 0u : 1u);
    return written == labels_.end() ? std::nullopt : std::optional(written->second);
  }
};

TEST_F(LabelRechecks, WriteAgainWhatIsOlderThanTheStateAndLeaveWhatIsTheLatest) {
  const std::string phone = LabelledOne();
  const IndicatorRecord latest = labels_.at(KeyOf(phone));
  // It goes on from what was stored.
  Open({});
  EXPECT_FALSE(Recheck(phone, latest.place(), false).has_value());
  const std::optional<IndicatorRecord> again = Recheck(phone, latest.place() - 1, false);
  ASSERT_TRUE(again.has_value());
  EXPECT_GT(again->place(), latest.place());
  EXPECT_EQ(again->label().SerializeAsString(), latest.label().SerializeAsString());
  // A late writer's word that it is one by itself, whatever its place.
  EXPECT_TRUE(Recheck(phone, again->place(), true).has_value());
}

TEST_F(LabelRechecks, SayThatANodeIsOneByItself) {
  const std::string phone = LabelledOne();
  const core::Place place = labels_.at(KeyOf(phone)).place();
  Retract("a", "1", {"+1", "+2"});
  EXPECT_NE(labels_.at(KeyOf(phone)).label().own_since(), 0);
  const std::optional<IndicatorRecord> again = Recheck(phone, place, false);
  ASSERT_TRUE(again.has_value());
  EXPECT_NE(again->label().own_since(), 0);
  EXPECT_EQ(again->label().root_lo(), 0u);
  EXPECT_FALSE(Recheck(phone, again->place(), true).has_value());
  EXPECT_TRUE(Recheck("+77", 1, false).has_value()) << "a node that was never heard of";
  EXPECT_FALSE(Recheck("+77", 1, true).has_value());
}

// Each names what the sweep of its record leaves to expire, which cuts campaigns apart.
TEST_F(LabelRechecks, LeaveNothingToSayThatAStopWouldLose) {
  Options options;
  options.sweep_max = 1;
  Open(options);
  constexpr int kChains = 8;
  const auto phone = [](int chain, int link) { return "+" + std::to_string(chain * 10 + link); };
  for (int chain = 1; chain <= kChains; ++chain) {
    const std::string report = std::to_string(chain);
    Report("a", report, {phone(chain, 1), phone(chain, 2)});
    Report("b", report, {phone(chain, 2), phone(chain, 3)}, kSeen + 100 * core::kDay);
  }
  restarts_ = true;
  Envelope envelope;
  envelope.set_tick(kSeen + 450 * core::kDay);
  for (int chain = 1; chain <= kChains; ++chain) {
    for (int link = 1; link <= 3; ++link) {
      const core::Id id = core::IdentifierId(v1::IDENTIFIER_TYPE_PHONE, phone(chain, link));
      internal::v1::Recheck& recheck = *envelope.add_rechecks();
      recheck.set_identifier_id(id.Bytes());
      recheck.set_base_id(id.Bytes());
      recheck.set_type(v1::IDENTIFIER_TYPE_PHONE);
      recheck.set_value(phone(chain, link));
    }
  }
  Apply(envelope);
  const auto root_of = [&](const std::string& node) {
    const core::Id id = core::IdentifierId(v1::IDENTIFIER_TYPE_PHONE, node);
    const auto held = labels_.find(KeyOf(node));
    if (held == labels_.end() || held->second.label().own_since() != 0) return id;
    return core::Id{held->second.label().root_hi(), held->second.label().root_lo()};
  };
  for (int chain = 1; chain <= kChains; ++chain) {
    EXPECT_EQ(root_of(phone(chain, 1)),
              core::IdentifierId(v1::IDENTIFIER_TYPE_PHONE, phone(chain, 1)));
    EXPECT_EQ(root_of(phone(chain, 2)), root_of(phone(chain, 3)));
    EXPECT_NE(root_of(phone(chain, 1)), root_of(phone(chain, 2)));
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

// A listing that is not in the set says the same whether or not it has been forgotten.
TEST_F(Rechecks, OfOneThatIsNotInTheSetSayWhatTheRecordSaid) {
  Report("a", "1", {"+1"});
  internal::v1::Recheck recheck = Of(Published("+1"));
  recheck.set_peak_action(v1::ACTION_MONITOR);
  recheck.set_least_tlp(v1::TLP_GREEN);
  Envelope envelope;
  *envelope.add_rechecks() = recheck;
  Tick(kSeen + 200 * core::kDay);
  ASSERT_TRUE(Published("+1").has_removed());
  Apply(envelope);
  EXPECT_EQ(Published("+1").least_tlp(), v1::TLP_GREEN);
  EXPECT_EQ(Published("+1").peak_action(), v1::ACTION_MONITOR);
}

TEST_F(Rechecks, TakeBackWhatHasLeftTheSet) {
  Report("a", "1", {"+1"});
  const IndicatorRecord upsert = Published("+1");
  Retract("a", "1", {"+1"});
  const IndicatorRecord removal = Published("+1");
  Recheck(upsert);
  ASSERT_TRUE(Published("+1").has_removed());
  EXPECT_GT(Published("+1").place(), removal.place());
  EXPECT_EQ(Published("+1").removed().value(), "+1");
  EXPECT_EQ(Published("+1").removed().indicator_id(), removal.removed().indicator_id());
  Recheck(removal);
  EXPECT_TRUE(published_.empty());
}

TEST_F(Rechecks, PutBackWhatALateRemovalHides) {
  Report("a", "1", {"+1"});
  Retract("a", "1", {"+1"});
  const IndicatorRecord removal = Published("+1");
  Report("a", "2", {"+1"});
  ASSERT_TRUE(Published("+1").has_indicator());
  Recheck(removal);
  EXPECT_TRUE(Published("+1").has_indicator());
}

TEST_F(Rechecks, TakeBackWhatIsNotKnownAtAll) {
  Report("a", "1", {"+1"});
  IndicatorRecord unknown = Published("+1");
  const core::Id id = core::IdentifierId(v1::IDENTIFIER_TYPE_PHONE, "+7");
  unknown.set_identifier_id(id.Bytes());
  unknown.set_base_id(id.Bytes());
  unknown.mutable_indicator()->set_value("+7");
  Recheck(unknown);
  EXPECT_TRUE(Published("+7").has_removed());
  // And is forgotten.
  Open({});
  Recheck(Published("+7"));
  EXPECT_TRUE(published_.empty());
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
