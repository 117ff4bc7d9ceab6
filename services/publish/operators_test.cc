#include "services/publish/operators.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/runtime/faulty_log_testing.h"
#include "services/runtime/rocks/embedded_log.h"
#include "services/runtime/temporary_folder_testing.h"

namespace ringfence::publish {
namespace {

constexpr core::Time kNow = 20'000 * core::kDay;

class RetractTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = runtime::EmbeddedLog::Open({.dir = folder_.path(),
                                              .clock = [] { return kNow; },
                                              .memory = runtime::MakeRocksMemory({}),
                                              .reserve_bytes = 0});
    ASSERT_TRUE(opened.ok()) << opened.status();
    embedded_ = *std::move(opened);
    for (const std::string_view topic :
         {runtime::kOverridesTopic, runtime::kDedupeTopic, runtime::kClusterTopic}) {
      ASSERT_TRUE(embedded_->CreateTopic(std::string(topic), {}).ok());
    }
    auto book = DecisionBook::Start({.clock = [] { return kNow; }}, log_.emplace(*embedded_));
    ASSERT_TRUE(book.ok()) << book.status();
    book_ = *std::move(book);
  }
  absl::StatusOr<v1::RetractPartnerResponse> Retract(Operators::CountReports count) {
    Operators::Options options;
    options.clock = [] { return kNow; };
    options.last_arrival = [this](const std::string&) { return last_arrival_; };
    options.count_reports = std::move(count);
    v1::RetractPartnerRequest request;
    request.set_partner("acme");
    request.set_reason("fabricated");
    return Operators(std::move(options), *book_).Retract(request, "ann");
  }
  int64_t Written() const {
    return *embedded_->EndOffset({std::string(runtime::kOverridesTopic), 0});
  }

  core::Time last_arrival_ = kNow - core::kHour;
  runtime::TemporaryFolder folder_;
  std::unique_ptr<runtime::EmbeddedLog> embedded_;
  std::optional<runtime::FaultyLog> log_;
  std::unique_ptr<DecisionBook> book_;
};

TEST_F(RetractTest, IsWrittenOnceAndWhatStoodIsCounted) {
  const auto response = Retract([&](const std::string& partner, core::Time from, core::Time until,
                                    const std::function<absl::Status()>& retract) {
    EXPECT_EQ(partner, "acme");
    EXPECT_EQ(from, 0);
    EXPECT_EQ(until, kNow + 1);
    EXPECT_EQ(Written(), 0);
    EXPECT_TRUE(retract().ok());
    EXPECT_EQ(Written(), 1) << "before anything is counted";
    return 7;
  });
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->reports(), 7u);
  EXPECT_EQ(Written(), 1);
}

// The clock was set back: by the log's time reports have come that it does not expect yet.
TEST_F(RetractTest, CoversAllThatHasArrivedByTheLogsTime) {
  last_arrival_ = kNow + core::kHour;
  const auto response = Retract([&](const std::string&, core::Time, core::Time until,
                                    const std::function<absl::Status()>& retract) {
    EXPECT_EQ(until, last_arrival_ + 1);
    EXPECT_TRUE(retract().ok());
    return 7;
  });
  EXPECT_TRUE(response.ok()) << response.status();
}

TEST_F(RetractTest, IsWrittenAlsoWhereNothingCanBeCounted) {
  const auto fails = [](const auto&...) { return absl::UnavailableError("told to fail"); };
  const auto response = Retract(fails);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->reports(), 0u);
  EXPECT_EQ(Written(), 1);
}

TEST_F(RetractTest, FailsWhereItCannotBeWritten) {
  log_->FailAppends(absl::StatusCode::kUnavailable);
  bool counted = false;
  const auto response =
      Retract([&](const std::string&, core::Time, core::Time,
                  const std::function<absl::Status()>& retract) -> absl::StatusOr<uint64_t> {
        if (absl::Status status = retract(); !status.ok()) return status;
        counted = true;
        return 7;
      });
  EXPECT_EQ(response.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(counted);
}

class DecideHeldTest : public RetractTest {
 protected:
  absl::StatusOr<v1::DecideHeldResponse> Drop(Operators::CountHeld count) {
    Operators::Options options;
    options.clock = [] { return kNow; };
    options.count_held = std::move(count);
    v1::DecideHeldRequest request;
    request.set_partner("acme");
    request.set_reason("fabricated");
    request.set_drop(true);
    return Operators(std::move(options), *book_).DecideHeld(request, "ann");
  }
};

TEST_F(DecideHeldTest, IsWrittenOnceAndSaysWhatWasCounted) {
  const auto response = Drop([&](const std::string& partner, core::Time from, core::Time until,
                                 bool drop, const std::function<absl::Status()>& decide) {
    EXPECT_EQ(partner, "acme");
    EXPECT_EQ(from, 0);
    EXPECT_EQ(until, kNow + 1);
    EXPECT_TRUE(drop);
    EXPECT_EQ(Written(), 0);
    EXPECT_TRUE(decide().ok());
    EXPECT_EQ(Written(), 1);
    return 7;
  });
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->reports(), 7u);
  EXPECT_EQ(Written(), 1);
}

TEST_F(DecideHeldTest, IsWrittenAlsoWhereNothingCanBeCounted) {
  const auto response = Drop([](const auto&...) { return absl::UnavailableError("told to fail"); });
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->reports(), 0u);
  EXPECT_EQ(Written(), 1);
}

TEST_F(DecideHeldTest, FailsWhereItCannotBeWritten) {
  log_->FailAppends(absl::StatusCode::kUnavailable);
  const auto response = Drop([](const auto&...) { return 7; });
  EXPECT_EQ(response.status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace ringfence::publish
