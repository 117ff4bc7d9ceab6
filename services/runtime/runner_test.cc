#include "services/runtime/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "pipelines/core/envelope.h"
#include "services/runtime/faulty_log_testing.h"
#include "services/runtime/rocks/embedded_log.h"
#include "services/runtime/temporary_folder_testing.h"

namespace ringfence::runtime {
namespace {

// Counts partners' names, and publishes each count under the name. "damaged" is an error.
class CountingStage : public core::Stage {
 public:
  explicit CountingStage(core::State& state) : state_(state), clock_(state) {}

  absl::Status Apply(const core::Record& record, core::Output&) override {
    google::protobuf::Arena arena;
    absl::StatusOr<const internal::v1::Envelope*> envelope = core::ParseEnvelope(record, arena);
    if (!envelope.ok()) return envelope.status();
    if ((*envelope)->tick() != 0) clock_.Advance(record, (*envelope)->tick());
    for (const internal::v1::ReportRevision& revision : (*envelope)->revisions()) {
      if (revision.partner() == "damaged") return absl::DataLossError("damaged");
      ++seen_;
      unstored_ += 100;
      const int before = std::stoi(state_.Get(revision.partner()).value_or("0"));
      changed_[revision.partner()] = std::to_string(before + 1);
      state_.Put(revision.partner(), changed_[revision.partner()]);
    }
    return absl::OkStatus();
  }
  absl::Status EndBatch(core::Output& output) override {
    for (const auto& [name, count] : std::exchange(changed_, {})) output.Indicator(name, count);
    return absl::OkStatus();
  }
  absl::Status Store() override {
    clock_.Store();
    unstored_ = 0;
    return absl::OkStatus();
  }
  size_t UnstoredBytes() const override { return unstored_; }
  core::Time AsOf() const override { return clock_.now(); }
  std::vector<Event> TakeEvents() override { return {{"seen", std::exchange(seen_, 0)}}; }

 private:
  core::State& state_;
  core::StageClock clock_;
  uint64_t seen_ = 0;
  size_t unstored_ = 0;
  std::map<std::string, std::string> changed_;
};

class Runners : public testing::Test {
 protected:
  Runners() {
    EmbeddedLog::Options options;
    options.dir = folder_.path() + "/log";
    options.memory = memory_;
    options.clock = clock_.AsClock();
    options.reserve_bytes = 0;
    auto log = EmbeddedLog::Open(options);
    EXPECT_TRUE(log.ok()) << log.status();
    embedded_ = *std::move(log);
    log_ = std::make_unique<FaultyLog>(*embedded_);
    for (const std::string_view topic : {kDedupeTopic, kIndicatorsTopic}) {
      EXPECT_TRUE(
          log_->CreateTopic(std::string(topic), {.compacted = topic == kIndicatorsTopic}).ok());
    }
  }

