// Certificates and identities that change while everybody calls.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "ringfence/v1/admin_service.grpc.pb.h"
#include "ringfence/v1/indicator_service.grpc.pb.h"
#include "services/runtime/identity/tokens.h"
#include "tests/access/access_testing.h"
#include "tests/access/https.h"

namespace ringfence::access {
namespace {

using std::chrono::milliseconds;

class Rotation : public AccessTest {
 protected:
  static grpc::Status AskStatus(const std::shared_ptr<grpc::Channel>& channel) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    v1::GetStatusResponse response;
    return v1::AdminService::NewStub(channel)->GetStatus(&context, {}, &response);
  }
  template <typename Done>
  static bool Eventually(Done done) {
    for (int i = 0; i < 400; ++i) {
      if (done()) return true;
      std::this_thread::sleep_for(milliseconds(50));
    }
    return false;
  }
};

TEST_F(Rotation, UnderLoadDropsNothing) {
  // One identity asks all the time, in this test alone.
  Put("identities.yaml",
      std::string(kIdentities) +
          "  - {name: 'spiffe://t/busy', role: monitor, quotas: {calls_per_second: 100000}}\n");
  Start();
  const std::string certificate = Certificate("spiffe://t/busy");
  std::atomic<bool> stop = false;
  std::atomic<int> calls = 0;
  std::atomic<int> requests = 0;
  std::vector<std::thread> callers;
  // One stays connected, one connects anew each time, over gRPC; one over HTTP.
  callers.emplace_back([&] {
    const auto channel = Connect(certificate);
    for (; !stop; ++calls) {
      const grpc::Status status = AskStatus(channel);
      ASSERT_TRUE(status.ok()) << status.error_message();
    }
  });
  callers.emplace_back([&] {
    for (; !stop; ++calls) {
      const grpc::Status status = AskStatus(Connect(certificate));
      ASSERT_TRUE(status.ok()) << status.error_message();
    }
  });
  callers.emplace_back([&] {
    for (; !stop; ++requests) {
      ASSERT_EQ(Https(HttpPort(), authority_.certificate(), certificate, "GET", "/metrics").status,
                200);
    }
  });
  for (int i = 0; i < 12; ++i) {
    PutServerCertificate();
    Put("ca.pem", authority_.certificate());
    std::this_thread::sleep_for(milliseconds(250));
  }
  stop = true;
  for (std::thread& caller : callers) caller.join();
  EXPECT_GT(calls, 20);
  EXPECT_GT(requests, 10);
  const std::string metrics =
      Https(HttpPort(), authority_.certificate(), certificate, "GET", "/metrics").body;
  EXPECT_THAT(metrics, testing::HasSubstr("file=\"http_certificates\",outcome=\"used\""));
  for (const char* watched : {"server", "callers_ca"}) {
    EXPECT_THAT(metrics, testing::HasSubstr("ringfence_certificate_expiry_time_seconds{certificate="
                                            "\"" +
                                            std::string(watched) + "\"}"));
  }
}

TEST_F(Rotation, ANewAuthoritysCertificatesAreTakenAndTheOldOnesNoMore) {
  Start();
  const Authority next;
  Authority::Names names;
  names.uris = {"spiffe://t/monitor"};
  const std::string theirs = next.Issue(names);
  EXPECT_FALSE(AskStatus(Connect(theirs)).ok());
  Put("ca.pem", next.certificate());
  EXPECT_TRUE(Eventually([&] { return AskStatus(Connect(theirs)).ok(); }));
  EXPECT_TRUE(Eventually([&] {
    return Https(HttpPort(), authority_.certificate(), theirs, "GET", "/metrics").status == 200;
  }));
  const std::string ours = Certificate("spiffe://t/monitor");
  EXPECT_FALSE(AskStatus(Connect(ours)).ok());
  EXPECT_EQ(Https(HttpPort(), authority_.certificate(), ours, "GET", "/metrics").status, 0);
}

TEST_F(Rotation, WhoIsTakenOutOfTheFileIsOutStreamsToo) {
  Start();
  const auto channel = Connect(Certificate("spiffe://t/consumer"));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  v1::SubscribeRequest request;
  request.set_consumer("test");
  const auto stub = v1::IndicatorService::NewStub(channel);
  const auto stream = stub->Subscribe(&context, request);
  v1::SubscribeResponse event;
  ASSERT_TRUE(stream->Read(&event));
  std::string without = kIdentities;
  without.erase(without.find("  - {name: 'spiffe://t/consumer'"),
                without.find("  - {name: 'spiffe://t/analyst'") -
                    without.find("  - {name: 'spiffe://t/consumer'"));
  Put("identities.yaml", without);
  while (stream->Read(&event)) {
  }
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::PERMISSION_DENIED);
  grpc::ClientContext again;
  v1::LookupResponse response;
  EXPECT_EQ(stub->Lookup(&again, {}, &response).error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(Rotation, TokensComeAndGoOverHttpAlone) {
  Start();
  const core::Time now = runtime::SystemNow();
  const auto made =
      runtime::MakeToken("spiffe://t/partner/a", now, now + 3'600 * core::kSecond, "");
  const auto post = [&] {
    return Https(HttpPort(), authority_.certificate(), "", "POST", "/v1/reports",
                 "Content-Type: application/x-ndjson\r\nAuthorization: Bearer " + made->token +
                     "\r\n",
                 "{}\n")
        .status;
  };
  EXPECT_EQ(post(), 401);
  ASSERT_TRUE(runtime::ChangeTokens(folder_ + "/tokens.yaml", [&](internal::v1::Tokens& tokens) {
                *tokens.add_tokens() = made->kept;
                return absl::OkStatus();
              }).ok());
  EXPECT_TRUE(Eventually([&] { return post() == 200; }));
  ASSERT_TRUE(runtime::ChangeTokens(folder_ + "/tokens.yaml", [&](internal::v1::Tokens& tokens) {
                tokens.clear_tokens();
                return absl::OkStatus();
              }).ok());
  EXPECT_TRUE(Eventually([&] { return post() == 401; }));
}

}  // namespace
}  // namespace ringfence::access
