#include "services/ringfence/ingest.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <mutex>
#include <set>

#include "services/runtime/temporary_folder_testing.h"

namespace ringfence::cli {
namespace {

using testing::HasSubstr;

// A gateway that can be told to fail at a report, for good or a number of times.
class FakeGateway {
 public:
  absl::StatusOr<v1::SubmitReportsResponse> Submit(const v1::SubmitReportsRequest& request) {
    std::lock_guard lock(mutex_);
    ++calls_;
    v1::SubmitReportsResponse response;
    for (const v1::Report& report : request.reports()) {
      if (report.report_id() == fails_at_ && failures_ != 0) {
        if (failures_ > 0) --failures_;
        return failure_;
      }
    }
    for (const v1::Report& report : request.reports()) {
      taken_.push_back(report.report_id());
      v1::SubmitResult& result = *response.add_results();
      const bool is_bad = report.report_id().starts_with("bad");
      result.set_outcome(is_bad ? v1::OUTCOME_REJECTED : v1::OUTCOME_ACCEPTED);
      if (!is_bad) continue;
      v1::Problem& problem = *result.add_problems();
      problem.set_code("tlp.red");
      problem.set_fatal(true);
    }
    return response;
  }
  void FailAt(const std::string& report_id, absl::Status failure, int times) {
    std::lock_guard lock(mutex_);
    fails_at_ = report_id;
    failure_ = std::move(failure);
    failures_ = times;
  }
  std::set<std::string> taken() const { return {taken_.begin(), taken_.end()}; }
  size_t taken_count() const { return taken_.size(); }
  int calls() const { return calls_; }

 private:
  std::mutex mutex_;
  std::vector<std::string> taken_;
  int calls_ = 0;
  std::string fails_at_;
  absl::Status failure_;
  // Below zero: always.
  int failures_ = 0;
};

class IngestTest : public testing::Test {
 protected:
  Ingest Make() {
    Ingest::Options options;
    options.partner = "acme";
    options.rejects_path = folder_.Path("rejects");
    options.batch_reports_max = 10;
    options.retry_for = std::chrono::seconds(60);
    Ingest::World world;
    world.submit = [this](const v1::SubmitReportsRequest& request) {
      return gateway_.Submit(request);
    };
    world.wait = [this](std::chrono::milliseconds time) {
      waited_ += time.count();
      return true;
    };
    world.progress = [this](const Ingest::Totals& totals, std::optional<uint32_t>) {
      progress_.push_back(totals.lines);
      if (totals.lines >= stop_at_) stop_.request_stop();
    };
    return {options, std::move(world), stop_.get_token()};
  }

  PositionFile Positions() {
    auto positions = PositionFile::Load(folder_.Path("state"), {"acme", "server:1"});
    EXPECT_TRUE(positions.ok()) << positions.status();
    return *std::move(positions);
  }

  // "r-0" ... one a line.
  std::string WriteReports(int count, const std::string& name = "reports") {
    std::string lines;
    for (int i = 0; i < count; ++i) lines += R"({"reportId":"r-)" + std::to_string(i) + "\"}\n";
    return folder_.Write(name, lines);
  }

