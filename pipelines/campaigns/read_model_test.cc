#include "pipelines/campaigns/read_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipelines/campaigns/read_view.h"
#include "pipelines/campaigns/record_testing.h"
#include "pipelines/core/memory_state.h"
#include "pipelines/core/referral_key.h"

namespace ringfence::campaigns {
namespace {

using internal::v1::IndicatorRecord;
using testing::ElementsAre;
using testing::IsEmpty;

class ReadModelTest : public testing::Test {
 protected:
  std::optional<Change> Apply(const IndicatorRecord& record, int32_t partition = 0) {
    const absl::StatusOr<Changes> changes =
        ApplyWritten(model_, partition, offsets_[partition], record);
    EXPECT_TRUE(changes.ok()) << changes.status();
    model_.EndBatch();
    return changes.ok() && !changes->empty() ? std::optional(changes->back()) : std::nullopt;
  }
  ReadView View() { return ReadView(state_, names_); }
  std::vector<std::string> ChangedValues(int64_t offset) {
    std::vector<std::string> values;
    View().Changes(0, offset, [&](const core::Id& id, const Row& row) {
      const IndicatorRecord record = *View().Find(id);
      values.push_back(row.removed ? "-" + record.removed().value()
                                   : "+" + record.indicator().value());
      return true;
    });
    return values;
  }
  Label LabelOfValue(const std::string& root) {
    return {core::IdentifierId(v1::IDENTIFIER_TYPE_PHONE, root), 0};
  }

