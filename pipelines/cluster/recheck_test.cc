// What an owner asks about records that others wrote.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>

#include "pipelines/cluster/cluster.h"
#include "pipelines/cluster/clusters_testing.h"
#include "pipelines/core/id.h"
#include "pipelines/core/label_key.h"

namespace ringfence::cluster {
namespace {

using internal::v1::Envelope;
using internal::v1::IndicatorRecord;

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

}  // namespace
}  // namespace ringfence::cluster