  runtime::TemporaryFolder folder_;
  FakeGateway gateway_;
  std::atomic<int64_t> waited_ = 0;
  std::vector<uint64_t> progress_;
  uint64_t stop_at_ = UINT64_MAX;
  std::stop_source stop_;
};

TEST_F(IngestTest, SendsEveryLineOnce) {
  const std::string path = WriteReports(1'005);
  Ingest ingest = Make();
  ASSERT_TRUE(ingest.Send(path, nullptr).ok());
  EXPECT_EQ(ingest.totals().accepted, 1'005u);
  EXPECT_EQ(ingest.totals().lines, 1'005u);
  EXPECT_EQ(gateway_.taken_count(), 1'005u);
  EXPECT_EQ(gateway_.taken().size(), 1'005u);
  EXPECT_EQ(gateway_.calls(), 101);
  EXPECT_TRUE(std::is_sorted(progress_.begin(), progress_.end()));
}

TEST_F(IngestTest, RejectionsAreCountedByCodeAndWrittenInOrder) {
  std::string lines;
  for (int i = 0; i < 40; ++i) {
    lines += i % 4 == 0 ? "{no json\n" : R"({"reportId":"bad-)" + std::to_string(i) + "\"}\n";
  }
  const std::string path = folder_.Write("reports", lines);
  Ingest ingest = Make();
  ASSERT_TRUE(ingest.Send(path, nullptr).ok());
  EXPECT_EQ(ingest.totals().rejected, 40u);
  EXPECT_EQ(ingest.totals().fatal.at("json.malformed"), 10u);
  EXPECT_EQ(ingest.totals().fatal.at("tlp.red"), 30u);
  const std::string rejects = folder_.Read("rejects");
  EXPECT_EQ(std::count(rejects.begin(), rejects.end(), '\n'), 40);
  size_t at = 0;
  for (int line = 1; line <= 40; ++line) {
    at = rejects.find("reports:" + std::to_string(line) + ": ", at);
    ASSERT_NE(at, std::string::npos) << "line " << line;
  }
}

TEST_F(IngestTest, WaitsForAServerThatIsAway) {
  gateway_.FailAt("r-15", absl::UnavailableError("away"), 5);
  const std::string path = WriteReports(100);
  Ingest ingest = Make();
  ASSERT_TRUE(ingest.Send(path, nullptr).ok());
  EXPECT_EQ(ingest.totals().accepted, 100u);
  EXPECT_EQ(waited_, 20 + 40 + 80 + 160 + 320);
}

TEST_F(IngestTest, GivesUpInTheEndAndGoesOnThereNextTime) {
  gateway_.FailAt("r-42", absl::UnavailableError("away"), -1);
  const std::string path = WriteReports(100);
  {
    PositionFile positions = Positions();
    Ingest ingest = Make();
    EXPECT_EQ(ingest.Send(path, &positions).code(), absl::StatusCode::kUnavailable);
    EXPECT_GE(waited_, 60'000);
    EXPECT_EQ(ingest.totals().lines, 40u) << "batches after the one that failed do not count";
  }
  gateway_.FailAt("", absl::OkStatus(), 0);
  PositionFile positions = Positions();
  Ingest ingest = Make();
  ASSERT_TRUE(ingest.Send(path, &positions).ok());
  EXPECT_EQ(ingest.totals().skipped, 40u);
  EXPECT_EQ(ingest.totals().lines, 60u);
  EXPECT_EQ(gateway_.taken().size(), 100u) << "nothing is lost";
}

TEST_F(IngestTest, ErrorThatDoesNotPassEndsItAtOnce) {
  gateway_.FailAt("r-3", absl::UnauthenticatedError("who?"), -1);
  Ingest ingest = Make();
  EXPECT_EQ(ingest.Send(WriteReports(100), nullptr).code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(waited_, 0);
}

TEST_F(IngestTest, InterruptionKeepsWhatWasAnswered) {
  stop_at_ = 30;
  const std::string path = WriteReports(1'000);
  PositionFile positions = Positions();
  Ingest ingest = Make();
  EXPECT_EQ(ingest.Send(path, &positions).code(), absl::StatusCode::kCancelled);
  EXPECT_GE(ingest.totals().lines, 30u);
  EXPECT_LT(ingest.totals().lines, 100u);
  EXPECT_EQ(gateway_.taken_count(), ingest.totals().lines) << "what was under way was waited for";
  EXPECT_EQ(Positions().Get(path).lines, ingest.totals().lines);
}

TEST_F(IngestTest, AnotherFileUnderTheSameNameIsSentFromTheStart) {
  const std::string path = WriteReports(100);
  PositionFile positions = Positions();
  ASSERT_TRUE(Make().Send(path, &positions).ok());
  folder_.Write("reports", "{\"reportId\":\"new-0\"}\n");
  Ingest ingest = Make();
  ASSERT_TRUE(ingest.Send(path, &positions).ok());
  EXPECT_EQ(ingest.totals().skipped, 0u);
  EXPECT_TRUE(gateway_.taken().contains("new-0"));
  EXPECT_EQ(Positions().Get(path).lines, 1u);
}

TEST_F(IngestTest, LongerFileThatBeginsOtherwiseIsSentFromTheStart) {
  const std::string path = WriteReports(30);
  PositionFile positions = Positions();
  ASSERT_TRUE(Make().Send(path, &positions).ok());
  folder_.Write("reports", "{\"reportId\":\"new-0\"}\n" + folder_.Read("reports"));
  Ingest ingest = Make();
  ASSERT_TRUE(ingest.Send(path, &positions).ok());
  EXPECT_EQ(ingest.totals().skipped, 0u);
  EXPECT_EQ(ingest.totals().accepted, 31u);
}

TEST_F(IngestTest, FileThatGrewIsSentFromWhereItEnded) {
  const std::string path = WriteReports(25);
  PositionFile positions = Positions();
  ASSERT_TRUE(Make().Send(path, &positions).ok());
  WriteReports(40);
  Ingest ingest = Make();
  ASSERT_TRUE(ingest.Send(path, &positions).ok());
  EXPECT_EQ(ingest.totals().skipped, 25u);
  EXPECT_EQ(ingest.totals().accepted, 15u);
  EXPECT_EQ(gateway_.taken_count(), 40u);
}

TEST_F(IngestTest, RejectionsThatCannotBeWrittenEndItBeforeTheirLinesCount) {
  const std::string path = folder_.Write("reports", "no json\n");
  std::filesystem::create_directory(folder_.Path("rejects"));
  PositionFile positions = Positions();
  Ingest ingest = Make();
  EXPECT_EQ(ingest.Send(path, &positions).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(positions.Get(path).lines, 0u);
}

TEST_F(IngestTest, PositionsThatCannotBeKeptDoNotStopIt) {
  const std::string path = WriteReports(30);
  auto positions = PositionFile::Load(folder_.Path("none/state"), {"acme", "server:1"});
  Ingest ingest = Make();
  EXPECT_TRUE(ingest.Send(path, &*positions).ok());
  EXPECT_FALSE(ingest.position_status().ok());
}

}  // namespace
}  // namespace ringfence::cli
