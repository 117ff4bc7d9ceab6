// Over real connections: who waits for whom.
#include "services/publish/admin_service.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "services/runtime/identity/gate.h"
#include "services/runtime/metrics.h"

namespace ringfence::publish {
namespace {

constexpr std::chrono::seconds kPatience{30};

// Tells which calls of GetStatus have come.
class WatchedAdmin : public AdminService {
 public:
  using AdminService::AdminService;
  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* context,
                                      const v1::GetStatusRequest* request,
                                      v1::GetStatusResponse* response) override {
    last_ = context;
    ++come_;
    return AdminService::GetStatus(context, request, response);
  }
  int come() const { return come_; }
  // Of the last one, which has not been answered.
  bool is_cancelled() const { return last_.load()->IsCancelled(); }

 private:
  std::atomic<grpc::CallbackServerContext*> last_ = nullptr;
  std::atomic<int> come_ = 0;
};

class AdminServiceTest : public testing::Test {
 protected:
  AdminServiceTest() {
    gate_ = runtime::Gate::OnThisMachine(metrics_);
    service_ = std::make_unique<WatchedAdmin>(
        *gate_,
        [this] {
          ++asked_;
          log_answers_.WaitForNotification();
          return v1::GetStatusResponse();
        },
        nullptr, [] { return v1::ListConsumersResponse(); });
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(service_.get());
    server_ = builder.BuildAndStart();
    stub_ = v1::AdminService::NewStub(grpc::CreateChannel("127.0.0.1:" + std::to_string(port),
                                                          grpc::InsecureChannelCredentials()));
  }
  ~AdminServiceTest() override {
    Answer();
    server_->Shutdown(std::chrono::system_clock::now() + kPatience);
    server_->Wait();
  }

  // False where that does not come.
  template <typename IsSo>
  static bool Await(const IsSo& is_so) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (!is_so() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    return is_so();
  }
  // The log answers, and so are all that asked.
  void Answer() {
    if (!log_answers_.HasBeenNotified()) log_answers_.Notify();
    for (std::thread& caller : std::exchange(callers_, {})) caller.join();
  }
  // A call of GetStatus that goes on beside the test, until Answer.
  void AskStatus(grpc::ClientContext& context, grpc::StatusCode& code) {
    callers_.emplace_back([this, &context, &code] {
      v1::GetStatusResponse response;
      code = stub_->GetStatus(&context, {}, &response).error_code();
    });
  }

  runtime::Metrics metrics_;
  std::unique_ptr<runtime::Gate> gate_;
  absl::Notification log_answers_;
  std::atomic<int> asked_ = 0;
  std::unique_ptr<WatchedAdmin> service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::AdminService::Stub> stub_;
  std::vector<std::thread> callers_;
};

TEST_F(AdminServiceTest, CallsThatWaitForTheLogHoldUpNoOther) {
  // As many as gRPC has threads at most: one works, the others wait, the last is turned away.
  constexpr int kCalls = 18;
  std::vector<grpc::ClientContext> contexts(kCalls);
  std::vector<grpc::StatusCode> codes(kCalls);
  for (size_t i = 0; i < kCalls; ++i) AskStatus(contexts[i], codes[i]);
  EXPECT_TRUE(Await([&] { return service_->come() == kCalls; }));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  v1::ListConsumersResponse consumers;
  EXPECT_TRUE(stub_->ListConsumers(&context, {}, &consumers).ok());
  Answer();
  EXPECT_EQ(std::count(codes.begin(), codes.end(), grpc::StatusCode::OK), asked_);
  EXPECT_GE(std::count(codes.begin(), codes.end(), grpc::StatusCode::UNAVAILABLE), 1);
}

TEST_F(AdminServiceTest, ACallThatWasCancelledBeforeItsTurnIsNotBegun) {
  grpc::ClientContext first, cancelled, last;
  grpc::StatusCode codes[3];
  AskStatus(first, codes[0]);
  ASSERT_TRUE(Await([&] { return asked_ == 1; }));
  AskStatus(cancelled, codes[1]);
  ASSERT_TRUE(Await([&] { return service_->come() == 2; }));
  cancelled.TryCancel();
  ASSERT_TRUE(Await([&] { return service_->is_cancelled(); }));
  Answer();
  v1::GetStatusResponse response;
  EXPECT_TRUE(stub_->GetStatus(&last, {}, &response).ok());
  EXPECT_EQ(asked_, 2);
}

}  // namespace
}  // namespace ringfence::publish
