#include "services/runtime/metrics.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "services/runtime/logging.h"
#include "services/runtime/reaction.h"

namespace ringfence::runtime {
namespace {

using testing::HasSubstr;

// All that the server answers to GET `path`.
std::string Get(int port, const std::string& path) {
  const int connection = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  const std::string request = "GET " + path + " HTTP/1.0\r\n\r\n";
  EXPECT_EQ(write(connection, request.data(), request.size()),
            static_cast<ssize_t>(request.size()));
  std::string answer;
  char bytes[4096];
  for (ssize_t n = 0; (n = read(connection, bytes, sizeof(bytes))) > 0;) {
    answer.append(bytes, static_cast<size_t>(n));
  }
  close(connection);
  return answer;
}

TEST(Metrics, CountersAddGaugesAreSetHistogramsObserve) {
  Metrics metrics;
  metrics.Add(Metric::kReports, {{"partner", "acme"}, {"outcome", "accepted"}}, 2);
  metrics.Add(Metric::kReports, {{"outcome", "accepted"}, {"partner", "acme"}});
  metrics.Set(Metric::kSubscribers, {}, 5);
  metrics.Set(Metric::kSubscribers, {}, 4);
  metrics.Observe(Metric::kStageBatchRecords, {{"stage", "dedupe"}}, 30);
  const std::string text = metrics.Text();
  EXPECT_THAT(text,
              HasSubstr("ringfence_reports_total{outcome=\"accepted\",partner=\"acme\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE ringfence_reports_total counter\n"));
  EXPECT_THAT(text, HasSubstr("ringfence_subscribers 4\n"));
  EXPECT_THAT(text,
              HasSubstr("ringfence_stage_batch_records_bucket{stage=\"dedupe\",le=\"20\"} 0"));
  EXPECT_THAT(text,
              HasSubstr("ringfence_stage_batch_records_bucket{stage=\"dedupe\",le=\"50\"} 1"));
}

TEST(Metrics, LabelsCannotMakeThemGrow) {
  Metrics metrics;
  for (size_t i = 0; i < Metrics::kSeriesMax + 10; ++i) {
    metrics.Add(Metric::kProblems, {{"code", std::to_string(i)}});
  }
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("ringfence_problems_total{code=\"0\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("ringfence_problems_total{code=\"other\"} 10\n"));
  EXPECT_THAT(text, testing::Not(HasSubstr("code=\"" + std::to_string(Metrics::kSeriesMax))));
}

TEST(Metrics, AreServedOnAFreePort) {
  Metrics metrics;
  metrics.Add(Metric::kDeltas, {});
  const absl::StatusOr<int> port = metrics.Serve("127.0.0.1", 0);
  ASSERT_TRUE(port.ok()) << port.status();
  EXPECT_THAT(Get(*port, "/metrics"), HasSubstr("ringfence_deltas_total 1\n"));
  Metrics second;
  EXPECT_EQ(second.Serve("127.0.0.1", *port).status().code(), absl::StatusCode::kUnavailable);
}

TEST(Logging, ALineIsOneJsonObject) {
  EXPECT_EQ(
      FormatLogLine(1'772'366'400'123'456'789, LogLevel::kWarning, "stage failed",
                    {{"stage", "dedupe"}, {"partition", int64_t{3}}, {"error", "a \"b\"\n\\"}}),
      "{\"ts\":\"2026-03-01T12:00:00.123Z\",\"level\":\"warning\",\"msg\":\"stage failed\","
      "\"stage\":\"dedupe\",\"partition\":3,\"error\":\"a \\\"b\\\"\\u000a\\\\\"}\n");
}

TEST(Reactions, EachErrorHasOne) {
  EXPECT_EQ(ReactionTo(absl::UnavailableError("")), Reaction::kRetry);
  EXPECT_EQ(ReactionTo(absl::DeadlineExceededError("")), Reaction::kRetry);
  EXPECT_EQ(ReactionTo(absl::ResourceExhaustedError("")), Reaction::kWaitForRoom);
  for (const absl::Status& error :
       {absl::DataLossError(""), absl::InternalError(""), absl::FailedPreconditionError(""),
        absl::OutOfRangeError(""), absl::NotFoundError("")}) {
    EXPECT_EQ(ReactionTo(error), Reaction::kStop) << error;
  }
}

TEST(Reactions, ABackoffGrowsToFiveSeconds) {
  Backoff backoff;
  std::chrono::milliseconds before{0};
  for (int i = 0; i < 20; ++i) {
    const std::chrono::milliseconds wait = backoff.Next();
    EXPECT_GE(wait, before);
    before = wait;
  }
  EXPECT_EQ(before, std::chrono::milliseconds(5'000));
  backoff.Reset();
  EXPECT_EQ(backoff.Next(), std::chrono::milliseconds(20));
}

TEST(Reactions, ASleepEndsWhenItIsToStop) {
  std::stop_source source;
  source.request_stop();
  SleepUnlessStopped(source.get_token(), std::chrono::hours(1));
}

}  // namespace
}  // namespace ringfence::runtime
