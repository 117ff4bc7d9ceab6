#include "services/runtime/foreign_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipelines/core/label_key.h"
#include "pipelines/core/recheck.h"
#include "pipelines/core/referral_key.h"
#include "pipelines/core/stage.h"
#include "ringfence/internal/v1/mailbox.pb.h"
#include "services/runtime/clock.h"
#include "services/runtime/rocks/embedded_log.h"
#include "services/runtime/temporary_folder_testing.h"

namespace ringfence::runtime {
namespace {

using internal::v1::IndicatorRecord;

class Foreign : public testing::Test {
 protected:
  Foreign() {
    EmbeddedLog::Options options;
    options.dir = folder_.path();
    options.memory = MakeRocksMemory({.cache_bytes = 1 << 20, .memtable_bytes = 16 << 20});
    options.clock = SystemNow;
    options.reserve_bytes = 0;
    log_ = *EmbeddedLog::Open(options);
    EXPECT_TRUE(log_->CreateTopic(mailbox_.topic, {}).ok());
    EXPECT_TRUE(log_->CreateTopic(indicators_.topic, {.compacted = true}).ok());
  }
  void Open() {
    auto foreign = ForeignRecords::Open(mailbox_, 0, *log_, metrics_, std::chrono::milliseconds(0));
    ASSERT_TRUE(foreign.ok()) << foreign.status();
    foreign_ = *std::move(foreign);
  }
  AppendRecord Record(const std::string& key, core::Place place, bool removed = false) {
    IndicatorRecord record;
    record.set_place(place);
    record.set_identifier_id(key);
    record.set_base_id("base");
    if (removed) {
      record.mutable_removed()->set_value(key);
    } else {
      record.mutable_indicator()->set_value(key);
    }
    return {indicators_, key, record.SerializeAsString()};
  }
  void AppendAsOther(const AppendRecord& record) { ASSERT_TRUE(log_->Append({record}).ok()); }
  // One turn of the owner, which sends `own`; what it rechecked, KEY@PLACE.
  std::vector<std::string> Turn(std::vector<AppendRecord> own = {}, bool fail = false) {
    EXPECT_TRUE(foreign_->TakeRechecks(own).ok());
    std::vector<std::string> rechecked;
    for (const AppendRecord& record : own) {
      if (record.to != mailbox_) continue;
      internal::v1::Envelope envelope;
      EXPECT_TRUE(envelope.ParseFromString(record.value));
      EXPECT_EQ(envelope.format(), core::kEnvelopeFormat);
      for (const internal::v1::Recheck& recheck : envelope.rechecks()) {
        rechecked.push_back(recheck.value() + "@" + std::to_string(recheck.place()) +
                            (recheck.removed() ? "-" : ""));
      }
    }
    if (fail) return rechecked;
    const auto offsets = log_->Append(own);
    EXPECT_TRUE(offsets.ok());
    foreign_->Appended(own, *offsets);
    return rechecked;
  }

