#include "services/intake/known_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "ringfence/internal/v1/decision.pb.h"
#include "ringfence/internal/v1/mailbox.pb.h"
#include "services/runtime/clock.h"
#include "services/runtime/faulty_log_testing.h"
#include "services/runtime/reaction.h"
#include "services/runtime/rocks/embedded_log.h"
#include "services/runtime/temporary_folder_testing.h"

namespace ringfence::intake_service {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr core::Time kNow = 20'000 * core::kDay;
constexpr int32_t kPartitions = 2;

core::Id Number(const std::string& value) {
  return core::IdentifierId(v1::IDENTIFIER_TYPE_PHONE, value);
}

class KnownSets : public testing::Test {
 protected:
  KnownSets() {
    runtime::EmbeddedLog::Options options;
    options.dir = folder_.path();
    options.memory = runtime::MakeRocksMemory({.cache_bytes = 1 << 20, .memtable_bytes = 16 << 20});
    options.clock = clock_.AsClock();
    options.reserve_bytes = 0;
    auto log = runtime::EmbeddedLog::Open(options);
    EXPECT_TRUE(log.ok()) << log.status();
    embedded_ = *std::move(log);
    log_ = std::make_unique<runtime::FaultyLog>(*embedded_);
  }
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
  template <typename Condition>
  static bool Eventually(const Condition& done) {
    for (int i = 0; i < 60'000; ++i) {
      if (done()) return true;
      runtime::SleepUnlessStopped({}, std::chrono::milliseconds(1));
    }
    return false;
  }
  bool EventuallyComplete() {
    return Eventually([&] { return known_->is_complete(); });
  }

  const runtime::TemporaryFolder folder_;
  runtime::ManualClock clock_{kNow};
  std::unique_ptr<runtime::EmbeddedLog> embedded_;
  std::unique_ptr<runtime::FaultyLog> log_;
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