  core::MemoryState state_;
  ReadModel model_{state_};
  CampaignNames names_{{}};
  std::map<int32_t, int64_t> offsets_;
};

TEST_F(ReadModelTest, KeepsTheRecordWithTheGreatestPlace) {
  const std::optional<Change> first = Apply(Upsert({.value = "+1", .place = 10, .score = 500}));
  ASSERT_TRUE(first.has_value());
  EXPECT_FALSE(first->before.has_value());
  EXPECT_EQ(first->after->score, 500u);

  EXPECT_FALSE(Apply(Upsert({.value = "+1", .place = 9, .score = 900})).has_value());
  EXPECT_EQ(View().Lookup(IdOf({.value = "+1"}))->score(), 500u);

  const std::optional<Change> later = Apply(Upsert({.value = "+1", .place = 11, .score = 600}));
  EXPECT_EQ(later->before->score, 500u);
  EXPECT_EQ(View().Lookup(IdOf({.value = "+1"}))->score(), 600u);
}

// A report that dedupe has frozen, or, where `done`, its word that there are no more than so many.
std::pair<std::string, std::string> Frozen(uint64_t report, std::optional<uint64_t> done = {}) {
  const std::string hold = "0123456789abcdef";
  IndicatorRecord record;
  record.set_format(core::kRecordFormat);
  record.mutable_referral()->set_hold_id(hold);
  record.mutable_referral()->set_report_lo(report);
  if (!done) return {core::ReferralKeyOf(hold, core::Id{0, report}), record.SerializeAsString()};
  record.mutable_referral()->set_done(true);
  record.mutable_referral()->set_reports(*done);
  return {core::ReferralKeyOf(hold, uint32_t{0}), record.SerializeAsString()};
}

TEST_F(ReadModelTest, WhatIsFrozenIsThereOnceAllOfItIs) {
  const auto apply = [this](const std::pair<std::string, std::string>& record) {
    EXPECT_TRUE(model_.Apply(0, offsets_[0]++, record.first, record.second).ok());
    model_.EndBatch();
  };
  apply(Frozen(2));
  EXPECT_FALSE(View().FrozenReports("0123456789abcdef", 1).has_value());
  apply(Frozen(0, 2));
  EXPECT_FALSE(View().FrozenReports("0123456789abcdef", 1).has_value()) << "one is missing";
  apply(Frozen(1));
  const auto reports = View().FrozenReports("0123456789abcdef", 1);
  ASSERT_TRUE(reports.has_value());
  ASSERT_EQ(reports->size(), 2u);
  EXPECT_EQ(reports->front().report_lo(), 1u);
  EXPECT_FALSE(View().FrozenReports("0123456789abcdef", 2).has_value()) << "a partition is silent";
  EXPECT_THAT(View().AllIndicators(), IsEmpty());
  // Let go: the log's own removals.
  for (auto [key, value] : {Frozen(1), Frozen(2), Frozen(0, 2)}) apply({key, ""});
  EXPECT_FALSE(View().FrozenReports("0123456789abcdef", 1).has_value());
}

TEST_F(ReadModelTest, WhatIsFrozenInAnUnknownFormIsRefused) {
  auto [key, value] = Frozen(1);
  EXPECT_EQ(model_.Apply(0, 0, key, "no record").status().code(), absl::StatusCode::kDataLoss);
  IndicatorRecord record;
  record.ParseFromString(value);
  record.set_format(core::kRecordFormat + 1);
  EXPECT_EQ(model_.Apply(0, 0, key, record.SerializeAsString()).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(ReadModelTest, ARemovalIsNotUndoneByALateWriter) {
  Apply(Upsert({.value = "+1", .place = 10}));
  const std::optional<Change> removal = Apply(Removal({.value = "+1", .place = 12}, "expired"));
  EXPECT_TRUE(removal->before.has_value());
  EXPECT_FALSE(removal->after.has_value());
  EXPECT_FALSE(Apply(Upsert({.value = "+1", .place = 11})).has_value());
  EXPECT_FALSE(View().Lookup(IdOf({.value = "+1"})).has_value());
  EXPECT_EQ(View().Find(IdOf({.value = "+1"}))->removed().reason(), "expired");
}

TEST_F(ReadModelTest, TheSameOffsetOrTheSameBytesChangeNothing) {
  const IndicatorRecord record = Upsert({.value = "+1", .place = 10});
  Apply(record);
  EXPECT_FALSE(Apply(record).has_value());
  int64_t applied = 0;
  auto again = ApplyWritten(model_, 0, applied, Upsert({.value = "+1", .place = 99}));
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->empty()) << "the offset has been applied";
  EXPECT_EQ(model_.ProgressOf(0).next_offset, 2);
}

TEST_F(ReadModelTest, ForgetsRemovalsOnceTheyAreOldAndSaysFromWhereItRemembers) {
  Apply(Upsert({.value = "+1", .place = 10}));
  Apply(Removal({.value = "+1", .place = 11}, "expired", kNow));
  Apply(Removal({.value = "+2", .place = 12}, "expired", kNow + core::kDay));
  Apply(Mark(kNow + 7 * core::kDay));
  EXPECT_TRUE(View().Find(IdOf({.value = "+1"})).has_value());
  EXPECT_EQ(View().ProgressOf(0).remembered_from, 0);

  Apply(Mark(kNow + 7 * core::kDay + 1));
  EXPECT_FALSE(View().Find(IdOf({.value = "+1"})).has_value());
  EXPECT_TRUE(View().Find(IdOf({.value = "+2"})).has_value());
  EXPECT_EQ(View().ProgressOf(0).remembered_from, 2);
  EXPECT_THAT(ChangedValues(2), ElementsAre("-+2"));

  Apply(Mark(kNow + 30 * core::kDay));
  EXPECT_EQ(View().ProgressOf(0).remembered_from, 3);
  EXPECT_EQ(View().ProgressOf(0).mark, kNow + 30 * core::kDay);
}

TEST_F(ReadModelTest, ForgetsOnlySoMuchAtOnce) {
  core::MemoryState state;
  ReadModel model(state, {.removals_kept = core::kDay, .forget_max = 2});
  int64_t offset = 0;
  for (int i = 0; i < 5; ++i) {
    const IndicatorRecord removal = Removal({.value = std::to_string(i)}, "expired");
    ASSERT_TRUE(ApplyWritten(model, 0, offset, removal).ok());
  }
  const auto marked = [&] {
    EXPECT_TRUE(ApplyWritten(model, 0, offset, Mark(kNow + 3 * core::kDay)).ok());
    model.EndBatch();
    return ReadView(state, names_).ProgressOf(0).remembered_from;
  };
  std::vector<int64_t> remembered = {marked(), marked(), marked()};
  EXPECT_GT(remembered[0], 0);
  EXPECT_EQ(remembered[2], 5);
  int rows = 0;
  ReadView(state, names_).Rows({}, {~uint64_t{0}, 0}, [&](const core::Id&, const Row&) {
    ++rows;
    return true;
  });
  EXPECT_EQ(rows, 0);
}

TEST_F(ReadModelTest, ChangesStandInTheLogsOrderEachIdentifierOnce) {
  Apply(Upsert({.value = "+1", .place = 10}));
  Apply(Upsert({.value = "+2", .place = 11}));
  Apply(Upsert({.value = "+3", .place = 12}));
  Apply(Upsert({.value = "+1", .place = 13}));
  Apply(Removal({.value = "+2", .place = 14}, "retracted"));
  EXPECT_THAT(ChangedValues(0), ElementsAre("++3", "++1", "-+2"));
  EXPECT_THAT(ChangedValues(3), ElementsAre("++1", "-+2"));
  EXPECT_THAT(ChangedValues(5), IsEmpty());
}

TEST_F(ReadModelTest, OneBaseAloneIsNoCampaign) {
  constexpr v1::IdentifierType kHost = v1::IDENTIFIER_TYPE_DOMAIN;
  const Label label{core::IdentifierId(kHost, "r"), 0};
  Apply(Upsert({.type = kHost, .value = "a.b", .root = "r", .base = "b"}));
  Apply(Upsert({.type = kHost, .value = "c.b", .root = "r", .base = "b"}));
  EXPECT_FALSE(View().CampaignOf(label).has_value());
  EXPECT_EQ(View().Lookup(IdOf({.type = kHost, .value = "a.b"}))->campaign_id(), "");
  EXPECT_EQ(View().Campaigns(), 0u);

  Apply(Upsert({.type = kHost, .value = "d", .root = "r"}));
  ASSERT_TRUE(View().CampaignOf(label).has_value());
  EXPECT_EQ(View().CampaignOf(label)->indicators(), 3u);
  EXPECT_EQ(View().Campaigns(), 1u);

  Apply(Removal({.type = kHost, .value = "d", .place = 2}, "expired"));
  EXPECT_FALSE(View().CampaignOf(label).has_value());
  EXPECT_EQ(View().Campaigns(), 0u);
}

TEST_F(ReadModelTest, IsNamedAfterItsOldestMemberAndAnOldNameLeadsToIt) {
  Apply(Upsert({.value = "+1", .first_seen = kNow - 10, .root = "+1"}));
  Apply(Upsert({.value = "+2", .first_seen = kNow - 20, .root = "+1"}));
  const std::string first_name = names_.NameOf(IdOf({.value = "+2"}));
  EXPECT_EQ(View().Lookup(IdOf({.value = "+1"}))->campaign_id(), first_name);
  EXPECT_EQ(core::FromProto(View().CampaignOf(LabelOfValue("+1"))->first_seen()), kNow - 20);

  // A merge with an older campaign: the older name stays.
  Apply(Upsert({.value = "+3", .first_seen = kNow - 99, .root = "+3"}));
  for (const char* value : {"+1", "+2"})
    Apply(Upsert({.value = value, .place = 2, .first_seen = kNow - 10, .root = "+3"}));
  const std::string name = names_.NameOf(IdOf({.value = "+3"}));
  ASSERT_EQ(View().LabelOfCampaign(first_name), LabelOfValue("+3"));
  EXPECT_EQ(View().CampaignOf(LabelOfValue("+3"))->campaign_id(), name);
  EXPECT_FALSE(View().CampaignOf(LabelOfValue("+1")).has_value());
  EXPECT_FALSE(View().LabelOfCampaign(names_.NameOf(IdOf({.value = "+4"}))).has_value());
  EXPECT_FALSE(View().LabelOfCampaign("nonsense").has_value());
}

TEST_F(ReadModelTest, ALabelMovesAllThatStandsOnItsNode) {
  const RecordSpec first{.type = v1::IDENTIFIER_TYPE_DOMAIN,
                         .value = "a.x.example",
                         .root = "+9",
                         .base = "x.example"};
  RecordSpec second = first;
  second.value = "b.x.example";
  Apply(Upsert(first));
  Apply(Upsert(second));
  Apply(Upsert({.value = "+1", .root = "+9"}));
  const Label node = NodeOf(Upsert(first));
  const Label other = LabelOfValue("+2");
  Apply(Upsert({.value = "+2", .root = "+2"}));
  const int64_t offset = offsets_[0];
  const auto changes = model_.Apply(0, offsets_[0]++, core::LabelKeyOf(node.root, node.day),
                                    LabelRecord(node, other, 2).SerializeAsString(), kNow);
  ASSERT_TRUE(changes.ok());
  model_.EndBatch();
  ASSERT_EQ(changes->size(), 1u);
  EXPECT_EQ(changes->front().node, node);
  EXPECT_EQ(View().Standers(node), 2u);
  EXPECT_THAT(ChangedValues(offset), testing::UnorderedElementsAre("+a.x.example", "+b.x.example"));
  ASSERT_TRUE(View().CampaignOf(other).has_value());
  EXPECT_EQ(View().CampaignOf(other)->indicators(), 3u);
  EXPECT_EQ(View().Find(IdOf(first))->root_hi(), other.root.hi);
}

// A late writer's label comes after the word that the node is one by itself.
TEST_F(ReadModelTest, ThatANodeIsOneByItselfIsNotUndoneByALateWriterAndForgottenOnceItIsOld) {
  Apply(Upsert({.value = "+1", .root = "+2"}));
  Apply(Upsert({.value = "+2", .root = "+2"}));
  const Label node = LabelOfValue("+1");
  const auto say = [&](const Label& label, core::Place place) {
    EXPECT_TRUE(model_
                    .Apply(0, offsets_[0]++, core::LabelKeyOf(node.root, node.day),
                           LabelRecord(node, label, place).SerializeAsString())
                    .ok());
    model_.EndBatch();
  };
  EXPECT_EQ(View().Campaigns(), 1u);
  say(node, 9);
  EXPECT_EQ(View().Campaigns(), 0u);
  say(LabelOfValue("+2"), 8);
  EXPECT_EQ(View().Campaigns(), 0u);
  Apply(Mark(kNow + 7 * core::kDay));
  say(LabelOfValue("+2"), 8);
  EXPECT_EQ(View().Campaigns(), 0u);
  Apply(Mark(kNow + 7 * core::kDay + 1));
  say(LabelOfValue("+2"), 8);
  EXPECT_EQ(View().Campaigns(), 1u);
}

// What stands on a node that is one by itself keeps its place in the log's order when that is
// forgotten; where nothing stands, nothing is left.
TEST_F(ReadModelTest, ThatANodeIsOneByItselfIsForgottenButNotWhereWhatStandsThereStands) {
  const auto say = [&](const RecordSpec& spec) {
    const Label node{IdOf(spec), 0};
    EXPECT_TRUE(model_
                    .Apply(0, offsets_[0]++, core::LabelKeyOf(node.root, node.day),
                           LabelRecord(node, node, 9).SerializeAsString())
                    .ok());
    model_.EndBatch();
  };
  const size_t empty = [&] {
    Apply(Mark(kNow));
    return state_.size();
  }();
  const RecordSpec phone{.value = "+1", .root = "+2"};
  const RecordSpec host{.type = v1::IDENTIFIER_TYPE_DOMAIN, .value = "x.example", .root = "r"};
  Apply(Upsert(phone));
  Apply(Upsert(host));
  Apply(Upsert({.value = "+3"}));
  say(host);
  say(phone);
  EXPECT_THAT(ChangedValues(0), ElementsAre("++3", "+x.example", "++1"));
  Apply(Mark(kNow + 8 * core::kDay));
  EXPECT_THAT(ChangedValues(0), ElementsAre("++3", "+x.example", "++1"));
  for (RecordSpec spec : {phone, host, RecordSpec{.value = "+3"}}) {
    spec.place = 10;
    Apply(Removal(spec, "expired"));
  }
  Apply(Mark(kNow + 9 * core::kDay));
  EXPECT_EQ(state_.size(), empty);
}

// Passes on, and counts.
class CountingState : public core::State {
 public:
  explicit CountingState(core::State& state) : state_(state) {}
  std::optional<std::string> Get(std::string_view key) override {
    ++count_;
    return state_.Get(key);
  }
  void Put(std::string_view key, std::string_view value) override {
    ++count_;
    state_.Put(key, value);
  }
  void Delete(std::string_view key) override {
    ++count_;
    state_.Delete(key);
  }
  void Scan(std::string_view from, std::string_view until, const Visitor& visit) override {
    ++count_;
    state_.Scan(from, until, [&](std::string_view key, std::string_view value) {
      ++count_;
      return visit(key, value);
    });
  }
  int Take() { return std::exchange(count_, 0); }

 private:
  core::State& state_;
  int count_ = 0;
};

// What is asked of the state for a label of a domain with so many hosts, for one more host, for
// that which was seen last and first once more, and for its removal.
std::vector<int> CostsWith(int hosts) {
  core::MemoryState memory;
  CountingState state(memory);
  // A new one for each, so that none has anything in memory.
  std::optional<ReadModel> model;
  int64_t offset = 0;
  std::vector<int> costs;
  const auto apply = [&](const IndicatorRecord& record) {
    EXPECT_TRUE(ApplyWritten(*model, 0, offset, record).ok());
  };
  const auto end_batch = [&] {
    model->EndBatch();
    costs.push_back(state.Take());
    model.emplace(state);
  };
  model.emplace(state);
  constexpr v1::IdentifierType kHost = v1::IDENTIFIER_TYPE_DOMAIN;
  RecordSpec spec{.type = kHost, .value = {}, .root = "r", .base = "x.example"};
  for (int i = 0; i < hosts; ++i) {
    spec.value = std::to_string(i) + ".x.example";
    spec.first_seen = kNow - core::kDay - i;
    spec.last_seen = kNow + i;
    apply(Upsert(spec));
  }
  apply(Upsert({.type = kHost, .value = "r", .root = "r"}));
  apply(Upsert({.type = kHost, .value = "s", .root = "s"}));
  end_batch();
  costs.clear();
  const Label node = NodeOf(Upsert(spec));
  EXPECT_TRUE(
      model
          ->Apply(0, offset++, core::LabelKeyOf(node.root, node.day),
                  LabelRecord(node, {core::IdentifierId(kHost, "s"), 0}, 2).SerializeAsString())
          .ok());
  end_batch();
  spec.root = "s";
  spec.place = 3;
  spec.last_seen = kNow;
  apply(Upsert(spec));
  end_batch();
  spec.place = 4;
  apply(Removal(spec, "expired"));
  end_batch();
  return costs;
}

TEST(ReadModelCosts, ARecordCostsTheSameWhateverStandsOnTheNode) {
  EXPECT_EQ(CostsWith(10), CostsWith(2'000));
}

TEST_F(ReadModelTest, TheSameAgeIsDecidedByTheId) {
  Apply(Upsert({.value = "+1", .root = "+1"}));
  Apply(Upsert({.value = "+2", .root = "+1"}));
  const core::Id least = std::min(IdOf({.value = "+1"}), IdOf({.value = "+2"}));
  EXPECT_EQ(View().CampaignOf(LabelOfValue("+1"))->campaign_id(), names_.NameOf(least));
}

TEST_F(ReadModelTest, TheLatestSightingGoesWithItsMember) {
  Apply(Upsert({.value = "+1", .last_seen = kNow - 5, .root = "+1"}));
  Apply(Upsert({.value = "+2", .last_seen = kNow - 3, .root = "+1"}));
  Apply(Upsert({.value = "+3", .last_seen = kNow - 1, .root = "+1"}));
  const auto last_seen = [&] {
    return core::FromProto(View().CampaignOf(LabelOfValue("+1"))->last_seen());
  };
  EXPECT_EQ(last_seen(), kNow - 1);
  Apply(Upsert({.value = "+3", .place = 2, .last_seen = kNow - 4, .root = "+1"}));
  EXPECT_EQ(last_seen(), kNow - 3);
  Apply(Removal({.value = "+2", .place = 3}, "retracted"));
  EXPECT_EQ(last_seen(), kNow - 4);
}

TEST_F(ReadModelTest, MembersComeBestScoreFirstAndOnlyAsFarAsCleared) {
  Apply(Upsert({.value = "+1", .score = 100, .first_seen = kNow - 5, .root = "+1"}));
  Apply(Upsert({.value = "+2", .score = 900, .first_seen = kNow - 4, .root = "+1"}));
  Apply(Upsert({.value = "+3", .score = 900, .first_seen = kNow - 9, .root = "+1"}));
  Apply(Upsert({.value = "+4", .score = 999, .tlp = v1::TLP_RED, .root = "+1"}));
  const auto values = [&](size_t max, v1::Tlp max_tlp) {
    std::vector<std::string> shown;
    for (const v1::Indicator& member : View().Members(LabelOfValue("+1"), max, max_tlp))
      shown.push_back(member.value());
    return shown;
  };
  EXPECT_THAT(values(10, v1::TLP_AMBER_STRICT), ElementsAre("+3", "+2", "+1"));
  EXPECT_THAT(values(2, v1::TLP_AMBER_STRICT), ElementsAre("+3", "+2"));
  EXPECT_THAT(values(1, v1::TLP_RED), ElementsAre("+4"));
  EXPECT_THAT(values(0, v1::TLP_RED), IsEmpty());
  EXPECT_EQ(View().CampaignOf(LabelOfValue("+1"))->tlp(), v1::TLP_RED);
}

TEST_F(ReadModelTest, SumsOfAmountsMayBeLongerThanAnAmount) {
  IndicatorRecord record = Upsert({.value = "+1", .root = "+1"});
  v1::AmountTotal& loss = *record.mutable_share()->add_losses();
  loss.set_currency("USD");
  loss.set_amount("99999999999999999999.5");
  Apply(record);
  Apply(Upsert({.value = "+2", .root = "+1"}));
  record.set_identifier_id(core::IdentifierId(v1::IDENTIFIER_TYPE_PHONE, "+3").Bytes());
  record.set_base_id(record.identifier_id());
  Apply(record);
  EXPECT_EQ(View().CampaignOf(LabelOfValue("+1"))->losses(0).amount(), "199999999999999999999");
}

TEST_F(ReadModelTest, RefusesWhatItCannotReadAndChangesNothing) {
  const std::string key = IdOf({.value = "+1"}).Bytes();
  const auto code = [&](const IndicatorRecord& record, const std::string& under) {
    return model_.Apply(0, 0, under, record.SerializeAsString()).status().code();
  };
  IndicatorRecord record = Upsert({.value = "+1"});
  EXPECT_EQ(model_.Apply(0, 0, key, "\xff\xff").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(code(record, "other key"), absl::StatusCode::kDataLoss);
  record.set_format(core::kRecordFormat + 1);
  EXPECT_EQ(code(record, key), absl::StatusCode::kFailedPrecondition);
  record = Upsert({.value = "+1"});
  record.clear_indicator();
  EXPECT_EQ(code(record, key), absl::StatusCode::kDataLoss);
  record = Upsert({.value = "+1", .base = "+2"});
  record.set_labelled(true);
  EXPECT_EQ(code(record, key), absl::StatusCode::kDataLoss);
  record = Upsert({.value = "+1"});
  record.mutable_share()->add_losses()->set_amount("-1");
  EXPECT_EQ(code(record, key), absl::StatusCode::kDataLoss);
  EXPECT_EQ(code(Upsert({.value = "+1"}), core::LabelKeyOf(IdOf({.value = "+1"}), 0)),
            absl::StatusCode::kDataLoss);
  EXPECT_EQ(model_.ProgressOf(0).next_offset, 0);
  EXPECT_EQ(state_.size(), 0u);
}

TEST_F(ReadModelTest, PassesTheLogsOwnTombstones) {
  ASSERT_TRUE(model_.Apply(0, 7, IdOf({.value = "+1"}).Bytes(), "").ok());
  EXPECT_EQ(model_.ProgressOf(0).next_offset, 8);
}

TEST_F(ReadModelTest, BeginsWhereTheLogBegins) {
  model_.BeginAt(3, 40, 0);
  model_.EndBatch();
  EXPECT_EQ(View().ProgressOf(3).next_offset, 40);
  EXPECT_EQ(View().ProgressOf(3).remembered_from, 40);
}

}  // namespace
}  // namespace ringfence::campaigns
