// What says that something is gone does not stay in `indicators` for ever.
#include "pipelines/cluster/purges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "pipelines/cluster/cluster.h"
#include "pipelines/cluster/clusters_testing.h"
#include "pipelines/core/id.h"
#include "pipelines/core/label_key.h"
#include "pipelines/core/removals.h"

namespace ringfence::cluster {
namespace {

using core::Id;
using core::kDay;
using core::kHour;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

std::string KeyOf(const std::string& phone) {
  return core::IdentifierId(v1::IDENTIFIER_TYPE_PHONE, phone).Bytes();
}
std::string LabelKey(const std::string& phone) {
  return core::LabelKeyOf(core::IdentifierId(v1::IDENTIFIER_TYPE_PHONE, phone), 0);
}

class PurgesOfCluster : public Clusters {
 protected:
  // Keys that wait, or are remembered, by the two tables.
  size_t Kept() {
    size_t kept = 0;
    for (const char* table : {"r", "x"}) {
      state_.Scan(table, std::string(1, static_cast<char>(*table + 1)),
                  [&](std::string_view, std::string_view) {
                    ++kept;
                    return true;
                  });
    }
    return kept;
  }
  void RecheckPurged(const std::string& key) {
    Envelope envelope;
    internal::v1::Recheck& recheck = *envelope.add_rechecks();
    recheck.set_identifier_id(key);
    recheck.set_removed(true);
    Apply(envelope);
  }
  void RecheckRemoval(const std::string& phone) {
    Envelope envelope;
    internal::v1::Recheck& recheck = *envelope.add_rechecks();
    recheck.set_identifier_id(KeyOf(phone));
    recheck.set_base_id(KeyOf(phone));
    recheck.set_removed(true);
    recheck.set_place(1);
    recheck.set_type(v1::IDENTIFIER_TYPE_PHONE);
    recheck.set_value(phone);
    Apply(envelope);
  }
};

constexpr core::Time kOver = core::kKeepRemovals + kHour;

TEST_F(PurgesOfCluster, ARemovalLeavesTheTopicOnceItHasStoodThere) {
  for (const bool restarts : {false, true}) {
    restarts_ = restarts;
    const core::Time begin = kSeen + (restarts ? 100 * kDay : 0);
    Tick(begin);
    Report("a", restarts ? "2" : "1", {"+1"}, begin);
    Retract("a", restarts ? "2" : "1", {"+1"});
    Tick(begin + core::kKeepRemovals - 1);
    EXPECT_TRUE(Published("+1").has_removed());
    EXPECT_THAT(taken_out_, IsEmpty());
    Tick(begin + kOver);
    EXPECT_THAT(taken_out_, ElementsAre(KeyOf("+1")));
    EXPECT_EQ(Kept(), 2u) << "for late writers";
    Tick(begin + kOver + core::kRemovalsLate + kHour);
    EXPECT_EQ(Kept(), 0u);
    EXPECT_THAT(std::exchange(taken_out_, {}), SizeIs(1));
  }
}

TEST_F(PurgesOfCluster, WhatExpiredLeavesLikewise) {
  Report("a", "1", {"+1", "+2"});
  Tick(kSeen + 450 * kDay);
  ASSERT_TRUE(Published("+1").has_removed());
  Tick(kSeen + 450 * kDay + kOver);
  EXPECT_THAT(taken_out_,
              testing::UnorderedElementsAre(KeyOf("+1"), KeyOf("+2"), testing::SizeIs(21)))
      << "and the label of the one that is no root";
  Tick(kSeen + 450 * kDay + kOver + core::kRemovalsLate + kHour);
  EXPECT_EQ(Kept(), 0u);
}

TEST_F(PurgesOfCluster, WhatIsBackStaysAndItsNextRemovalHasAllOfItsTime) {
  Report("a", "1", {"+1"});
  Retract("a", "1", {"+1"});
  Tick(kSeen + 20 * kDay);
  Report("a", "2", {"+1"});
  Tick(kSeen + kOver);
  EXPECT_TRUE(Published("+1").has_indicator());
  EXPECT_THAT(taken_out_, IsEmpty());
  EXPECT_EQ(Kept(), 0u);
  Retract("a", "2", {"+1"});
  Report("a", "3", {"+1"});
  Tick(kSeen + kOver + 10 * kDay);
  Retract("a", "3", {"+1"});
  Tick(kSeen + kOver + core::kKeepRemovals + 5 * kDay);
  EXPECT_THAT(taken_out_, IsEmpty()) << "it left once more";
  Tick(kSeen + kOver + kOver + 10 * kDay);
  EXPECT_THAT(taken_out_, ElementsAre(KeyOf("+1")));
}

TEST_F(PurgesOfCluster, ALabelThatEndedLeavesTheTopicToo) {
  Report("a", "1", {"+1", "+2"});
  const std::string labelled =
      Label("+1") == core::IdentifierId(v1::IDENTIFIER_TYPE_PHONE, "+1") ? "+2" : "+1";
  Retract("a", "1", {"+1", "+2"});
  ASSERT_NE(labels_.at(LabelKey(labelled)).label().own_since(), 0);
  Tick(kSeen + core::kKeepRemovals - 1);
  EXPECT_THAT(taken_out_, IsEmpty());
  Tick(kSeen + kOver);
  EXPECT_THAT(taken_out_, Contains(LabelKey(labelled)));
  // One that has come back stays.
  Report("a", "2", {"+1", "+2"}, kSeen + kOver);
  ASSERT_TRUE(labels_.contains(LabelKey(labelled)));
  Retract("a", "2", {"+1", "+2"});
  Report("a", "3", {"+1", "+2"}, kSeen + kOver);
  taken_out_.clear();
  Tick(kSeen + 3 * kOver);
  EXPECT_THAT(taken_out_, IsEmpty());
  EXPECT_TRUE(labels_.contains(LabelKey(labelled)));
}

TEST_F(PurgesOfCluster, WhatIsBackInTheSameBatchIsNotTakenOut) {
  Report("a", "1", {"+1"});
  const Envelope again = [&] {
    ReportRevision revision;
    revision.set_partner("a");
    internal::v1::NamedIdentifier& named = *revision.add_identifiers();
    named.set_type(v1::IDENTIFIER_TYPE_PHONE);
    named.set_value("+1");
    named.set_role(v1::IDENTIFIER_ROLE_CALLBACK);
    named.set_observed_at(kSeen + kOver);
    Envelope envelope;
    envelope.set_format(core::kEnvelopeFormat);
    for (Evidence& evidence : dedupe::MakeEvidence(revision, core::ReportKey("a", "2"))) {
      evidence.set_place(1'000);
      *envelope.add_evidence() = evidence;
    }
    return envelope;
  }();
  Retract("a", "1", {"+1"});
  Envelope tick;
  tick.set_format(core::kEnvelopeFormat);
  tick.set_tick(kSeen + kOver);
  core::FakeOutput output(1, 1);
  for (const Envelope& envelope : {tick, again}) {
    const std::string bytes = envelope.SerializeAsString();
    ASSERT_TRUE(stage_->Apply({offset_++, kSeen + kOver, "", bytes}, output).ok());
  }
  ASSERT_TRUE(stage_->EndBatch(output).ok());
  ASSERT_TRUE(stage_->Store().ok());
  std::map<std::string, std::string> last;
  for (const auto& [key, value] : output.indicators) last[key] = value;
  EXPECT_THAT(last[KeyOf("+1")], Not(IsEmpty()));
  // A writer whose batch ended between the two has taken it out; perhaps it was later.
  RecheckPurged(KeyOf("+1"));
  EXPECT_TRUE(Published("+1").has_indicator());
}

// As after a long stop, when it reads on in large batches.
TEST_F(PurgesOfCluster, WhatLeftInTheSameBatchIsTakenOutBehindItsRemoval) {
  Report("a", "1", {"+1"});
  Envelope retraction;
  retraction.set_format(core::kEnvelopeFormat);
  Evidence& evidence = *retraction.add_evidence();
  evidence.set_place(1'000);
  const Id base = core::IdentifierId(v1::IDENTIFIER_TYPE_PHONE, "+1");
  const Id report = core::ReportKey("a", "1");
  evidence.set_base_hi(base.hi);
  evidence.set_base_lo(base.lo);
  evidence.set_report_hi(report.hi);
  evidence.set_report_lo(report.lo);
  evidence.set_removed(true);
  Envelope tick;
  tick.set_format(core::kEnvelopeFormat);
  tick.set_tick(kSeen + kOver);
  core::FakeOutput output(1, 1);
  for (const Envelope& envelope : {retraction, tick}) {
    const std::string bytes = envelope.SerializeAsString();
    const core::Time at = std::max(kSeen, core::Time{envelope.tick()});
    ASSERT_TRUE(stage_->Apply({offset_++, at, "", bytes}, output).ok());
  }
  ASSERT_TRUE(stage_->EndBatch(output).ok());
  std::vector<std::string> values;
  for (const auto& [key, value] : output.indicators) {
    if (key == KeyOf("+1")) values.push_back(value);
  }
  ASSERT_FALSE(values.empty());
  EXPECT_THAT(values.back(), IsEmpty());
}

TEST_F(PurgesOfCluster, ManyLeaveInBoundedSteps) {
  Options options;
  options.sweep_max = 3;
  Open(options);
  std::vector<std::string> phones;
  for (int i = 0; i < 20; ++i) phones.push_back("+" + std::to_string(i));
  for (const std::string& phone : phones) Report("a", phone, {phone});
  for (const std::string& phone : phones) Retract("a", phone, {phone});
  Tick(kSeen + kOver);
  EXPECT_THAT(taken_out_, SizeIs(20));
  EXPECT_EQ(most_taken_out_, 3u);
}

TEST_F(PurgesOfCluster, WhatALateWriterTookOutIsWrittenAgain) {
  Report("a", "1", {"+1"});
  Retract("a", "1", {"+1"});
  Tick(kSeen + kOver);
  ASSERT_THAT(taken_out_, SizeIs(1));
  RecheckPurged(KeyOf("+1"));
  EXPECT_FALSE(published_.contains(KeyOf("+1"))) << "it is gone";
  Report("a", "2", {"+1"}, kSeen + kOver);
  const core::Place place = Published("+1").place();
  Open({});
  RecheckPurged(KeyOf("+1"));
  EXPECT_TRUE(Published("+1").has_indicator());
  EXPECT_GT(Published("+1").place(), place);
  RecheckPurged(KeyOf("+77"));
  EXPECT_FALSE(published_.contains(KeyOf("+77"))) << "never heard of";
  // Nobody is as late as that.
  Tick(kSeen + kOver + core::kRemovalsLate + kHour);
  EXPECT_EQ(Kept(), 0u);
}

TEST_F(PurgesOfCluster, ALabelThatALateWriterTookOutIsWrittenAgain) {
  Report("a", "1", {"+1", "+2"});
  const std::string labelled =
      Label("+1") == core::IdentifierId(v1::IDENTIFIER_TYPE_PHONE, "+1") ? "+2" : "+1";
  labels_.clear();
  RecheckPurged(LabelKey(labelled));
  EXPECT_TRUE(labels_.contains(LabelKey(labelled)));
  labels_.clear();
  RecheckPurged(LabelKey("+77"));
  EXPECT_THAT(labels_, IsEmpty());
  EXPECT_EQ(Kept(), 0u);
}

TEST_F(PurgesOfCluster, WhatALateWriterLeftBehindLeavesToo) {
  Report("a", "1", {"+1", "+2"});
  Retract("a", "1", {"+1", "+2"});
  Tick(kSeen + kOver);
  Tick(kSeen + kOver + core::kRemovalsLate + kHour);
  ASSERT_EQ(Kept(), 0u);
  taken_out_.clear();
  RecheckRemoval("+1");
  Envelope label;
  label.add_rechecks()->set_identifier_id(LabelKey("+2"));
  label.mutable_rechecks(0)->set_removed(true);
  label.mutable_rechecks(0)->set_place(1);
  Apply(label);
  // Asked about once more, it waits no longer.
  Tick(kSeen + kOver + 20 * kDay);
  RecheckRemoval("+1");
  Apply(label);
  EXPECT_THAT(taken_out_, IsEmpty());
  Tick(kSeen + kOver + core::kRemovalsLate + 2 * kHour + kOver);
  EXPECT_THAT(taken_out_, testing::UnorderedElementsAre(KeyOf("+1"), LabelKey("+2")));
}

TEST_F(PurgesOfCluster, ARemovalThatTakesBackALateWritersUpsertLeavesToo) {
  Report("a", "1", {"+1"});
  const IndicatorRecord upsert = Published("+1");
  Retract("a", "1", {"+1"});
  Tick(kSeen + kOver);
  Tick(kSeen + kOver + core::kRemovalsLate + 2 * kHour);
  ASSERT_EQ(Kept(), 0u);
  Envelope envelope;
  internal::v1::Recheck& recheck = *envelope.add_rechecks();
  recheck.set_place(upsert.place());
  recheck.set_identifier_id(KeyOf("+1"));
  recheck.set_base_id(KeyOf("+1"));
  recheck.set_type(v1::IDENTIFIER_TYPE_PHONE);
  recheck.set_value("+1");
  Apply(envelope);
  ASSERT_TRUE(Published("+1").has_removed());
  taken_out_.clear();
  Tick(kSeen + 3 * kOver);
  EXPECT_THAT(taken_out_, ElementsAre(KeyOf("+1")));
}

// Against a model that keeps all in a map and looks at every key each time.
TEST(Purges, AreThoseOfAModelWhateverTheSteps) {
  struct Known {
    core::Time from = 0;
    // 0: not yet.
    core::Time taken_out = 0;
  };
  for (uint64_t seed = 0; seed < 200; ++seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](uint64_t end) { return random() % end; };
    const core::Time keep = below(2) == 0 ? kHour : 5 * kDay;
    core::MemoryState state;
    std::optional<Purges> purges(std::in_place, state, keep);
    std::map<std::string, Known> model;
    std::set<std::string> back;
    core::Time now = kSeen;
    // As many whole hours as Purges waits for.
    const auto due = [&](const Known& known) {
      return known.taken_out != 0 ? (known.taken_out + core::kRemovalsLate) / kHour
                                  : (known.from + keep) / kHour + 1;
    };
    for (int step = 0; step < 300; ++step) {
      if (below(10) == 0) {
        purges.emplace(state, keep);
      }
      const std::string key = std::to_string(below(8));
      std::set<std::string> sent;
      for (uint64_t turns = 1 + below(4); turns > 0; --turns) {
        switch (below(4)) {
          case 0:
            purges->Begin(key, {1, 2}, now);
            sent.erase(key);
            model[key] = {.from = now};
            back.erase(key);
            break;
          case 1:
            purges->BeginLate(key, {1, 2}, now);
            if (model.contains(key) && model[key].taken_out != 0) sent.erase(key);
            if (!model.contains(key) || model[key].taken_out != 0) model[key] = {.from = now};
            break;
          case 2:
            back.insert(key);
            break;
          default:
            now += static_cast<core::Time>(below(3 * kDay));
        }
        std::set<std::string> gone;
        for (auto it = model.begin(); it != model.end();) {
          Known& known = it->second;
          if (due(known) > now / kHour) {
            ++it;
          } else if (known.taken_out != 0 || back.contains(it->first)) {
            it = model.erase(it);
          } else {
            gone.insert(it->first);
            known.taken_out = now;
          }
        }
        sent.insert(gone.begin(), gone.end());
        const auto is_gone = [&](std::string_view of, const Id& base) {
          EXPECT_EQ(base, (Id{1, 2}));
          return !back.contains(std::string(of));
        };
        const size_t max = 1 + below(3);
        while (purges->Sweep(now, max, is_gone) == max) {
        }
        if (below(4) == 0) {
          purges->Back(key);
          sent.erase(key);
        }
      }
      core::FakeOutput output(1, 1);
      purges->EndBatch(output);
      std::set<std::string> taken_out;
      for (const auto& [of, value] : output.indicators) {
        EXPECT_THAT(value, IsEmpty());
        EXPECT_TRUE(taken_out.insert(of).second);
      }
      ASSERT_EQ(taken_out, sent) << "seed " << seed << " step " << step;
      for (int i = 0; i < 8; ++i) {
        ASSERT_EQ(purges->BaseOf(std::to_string(i)).has_value(), model.contains(std::to_string(i)));
      }
    }
  }
}

}  // namespace
}  // namespace ringfence::cluster