  absl::StatusOr<std::unique_ptr<Runner>> TryStart() {
    Runner::Options options;
    options.stage = "counting";
    options.state_dir = folder_.path() + "/state";
    options.placement = "p";
    options.memory = memory_;
    options.clock = clock_.AsClock();
    if (change_options_) change_options_(options);
    return Runner::Start(
        options, [](core::State& state) { return std::make_unique<CountingStage>(state); }, *log_,
        metrics_);
  }
  void Start() {
    runner_.reset();
    auto runner = TryStart();
    ASSERT_TRUE(runner.ok()) << runner.status();
    runner_ = *std::move(runner);
  }
  // As if by another owner: past the faults.
  void Send(std::vector<std::string> names) {
    internal::v1::Envelope envelope;
    envelope.set_format(core::kEnvelopeFormat);
    for (std::string& name : names) envelope.add_revisions()->set_partner(std::move(name));
    ASSERT_TRUE(embedded_->Append({{mailbox_, "", envelope.SerializeAsString()}}).ok());
  }
  // Waits until `done`; false if that takes a minute.
  template <typename Condition>
  static bool Eventually(const Condition& done) {
    for (int i = 0; i < 60'000; ++i) {
      if (done()) return true;
      SleepUnlessStopped({}, std::chrono::milliseconds(1));
    }
    return false;
  }
  bool EventuallyCounted(const std::map<std::string, std::string>& counts) {
    return Eventually([&] { return Counts() == counts; });
  }
  std::map<std::string, std::string> Counts() {
    const auto records = embedded_->Read({std::string(kIndicatorsTopic), 0}, 0, 1'000, 1 << 20);
    std::map<std::string, std::string> counts;
    for (const LogRecord& record : *records) counts[record.key] = record.value;
    return counts;
  }
  int64_t End() { return *embedded_->EndOffset(mailbox_); }

  const TopicPartition mailbox_{std::string(kDedupeTopic), 0};
  const TemporaryFolder folder_;
  const std::shared_ptr<RocksMemory> memory_ =
      MakeRocksMemory({.cache_bytes = 1 << 20, .memtable_bytes = 16 << 20});
  std::function<void(Runner::Options&)> change_options_;
  ManualClock clock_{1'000 * core::kDay};
  Metrics metrics_;
  std::unique_ptr<EmbeddedLog> embedded_;
  std::unique_ptr<FaultyLog> log_;
  std::unique_ptr<Runner> runner_;
};

TEST_F(Runners, CountsWhatTheStageTellsOperators) {
  Start();
  Send({"a", "b"});
  ASSERT_TRUE(EventuallyCounted({{"a", "1"}, {"b", "1"}}));
  Send({"a"});
  EXPECT_TRUE(Eventually([&] {
    return metrics_.Text().find(
               "ringfence_stage_events_total{event=\"seen\",stage=\"counting\"} 3") !=
           std::string::npos;
  })) << metrics_.Text();
}

TEST_F(Runners, AppliesWhatComesAndGoesOnWhereItWas) {
  Send({"a", "b", "a"});
  Start();
  EXPECT_TRUE(EventuallyCounted({{"a", "2"}, {"b", "1"}}));
  EXPECT_TRUE(runner_->Stop().ok());
  EXPECT_EQ(*log_->Committed("stage", mailbox_), runner_->progress().applied);
  Send({"a"});
  Start();
  EXPECT_TRUE(EventuallyCounted({{"a", "3"}, {"b", "1"}}));
  EXPECT_TRUE(Eventually([&] { return runner_->progress().applied == End(); }));
  EXPECT_EQ(runner_->progress().end, End());
  EXPECT_EQ(runner_->progress().stopped_because, "");
}

// Else what one batch touches would know no bound.
TEST_F(Runners, ABatchEndsWhereTheStageHoldsAsMuchAsItMay) {
  for (int i = 0; i < 6; ++i) Send({"a"});
  change_options_ = [](Runner::Options& options) { options.unstored_bytes_max = 150; };
  Start();
  EXPECT_TRUE(EventuallyCounted({{"a", "6"}}));
  // One for each batch.
  EXPECT_EQ(*embedded_->EndOffset({std::string(kIndicatorsTopic), 0}), 3);
  EXPECT_TRUE(Eventually([&] { return runner_->progress().applied == End(); }));
}

TEST_F(Runners, TimePassesByTicksAtMostOneASecond) {
  Start();
  const core::Time start = clock_.Now();
  ASSERT_TRUE(Eventually([&] { return runner_->progress().as_of == start; }));
  EXPECT_EQ(End(), 1);
  clock_.Advance(core::kSecond - 1);
  Send({"a"});
  ASSERT_TRUE(EventuallyCounted({{"a", "1"}}));
  EXPECT_EQ(End(), 2);
  clock_.Advance(1);
  ASSERT_TRUE(Eventually([&] { return runner_->progress().as_of == start + core::kSecond; }));
  EXPECT_EQ(End(), 3);
  // A clock that goes back makes no time pass, and ticks do not wait until it is there again.
  clock_.Advance(-core::kDay);
  ASSERT_TRUE(Eventually([&] { return End() == 4; }));
  Send({"b"});
  ASSERT_TRUE(EventuallyCounted({{"a", "1"}, {"b", "1"}}));
  EXPECT_EQ(End(), 5);
  EXPECT_EQ(runner_->progress().as_of, start + core::kSecond);
}

TEST_F(Runners, TriesAgainWhatMayPassAndCountsEachRecordOnce) {
  Start();
  for (const absl::StatusCode code :
       {absl::StatusCode::kUnavailable, absl::StatusCode::kResourceExhausted}) {
    const int failed = log_->failed();
    log_->FailAppends(code);
    Send({"a"});
    ASSERT_TRUE(Eventually([&] { return log_->failed() > failed; }));
    log_->FailAppends(absl::StatusCode::kOk);
    const int failed_reads = log_->failed();
    log_->FailReads(code);
    ASSERT_TRUE(Eventually([&] { return log_->failed() > failed_reads; }));
    log_->FailReads(absl::StatusCode::kOk);
  }
  EXPECT_TRUE(EventuallyCounted({{"a", "2"}}));
  EXPECT_EQ(runner_->progress().stopped_because, "");
  EXPECT_THAT(metrics_.Text(),
              testing::HasSubstr(
                  "ringfence_stage_errors_total{reaction=\"wait_for_room\",stage=\"counting\"}"));
}

TEST_F(Runners, AnAnswerThatGotLostIsSentAgainTheSame) {
  Start();
  log_->LoseAnswers(true);
  log_->FailAppends(absl::StatusCode::kUnavailable);
  Send({"a", "a"});
  ASSERT_TRUE(Eventually([&] { return log_->failed() >= 2; }));
  log_->FailAppends(absl::StatusCode::kOk);
  Send({"a"});
  EXPECT_TRUE(EventuallyCounted({{"a", "3"}}));
}

TEST_F(Runners, DamageStopsItAndSkipsNothing) {
  Send({"a"});
  Start();
  ASSERT_TRUE(EventuallyCounted({{"a", "1"}}));
  ASSERT_TRUE(Eventually([&] { return runner_->progress().applied == End(); }));
  const int64_t applied = runner_->progress().applied;
  Send({"b", "damaged"});
  Send({"c"});
  ASSERT_TRUE(Eventually([&] { return runner_->progress().stopped_because == "damaged"; }));
  EXPECT_EQ(runner_->progress().applied, applied);
  EXPECT_EQ(Counts(), (std::map<std::string, std::string>{{"a", "1"}}));
  EXPECT_THAT(metrics_.Text(),
              testing::HasSubstr("ringfence_stage_stopped{partition=\"0\",stage=\"counting\"} 1"));
  ASSERT_TRUE(Eventually([&] { return runner_->progress().end == End(); }));
  // Nor does another start.
  EXPECT_TRUE(runner_->Stop().ok());
  Start();
  ASSERT_TRUE(Eventually([&] { return runner_->progress().stopped_because == "damaged"; }));
  EXPECT_EQ(runner_->progress().applied, applied);
}

TEST_F(Runners, ALogThatIsDamagedStopsIt) {
  log_->FailReads(absl::StatusCode::kDataLoss);
  Start();
  EXPECT_TRUE(Eventually([&] { return runner_->progress().stopped_because == "told to fail"; }));
}

TEST_F(Runners, StateThatDoesNotBelongToTheLogIsRefused) {
  Send({"a"});
  Start();
  ASSERT_TRUE(EventuallyCounted({{"a", "1"}}));
  ASSERT_TRUE(runner_->Stop().ok());
  runner_.reset();

  // The log has been emptied, the state goes on later.
  class EmptyLog : public FaultyLog {
   public:
    using FaultyLog::FaultyLog;
    absl::StatusOr<int64_t> EndOffset(const TopicPartition&) override { return 0; }
  };
  log_ = std::make_unique<EmptyLog>(*embedded_);
  EXPECT_EQ(TryStart().status().code(), absl::StatusCode::kOutOfRange);

  // The log begins after what the state needs.
  class LateLog : public FaultyLog {
   public:
    using FaultyLog::FaultyLog;
    absl::StatusOr<int64_t> StartOffset(const TopicPartition&) override { return 1'000; }
    absl::StatusOr<int64_t> EndOffset(const TopicPartition&) override { return 2'000; }
  };
  log_ = std::make_unique<LateLog>(*embedded_);
  const absl::Status refused = TryStart().status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kOutOfRange);
  EXPECT_THAT(std::string(refused.message()),
              testing::HasSubstr("a new data directory and `ringfence ingest`"));
}

TEST_F(Runners, AQuietStateBecomesDurableAndTheLogIsTold) {
  Start();
  Send({"a"});
  ASSERT_TRUE(EventuallyCounted({{"a", "1"}}));
  clock_.Advance(core::kHour);
  EXPECT_TRUE(Eventually([&] { return (*log_->Committed("stage", mailbox_)).value_or(0) > 0; }));
}

TEST_F(Runners, AfterAClockThatWasAheadAStateBecomesDurableInTime) {
  clock_.Advance(60 * core::kDay);
  Start();
  Send({"a"});
  ASSERT_TRUE(EventuallyCounted({{"a", "1"}}));
  clock_.Advance(-60 * core::kDay);
  EXPECT_TRUE(Eventually([&] { return (*log_->Committed("stage", mailbox_)).value_or(0) > 0; }));
}

TEST_F(Runners, TakeNothingWhileThereIsNoRoom) {
  std::atomic<bool> has_room = false;
  std::atomic<int> asked = 0;
  Send({"a"});
  change_options_ = [&](Runner::Options& options) {
    options.has_room = [&] {
      ++asked;
      return has_room.load();
    };
  };
  Start();
  EXPECT_TRUE(Eventually([&] { return asked >= 3; }));
  EXPECT_EQ(runner_->progress().applied, 0);
  EXPECT_EQ(runner_->progress().end, 1);
  has_room = true;
  EXPECT_TRUE(EventuallyCounted({{"a", "1"}}));
}

TEST_F(Runners, WithoutStateALogWhoseBeginningIsGoneIsRefused) {
  class TrimmedLog : public FaultyLog {
   public:
    using FaultyLog::FaultyLog;
    absl::StatusOr<int64_t> StartOffset(const TopicPartition&) override { return 5; }
    absl::StatusOr<int64_t> EndOffset(const TopicPartition&) override { return 9; }
  };
  log_ = std::make_unique<TrimmedLog>(*embedded_);
  int restored = 0;
  change_options_ = [&](Runner::Options& options) {
    options.restore = [&](int64_t start, int64_t, int64_t, const std::stop_token&) {
      EXPECT_EQ(start, 5);
      ++restored;
      return absl::OkStatus();
    };
  };
  const absl::Status refused = TryStart().status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kOutOfRange);
  EXPECT_THAT(std::string(refused.message()), testing::HasSubstr("no snapshot that fits"));
  EXPECT_EQ(restored, 1);
}

TEST_F(Runners, AStateThatIsNotThereIsRestoredOnce) {
  int restored = 0;
  change_options_ = [&](Runner::Options& options) {
    options.restore = [&](int64_t start, int64_t end, int64_t, const std::stop_token&) {
      ++restored;
      EXPECT_EQ(std::pair(start, end), std::pair(int64_t{0}, int64_t{1}));
      return absl::OkStatus();
    };
  };
  Send({"a"});
  Start();
  EXPECT_TRUE(EventuallyCounted({{"a", "1"}}));
  Start();
  EXPECT_EQ(restored, 1);
}

TEST_F(Runners, StopGivesUpARestoreOfAStateThatTheDiskLost) {
  std::atomic<int> restores = 0;
  change_options_ = [&](Runner::Options& options) {
    options.restore = [&](int64_t, int64_t, int64_t, const std::stop_token& stop) {
      if (++restores == 1) return absl::OkStatus();
      SleepUnlessStopped(stop, std::chrono::minutes(10));
      return absl::CancelledError("was told to stop");
    };
  };
  Send({"a"});
  Start();
  ASSERT_TRUE(EventuallyCounted({{"a", "1"}}));
  std::filesystem::remove_all(folder_.path() + "/state");
  clock_.Advance(core::kHour);
  ASSERT_TRUE(Eventually([&] { return restores == 2; }));
  EXPECT_TRUE(runner_->Stop().ok());
}

// A state of one record, and a later one as a snapshot; the clock stands `age` after the first.
class LeftStates : public Runners {
 protected:
  void Leave(core::Time age) {
    Send({"a"});
    Start();
    ASSERT_TRUE(EventuallyCounted({{"a", "1"}}));
    ASSERT_TRUE(runner_->Stop().ok());
    left_at_ = runner_->progress().applied;
    runner_.reset();
    std::filesystem::copy(state_, left_);
    Send({"a"});
    clock_.Advance(age);
    Send({"a"});
    Start();
    ASSERT_TRUE(EventuallyCounted({{"a", "3"}}));
    ASSERT_TRUE(runner_->Stop().ok());
    runner_.reset();
    std::filesystem::rename(state_, snapshot_);
    std::filesystem::rename(left_, state_);
    Send({"a"});
    change_options_ = [this](Runner::Options& options) {
      options.restore = [this](int64_t, int64_t, int64_t above, const std::stop_token&) {
        above_.push_back(above);
        if (!has_snapshot_) return absl::OkStatus();
        std::filesystem::remove_all(state_);
        std::filesystem::rename(snapshot_, state_);
        return absl::OkStatus();
      };
    };
  }
  // Holds nothing of what the state that was left needs.
  class TrimmedLog : public FaultyLog {
   public:
    TrimmedLog(Log& log, int64_t start) : FaultyLog(log), start_(start) {}
    absl::StatusOr<int64_t> StartOffset(const TopicPartition&) override { return start_; }
    absl::StatusOr<std::vector<LogRecord>> Read(const TopicPartition& from, int64_t offset,
                                                size_t records_max, size_t bytes_max) override {
      if (offset < start_) return absl::OutOfRangeError("gone");
      return FaultyLog::Read(from, offset, records_max, bytes_max);
    }

   private:
    const int64_t start_;
  };

  class OtherLog : public FaultyLog {
   public:
    using FaultyLog::FaultyLog;
    std::string Incarnation() const override { return "another"; }
  };

  const std::string state_ = folder_.path() + "/state";
  const std::string left_ = folder_.path() + "/left";
  const std::string snapshot_ = folder_.path() + "/snapshot";
  int64_t left_at_ = 0;
  bool has_snapshot_ = true;
  std::vector<int64_t> above_;
};

TEST_F(LeftStates, ThatTheLogHasLeftBehindGiveWayToASnapshot) {
  Leave(core::kHour);
  log_ = std::make_unique<TrimmedLog>(*embedded_, left_at_ + 1);
  Start();
  EXPECT_TRUE(EventuallyCounted({{"a", "4"}}));
  EXPECT_THAT(above_, testing::ElementsAre(left_at_));
}

TEST_F(LeftStates, ThatTheLogHasLeftBehindAreRefusedWithoutASnapshot) {
  Leave(core::kHour);
  has_snapshot_ = false;
  log_ = std::make_unique<TrimmedLog>(*embedded_, left_at_ + 1);
  EXPECT_EQ(TryStart().status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_TRUE(HasState(state_));
}

TEST_F(LeftStates, OfAnotherLogGiveWayToASnapshotOfThisOneOrAreRefused) {
  Leave(core::kHour);
  has_snapshot_ = false;
  log_ = std::make_unique<OtherLog>(*embedded_);
  const absl::Status refused = TryStart().status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), testing::HasSubstr("Move the folder " + state_));
  EXPECT_THAT(above_, testing::ElementsAre(-1));
  // That of the other log does not become one of this by being restored.
  has_snapshot_ = true;
  EXPECT_EQ(TryStart().status().code(), absl::StatusCode::kFailedPrecondition);
  log_ = std::make_unique<FaultyLog>(*embedded_);
  Start();
  EXPECT_TRUE(EventuallyCounted({{"a", "4"}}));
}

TEST_F(LeftStates, ADayBehindGiveWayToASnapshot) {
  Leave(core::kDay + 1);
  Start();
  EXPECT_TRUE(EventuallyCounted({{"a", "4"}}));
  EXPECT_THAT(above_, testing::ElementsAre(left_at_));
  EXPECT_FALSE(std::filesystem::exists(snapshot_));
}

TEST_F(LeftStates, ADayBehindGoOnWithoutASnapshot) {
  Leave(core::kDay + 1);
  has_snapshot_ = false;
  Start();
  EXPECT_TRUE(EventuallyCounted({{"a", "4"}}));
  EXPECT_TRUE(Eventually([&] { return runner_->progress().applied == End(); }));
}

TEST_F(LeftStates, ALittleBehindGoOn) {
  Leave(core::kHour);
  Start();
  EXPECT_TRUE(EventuallyCounted({{"a", "4"}}));
  EXPECT_THAT(above_, testing::IsEmpty());
}

TEST_F(Runners, ACheckpointIsMadeWhileItRuns) {
  Send({"a"});
  Start();
  EXPECT_TRUE(EventuallyCounted({{"a", "1"}}));
  const int64_t applied = runner_->progress().applied;
  ASSERT_TRUE(runner_->Checkpoint(folder_.path() + "/checkpoint").ok());
  EXPECT_GE(ReadStateHeader(folder_.path() + "/checkpoint")->next_offset, applied);
}

}  // namespace
}  // namespace ringfence::runtime
