#include "services/intake/known_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "ringfence/internal/v1/decision.pb.h"
#include "ringfence/internal/v1/mailbox.pb.h"
#include "services/intake/log_testing.h"

namespace ringfence::intake_service {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr core::Time kNow = 20'000 * core::kDay;
constexpr int32_t kPartitions = 2;

core::Id Number(const std::string& value) {
  return core::IdentifierId(v1::IDENTIFIER_TYPE_PHONE, value);
}

class KnownSets : public LogTest {
 protected:
  KnownSets() : LogTest(kNow) {}
  void MakeTopics() {
    Make(runtime::kIndicatorsTopic, kPartitions);
    Make(runtime::kOverridesTopic, 1);
  }
  void Make(std::string_view topic, int32_t partitions) {
    ASSERT_TRUE(
        embedded_->CreateTopic(std::string(topic), {.partitions = partitions, .compacted = true})
            .ok());
  }
  void Append(std::string_view topic, int32_t partition, const std::string& key,
              const std::string& value) {
    ASSERT_TRUE(embedded_->Append({{{std::string(topic), partition}, key, value}}).ok());
  }
  void List(const std::string& value, v1::Action action, core::Time since) {
    internal::v1::IndicatorRecord record;
    record.mutable_indicator()->set_action(action);
    *record.mutable_indicator()->mutable_action_since() = core::ToProto(since);
    const core::Id id = Number(value);
    Append(runtime::kIndicatorsTopic, static_cast<int32_t>(id.lo % kPartitions), id.Bytes(),
           record.SerializeAsString());
  }
  void Receive(const std::string& consumer, core::Time since) {
    internal::v1::DecisionRecord record;
    record.mutable_set_receiver()->set_receiver(consumer);
    record.mutable_set_receiver()->set_since(since);
    Append(runtime::kOverridesTopic, 0, "c" + consumer, record.SerializeAsString());
  }
  void Start(const KnownSet::Options& options = {}) {
    known_.reset();
    known_ = std::make_unique<KnownSet>(options, *log_);
  }
  bool EventuallyComplete() {
    return Eventually([&] { return known_->is_complete(); });
  }

  std::unique_ptr<KnownSet> known_;
};

TEST_F(KnownSets, KnowsWhatTheLogHeldWhenItIsComplete) {
  MakeTopics();
  for (int i = 0; i < 50; ++i) List("+1" + std::to_string(i), v1::ACTION_BLOCK, kNow);
  List("+2", v1::ACTION_MONITOR, kNow);
  Receive("harbour/edge", kNow - 5);
  Start({.records_max = 7});
  ASSERT_TRUE(EventuallyComplete());
  EXPECT_THAT(known_->receivers(), ElementsAre(Pair("harbour/edge", kNow - 5)));
  for (int i = 0; i < 50; ++i) {
    EXPECT_TRUE(known_->ListedBefore(Number("+1" + std::to_string(i)), kNow + 1));
  }
  EXPECT_FALSE(known_->ListedBefore(Number("+10"), kNow)) << "listed at that very time";
  EXPECT_TRUE(known_->Contains(Number("+2")));
  EXPECT_FALSE(known_->ListedBefore(Number("+2"), kNow + 1)) << "at MONITOR nobody acts on it";
  EXPECT_FALSE(known_->Contains(Number("+3")));
}

TEST_F(KnownSets, WhereAnOrganisationTakesTheSetItsPartnersDo) {
  MakeTopics();
  Receive("harbour", kNow - 5);
  internal::v1::DecisionRecord record;
  internal::v1::Organisations::Member& member = *record.mutable_organisations()->add_members();
  member.set_partner("harbour-bank");
  member.set_organisation("harbour");
  Append(runtime::kOverridesTopic, 0, "organisations", record.SerializeAsString());
  Start();
  ASSERT_TRUE(EventuallyComplete());
  EXPECT_THAT(known_->receivers(),
              ElementsAre(Pair("harbour", kNow - 5), Pair("harbour-bank", kNow - 5)));
}

TEST_F(KnownSets, FollowsWhatChangesAndWhatGoes) {
  MakeTopics();
  Receive("harbour", kNow);
  Start();
  ASSERT_TRUE(EventuallyComplete());
  List("+1", v1::ACTION_CHALLENGE, kNow);
  ASSERT_TRUE(Eventually([&] { return known_->ListedBefore(Number("+1"), kNow + 1); }));
  internal::v1::IndicatorRecord removed;
  removed.mutable_removed()->set_reason("retracted");
  const core::Id id = Number("+1");
  Append(runtime::kIndicatorsTopic, static_cast<int32_t>(id.lo % kPartitions), id.Bytes(),
         removed.SerializeAsString());
  ASSERT_TRUE(Eventually([&] { return !known_->Contains(Number("+1")); }));
}

TEST_F(KnownSets, ReadsTheSetOnceSomebodyTakesIt) {
  MakeTopics();
  List("+1", v1::ACTION_BLOCK, kNow - core::kDay);
  Start();
  ASSERT_TRUE(EventuallyComplete());
  EXPECT_FALSE(known_->Contains(Number("+1")));
  Receive("harbour", kNow);
  ASSERT_TRUE(Eventually([&] { return known_->Contains(Number("+1")); }));
  ASSERT_TRUE(EventuallyComplete());
  Start({.needs_indicators = true});
  ASSERT_TRUE(EventuallyComplete());
  EXPECT_TRUE(known_->Contains(Number("+1")));
}

TEST_F(KnownSets, TopicsThatAreNotThereYetAreEmpty) {
  Start({.needs_indicators = true});
  ASSERT_TRUE(EventuallyComplete());
  MakeTopics();
  List("+1", v1::ACTION_BLOCK, kNow);
  ASSERT_TRUE(Eventually([&] { return known_->Contains(Number("+1")); }));
}

TEST_F(KnownSets, IsNotCompleteWhileTheLogDoesNotAnswer) {
  MakeTopics();
  Receive("harbour", kNow);
  log_->FailReads(absl::StatusCode::kUnavailable);
  Start();
  ASSERT_TRUE(Eventually([&] { return log_->failed() >= 2; }));
  EXPECT_FALSE(known_->is_complete());
  log_->FailReads(absl::StatusCode::kOk);
  ASSERT_TRUE(EventuallyComplete());
}

}  // namespace
}  // namespace ringfence::intake_service