  const TemporaryFolder folder_;
  const TopicPartition mailbox_{std::string(kClusterTopic), 0};
  const TopicPartition indicators_{std::string(kIndicatorsTopic), 0};
  Metrics metrics_;
  std::unique_ptr<EmbeddedLog> log_;
  std::unique_ptr<ForeignRecords> foreign_;
};

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(Foreign, WhatAFormerOwnerWroteIsAskedAboutOnce) {
  AppendAsOther(Record("a", 1));
  AppendAsOther(Record("b", 2, true));
  Open();
  EXPECT_THAT(Turn(), ElementsAre("a@1", "b@2-"));
  EXPECT_THAT(Turn(), IsEmpty());
}

TEST_F(Foreign, ItsOwnRecordsAreNot) {
  Open();
  EXPECT_THAT(Turn({Record("a", 1), Record("b", 1)}), IsEmpty());
  EXPECT_THAT(Turn({Record("c", 2)}), IsEmpty());
  EXPECT_THAT(Turn(), IsEmpty());
}

TEST_F(Foreign, ALateWriterAmongItsOwnIsFound) {
  Open();
  EXPECT_THAT(Turn({Record("a", 5)}), IsEmpty());
  AppendAsOther(Record("a", 3));
  EXPECT_THAT(Turn({Record("b", 6)}), ElementsAre("a@3"));
  AppendAsOther(Record("b", 4));
  EXPECT_THAT(Turn({Record("c", 7)}), ElementsAre("b@4"));
  EXPECT_THAT(Turn(), IsEmpty());
}

TEST_F(Foreign, LabelsAreAskedAboutByTheirKeys) {
  IndicatorRecord record;
  record.set_place(7);
  record.mutable_label()->set_root_lo(1);
  const std::string labelled = core::LabelKeyOf({1, 2}, 0);
  AppendAsOther({indicators_, labelled, record.SerializeAsString()});
  record.mutable_label()->clear_root_lo();
  record.mutable_label()->set_own_since(5);
  const std::string alone = core::LabelKeyOf({1, 3}, 0);
  AppendAsOther({indicators_, alone, record.SerializeAsString()});
  Open();
  std::vector<AppendRecord> sent;
  ASSERT_TRUE(foreign_->TakeRechecks(sent).ok());
  ASSERT_EQ(sent.size(), 1u);
  internal::v1::Envelope envelope;
  ASSERT_TRUE(envelope.ParseFromString(sent.front().value));
  ASSERT_EQ(envelope.rechecks_size(), 2);
  EXPECT_EQ(envelope.rechecks(0).identifier_id(), labelled);
  EXPECT_EQ(envelope.rechecks(0).place(), 7u);
  EXPECT_FALSE(envelope.rechecks(0).removed());
  EXPECT_EQ(envelope.rechecks(1).identifier_id(), alone);
  EXPECT_TRUE(envelope.rechecks(1).removed());
}

TEST_F(Foreign, KeysThatSomebodyElseTookOutAreAskedAbout) {
  const std::string labelled = core::LabelKeyOf({1, 2}, 0);
  const std::string identifier = core::Id{3, 4}.Bytes();
  for (const std::string& key : {labelled, identifier, std::string("another")}) {
    AppendAsOther({indicators_, key, ""});
  }
  Open();
  std::vector<AppendRecord> sent;
  ASSERT_TRUE(foreign_->TakeRechecks(sent).ok());
  ASSERT_EQ(sent.size(), 1u);
  internal::v1::Envelope envelope;
  ASSERT_TRUE(envelope.ParseFromString(sent.front().value));
  std::vector<std::string> keys;
  for (const internal::v1::Recheck& recheck : envelope.rechecks()) {
    EXPECT_TRUE(core::IsPurged(recheck));
    keys.push_back(recheck.identifier_id());
  }
  EXPECT_THAT(keys, testing::UnorderedElementsAre(labelled, identifier));
}

TEST_F(Foreign, AnAppendThatFailedIsTakenAgain) {
  AppendAsOther(Record("a", 1));
  Open();
  EXPECT_THAT(Turn({}, true), ElementsAre("a@1"));
  EXPECT_THAT(Turn(), ElementsAre("a@1"));
  EXPECT_THAT(Turn(), IsEmpty());
}

TEST_F(Foreign, TheNextOwnerBeginsWhereThisOneEnded) {
  AppendAsOther(Record("a", 1));
  Open();
  EXPECT_THAT(Turn({Record("b", 2)}), ElementsAre("a@1"));
  ASSERT_TRUE(foreign_->Commit().ok());
  AppendAsOther(Record("c", 1));
  Open();
  EXPECT_THAT(Turn(), ElementsAre("c@1"));
}

TEST_F(Foreign, MarksAreNoIdentifiers) {
  IndicatorRecord mark;
  mark.set_mark(5);
  AppendAsOther({indicators_, std::string(1, '\0'), mark.SerializeAsString()});
  Open();
  EXPECT_THAT(Turn(), IsEmpty());
}

TEST_F(Foreign, WhatIsFrozenForAReferralIsAskedAboutByItsKey) {
  const std::string frozen = core::ReferralKeyOf("0123456789abcdef", core::Id{1, 2});
  const std::string removed = core::ReferralKeyOf("0123456789abcdef", core::Id{3, 4});
  IndicatorRecord record;
  record.mutable_referral()->set_hold_id("0123456789abcdef");
  AppendAsOther({indicators_, frozen, record.SerializeAsString()});
  AppendAsOther({indicators_, removed, ""});
  Open();
  std::vector<AppendRecord> sent;
  ASSERT_TRUE(foreign_->TakeRechecks(sent).ok());
  ASSERT_EQ(sent.size(), 1u);
  internal::v1::Envelope envelope;
  ASSERT_TRUE(envelope.ParseFromString(sent[0].value));
  ASSERT_EQ(envelope.rechecks_size(), 1);
  EXPECT_EQ(envelope.rechecks(0).identifier_id(), frozen);
}

// Each answer is a record more: what is written often would be answered as often, and be there for
// the next owner again.
TEST_F(Foreign, AKeyIsAskedAboutOnceAPassHoweverOftenItWasWritten) {
  std::vector<AppendRecord> many;
  for (core::Place place = 1; place <= 2'000; ++place) {
    many.push_back(Record("a", 10 + place));
    many.push_back(Record("b", 10 + place));
  }
  many.push_back(Record("a", 5));
  many.push_back(Record("b", 9'000, true));
  many.push_back(Record("c", 1));
  ASSERT_TRUE(log_->Append(many).ok());
  Open();
  EXPECT_THAT(Turn(), ElementsAre("a@260", "b@260"));
  // What it answers stands behind; what others write meanwhile is asked about in the next pass.
  AppendAsOther(Record("a", 400));
  EXPECT_THAT(Turn({Record("a", 3'000)}), ElementsAre("a@5", "b@9000-", "c@1"));
  EXPECT_THAT(Turn(), ElementsAre("a@400"));
  EXPECT_THAT(Turn(), IsEmpty());
}

TEST_F(Foreign, WhatWasNotSentHasNotBeenAskedAbout) {
  std::vector<AppendRecord> many;
  for (int i = 0; i < 600; ++i) many.push_back(Record("a", 7));
  ASSERT_TRUE(log_->Append(many).ok());
  Open();
  EXPECT_THAT(Turn({}, true), ElementsAre("a@7"));
  EXPECT_THAT(Turn({}, true), ElementsAre("a@7"));
  EXPECT_THAT(Turn(), ElementsAre("a@7"));
  EXPECT_THAT(Turn(), IsEmpty());
}

TEST_F(Foreign, ManyAreTakenInBoundedSteps) {
  std::vector<AppendRecord> many;
  for (int i = 0; i < 1'200; ++i) many.push_back(Record("k" + std::to_string(i), 1));
  ASSERT_TRUE(log_->Append(many).ok());
  Open();
  EXPECT_EQ(Turn().size(), 500u);
  EXPECT_EQ(Turn().size(), 500u);
  EXPECT_EQ(Turn().size(), 200u);
  EXPECT_THAT(Turn(), IsEmpty());
}

}  // namespace
}  // namespace ringfence::runtime
