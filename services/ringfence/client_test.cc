#include "services/ringfence/client.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "ringfence/v1/admin_service.grpc.pb.h"

namespace ringfence::cli {
namespace {

using std::chrono::steady_clock;

class Admin : public v1::AdminService::Service {
 public:
  grpc::Status GetStatus(grpc::ServerContext*, const v1::GetStatusRequest*,
                         v1::GetStatusResponse* response) override {
    response->set_quiet(true);
    return grpc::Status::OK;
  }
};

std::unique_ptr<grpc::Server> Serve(Admin& admin, int& port) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:" + std::to_string(port), grpc::InsecureServerCredentials(),
                           &port);
  builder.RegisterService(&admin);
  return builder.BuildAndStart();
}

TEST(Client, WaitsForAServerThatIsJustStarting) {
  Admin admin;
  int port = 0;
  Serve(admin, port)->Shutdown();
  std::unique_ptr<grpc::Server> server;
  std::jthread starts([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    server = Serve(admin, port);
  });
  Client client({.address = "127.0.0.1:" + std::to_string(port)});
  const absl::StatusOr<v1::GetStatusResponse> status = client.GetStatus();
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_TRUE(status->quiet());
}

TEST(Client, NamesTheServerThatIsNotThere) {
  Admin admin;
  int port = 0;
  Serve(admin, port)->Shutdown();
  const std::string address = "127.0.0.1:" + std::to_string(port);
  Client client({.address = address});
  const auto start = steady_clock::now();
  for (int call = 0; call < 20; ++call) {
    const absl::Status status = client.GetStatus().status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
    EXPECT_TRUE(absl::StartsWith(status.message(), address)) << status;
  }
  // Only the first call waits.
  EXPECT_LT(steady_clock::now() - start, std::chrono::seconds(10));
}

}  // namespace
}  // namespace ringfence::cli
