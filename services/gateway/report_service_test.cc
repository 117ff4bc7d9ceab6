#include "services/gateway/report_service.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>

#include "services/gateway/log_testing.h"

namespace ringfence::gateway {
namespace {

// Lets appends wait until they are released.
class HeldLog : public FaultyLog {
 public:
  void Hold() {
    absl::MutexLock lock(&mutex_);
    held_ = true;
  }
  void Release() {
    absl::MutexLock lock(&mutex_);
    held_ = false;
  }
  void AwaitAppend() {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&inside_));
  }

  absl::StatusOr<std::vector<int64_t>> Append(std::vector<runtime::AppendRecord> records) override {
    {
      absl::MutexLock lock(&mutex_);
      inside_ = true;
      mutex_.Await(absl::Condition(
          +[](bool* held) { return !*held; }, &held_));
    }
    return FaultyLog::Append(std::move(records));
  }

 private:
  absl::Mutex mutex_;
  bool held_ = false;
  bool inside_ = false;
};

class ReportServiceTest : public testing::Test {
 protected:
  void Start(Receivers::Options options = {}) {
    options.receiver.intake.token_key.id = "k1";
    options.receiver.clock = [] { return kNow; };
    receivers_ = std::make_unique<Receivers>(options, log_, metrics_);
    service_ = std::make_unique<ReportService>(*receivers_, *gate_);
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.SetMaxReceiveMessageSize(ReportService::kRequestBytesMax);
    builder.RegisterService(service_.get());
    server_ = builder.BuildAndStart();
    stub_ = v1::ReportService::NewStub(grpc::CreateChannel("127.0.0.1:" + std::to_string(port),
                                                           grpc::InsecureChannelCredentials()));
  }

  grpc::Status Submit(const v1::SubmitReportsRequest& request,
                      const std::string& partner = "acme") {
    grpc::ClientContext context;
    if (!partner.empty()) context.AddMetadata("x-ringfence-partner", partner);
    response_.Clear();
    return stub_->SubmitReports(&context, request, &response_);
  }

  HeldLog log_;
  runtime::Metrics metrics_;
  const std::unique_ptr<runtime::Gate> gate_ = runtime::Gate::OnThisMachine(metrics_);
  // The server goes first.
  std::unique_ptr<Receivers> receivers_;
  std::unique_ptr<ReportService> service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::ReportService::Stub> stub_;
  v1::SubmitReportsResponse response_;
};

TEST_F(ReportServiceTest, AnswersOnceTheReportIsInTheLog) {
  Start();
  ASSERT_TRUE(Submit(RequestOf({GoodReport("r-1"), BadReport("b-1")})).ok());
  ASSERT_EQ(response_.results_size(), 2);
  EXPECT_EQ(response_.results(0).outcome(), v1::OUTCOME_ACCEPTED);
  EXPECT_EQ(response_.results(1).outcome(), v1::OUTCOME_REJECTED);
  EXPECT_EQ(log_.Values("reports.acme").size(), 1u);
}

TEST_F(ReportServiceTest, AsksForThePartnersName) {
  Start();
  EXPECT_EQ(Submit(RequestOf({GoodReport("r-1")}), "").error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(Submit(RequestOf({GoodReport("r-1")}), "Acme Inc").error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(log_.appends(), 0);
}

TEST_F(ReportServiceTest, SaysWhenTheLogHasNoRoom) {
  Start();
  log_.FailAppends(absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Submit(RequestOf({GoodReport("r-1")})).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  log_.FailAppends(absl::StatusCode::kUnavailable);
  EXPECT_EQ(Submit(RequestOf({GoodReport("r-1")})).error_code(), grpc::StatusCode::UNAVAILABLE);
  log_.FailAppends(absl::StatusCode::kDataLoss);
  const grpc::Status damaged = Submit(RequestOf({GoodReport("r-1")}));
  EXPECT_EQ(damaged.error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_EQ(damaged.error_message().find("told to fail"), std::string::npos)
      << "what the log says is for its operator";
}

TEST_F(ReportServiceTest, TakesAsManyReportsAsOneCallMayHave) {
  Start();
  v1::SubmitReportsRequest request;
  for (int i = 0; i < Receiver::kReportsMax; ++i) {
    v1::Report report = GoodReport("r-" + std::to_string(i));
    report.set_narrative(std::string(12'000, 'x'));
    *request.add_reports() = std::move(report);
  }
  ASSERT_TRUE(Submit(request).ok());
  EXPECT_EQ(log_.Values("reports.acme").size(), size_t{Receiver::kReportsMax});
  *request.add_reports() = GoodReport("one too many");
  EXPECT_EQ(Submit(request).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(ReportServiceTest, BusyServiceAnswersUnavailableAndTakesNothing) {
  Start({.receiver = {}, .threads = 1, .waiting_max = 1});
  log_.Hold();
  std::vector<std::thread> callers;
  std::atomic<int> accepted = 0;
  std::atomic<int> busy = 0;
  absl::Mutex mutex;
  // One is at work, one waits, one finds no place.
  for (int i = 0; i < 3; ++i) {
    callers.emplace_back([&, i] {
      grpc::ClientContext context;
      context.AddMetadata("x-ringfence-partner", "acme");
      v1::SubmitReportsResponse response;
      const grpc::Status status = stub_->SubmitReports(
          &context, RequestOf({GoodReport("r-" + std::to_string(i))}), &response);
      absl::MutexLock lock(&mutex);
      if (status.ok()) ++accepted;
      if (status.error_code() == grpc::StatusCode::UNAVAILABLE) ++busy;
    });
    if (i == 0) log_.AwaitAppend();
  }
  {
    absl::MutexLock lock(&mutex);
    mutex.Await(absl::Condition(
        +[](std::atomic<int>* refused) { return *refused == 1; }, &busy));
  }
  log_.Release();
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(accepted, 2);
  EXPECT_EQ(busy, 1);
  EXPECT_EQ(log_.Values("reports.acme").size(), 2u);
}

TEST_F(ReportServiceTest, CallsThatWaitAreAnsweredOnShutdown) {
  Start({.receiver = {}, .threads = 1});
  log_.Hold();
  grpc::Status status;
  std::thread caller([&] { status = Submit(RequestOf({GoodReport("r-1")})); });
  log_.AwaitAppend();
  std::thread shutdown([&] { server_->Shutdown(); });
  log_.Release();
  shutdown.join();
  caller.join();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(log_.Values("reports.acme").size(), 1u);
}

}  // namespace
}  // namespace ringfence::gateway
