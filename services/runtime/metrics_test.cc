#include "services/runtime/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "services/runtime/logging.h"
#include "services/runtime/reaction.h"

namespace ringfence::runtime {
namespace {

using testing::HasSubstr;

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

TEST(Metrics, AGaugeOfWhatIsGoneIsGone) {
  Metrics metrics;
  metrics.Set(Metric::kStageLag, {{"stage", "dedupe"}, {"partition", "0"}}, 5);
  metrics.Set(Metric::kStageLag, {{"stage", "dedupe"}, {"partition", "1"}}, 6);
  metrics.Remove(Metric::kStageLag, {{"stage", "dedupe"}, {"partition", "0"}});
  metrics.Remove(Metric::kStageLag, {{"stage", "dedupe"}, {"partition", "7"}});
  EXPECT_THAT(metrics.Text(), testing::Not(HasSubstr("partition=\"0\"")));
  EXPECT_THAT(metrics.Text(), HasSubstr("{partition=\"1\",stage=\"dedupe\"} 6\n"));
  metrics.Set(Metric::kStageLag, {{"stage", "dedupe"}, {"partition", "0"}}, 7);
  EXPECT_THAT(metrics.Text(), HasSubstr("{partition=\"0\",stage=\"dedupe\"} 7\n"));
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
