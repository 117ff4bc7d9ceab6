// Every RPC and every HTTP route, asked by everybody: exactly those pass that are said here to. The
// table is written from the texts, not from the program's.
#include <google/protobuf/descriptor.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "ringfence/v1/admin_service.pb.h"
#include "ringfence/v1/indicator_service.pb.h"
#include "ringfence/v1/report_service.pb.h"
#include "tests/access/access_testing.h"
#include "tests/access/https.h"

namespace ringfence::access {
namespace {

enum Who {
  kNoCertificate,
  kOtherAuthority,
  kOtherDomain,
  kExpired,
  kOnlyCommonName,
  kTwoUris,
  kUnknown,
  kPartner,
  kOtherPartner,
  kConsumer,
  kAnalyst,
  kCustodian,
  kOperator,
  kMonitor,
  kEnd
};
constexpr const char* kWords[] = {"no certificate", "other authority", "other domain", "expired",
                                  "only a CN",      "two URIs",        "unknown",      "partner",
                                  "other partner",  "consumer",        "analyst",      "custodian",
                                  "operator",       "monitor"};
using Allowed = std::set<Who>;

const Allowed kAll = {kPartner,   kOtherPartner, kConsumer, kAnalyst,
                      kCustodian, kOperator,     kMonitor};
const Allowed kReaders = {kConsumer, kAnalyst};
const Allowed kPeople = {kAnalyst, kOperator};

const std::map<std::string, Allowed> kRpcs = {
    {"/ringfence.v1.ReportService/SubmitReports", {kPartner, kOtherPartner}},
    {"/ringfence.v1.IndicatorService/Subscribe", kReaders},
    {"/ringfence.v1.IndicatorService/Acknowledge", kReaders},
    {"/ringfence.v1.IndicatorService/Lookup", {kConsumer, kAnalyst, kCustodian, kOperator}},
    {"/ringfence.v1.IndicatorService/SubmitFeedback", {kConsumer, kAnalyst, kCustodian}},
    {"/ringfence.v1.IndicatorService/GetCampaign", kPeople},
    {"/ringfence.v1.IndicatorService/ListCampaigns", kPeople},
    {"/ringfence.v1.AdminService/PutOverride", {kOperator}},
    {"/ringfence.v1.AdminService/DeleteOverride", {kOperator}},
    {"/ringfence.v1.AdminService/ListOverrides", kPeople},
    {"/ringfence.v1.AdminService/RetractPartner", {kOperator}},
    {"/ringfence.v1.AdminService/GetStatus", {kAnalyst, kOperator, kMonitor}},
    {"/ringfence.v1.AdminService/CreateReferral", {kOperator}},
    {"/ringfence.v1.AdminService/ListHolds", {kOperator}},
    {"/ringfence.v1.AdminService/LiftHold", {kOperator}},
    {"/ringfence.v1.AdminService/ExplainReport", kPeople},
    {"/ringfence.v1.AdminService/ExplainIndicator", kPeople},
    {"/ringfence.v1.AdminService/ExplainCampaign", kPeople},
    {"/ringfence.v1.AdminService/GetPolicy", kPeople},
    {"/ringfence.v1.AdminService/ListHeld", kPeople},
    {"/ringfence.v1.AdminService/DecideHeld", {kOperator}},
    {"/ringfence.v1.AdminService/ListConsumers", kPeople},
    {"/grpc.health.v1.Health/Check", kAll},
    {"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", kAll},
    {"/ringfence.v1.AdminService/NoSuchMethod", {}},
    {"/other.Service/Method", {}},
};

struct Route {
  const char* method;
  const char* path;
  Allowed allowed;
  bool is_public = false;
};
const Route kRoutes[] = {
    {"GET", "/healthz/live", {}, true},
    {"GET", "/healthz/ready", {}, true},
    {"GET", "/v1/openapi.json", {}, true},
    {"GET", "/metrics", {kOperator, kMonitor}},
    {"POST", "/v1/reports", {kPartner, kOtherPartner}},
    {"GET", "/v1/indicators.jsonl", kReaders},
    {"GET", "/v1/indicators.csv", kReaders},
    {"GET", "/v1/ips.txt", kReaders},
    {"GET", "/v1/hosts.txt", kReaders},
    {"GET", "/v1/rpz.zone", kReaders},
    {"GET", "/v1/phones.csv", kReaders},
    {"GET", "/v1/phones.bin", kReaders},
    {"GET", "/v1/private.bin", kReaders},
    {"GET", "/v1/private.key", kReaders},
    {"GET", "/taxii2/", kReaders},
    {"GET", "/taxii2/ringfence/collections/", kReaders},
    {"GET", "/v1/reports", {}},
    {"POST", "/v1/indicators.csv", {}},
    {"GET", "/nothing", {}},
    {"GET", "/api/v1/session", kPeople},
    {"GET", "/api/v1/held", kPeople},
    {"POST", "/api/v1/held", {kOperator}},
    {"GET", "/api/v1/holds", {kOperator}},
    {"POST", "/api/v1/lookup", {kAnalyst, kOperator}},
    {"POST", "/api/v1/overrides", {kOperator}},
    {"POST", "/api/v1/overrides/delete", {kOperator}},
    {"POST", "/api/v1/referrals", {kOperator}},
    {"GET", "/api/v1/overview", kPeople},
    {"POST", "/api/v1/overview", {}},
};

class Matrix : public AccessTest {
 protected:
  Matrix() {
    const char* uris[] = {"",
                          "",
                          "spiffe://other/partner/a",
                          "",
                          "",
                          "",
                          "spiffe://t/stranger",
                          "spiffe://t/partner/a",
                          "spiffe://t/partner/b",
                          "spiffe://t/consumer",
                          "spiffe://t/analyst",
                          "spiffe://t/custodian",
                          "spiffe://t/operator",
                          "spiffe://t/monitor"};
    for (int who = kNoCertificate; who < kEnd; ++who)
      certificates_.push_back(Certificate(uris[who]));
    certificates_[kNoCertificate] = "";
    Authority::Names names;
    names.uris = {"spiffe://t/operator"};
    certificates_[kOtherAuthority] = Authority().Issue(names);
    certificates_[kExpired] = Certificate("spiffe://t/operator", -60);
    names.uris = {"spiffe://t/operator", "spiffe://t/partner/a"};
    certificates_[kTwoUris] = authority_.Issue(names);
    names.uris = {};
    names.common_name = "spiffe://t/operator";
    certificates_[kOnlyCommonName] = authority_.Issue(names);
  }

  // An empty message to any method, unary or not.
  grpc::Status Call(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                    const std::string& partner = "") {
    grpc::GenericStub stub(channel);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    if (!partner.empty()) context.AddMetadata("x-ringfence-partner", partner);
    grpc::CompletionQueue queue;
    const grpc::Slice nothing("");
    const grpc::ByteBuffer request(&nothing, 1);
    grpc::ByteBuffer response;
    grpc::Status status;
    const auto call = stub.PrepareUnaryCall(&context, method, request, &queue);
    call->StartCall();
    call->Finish(&response, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    return status;
  }

  std::vector<std::string> certificates_;
};

TEST_F(Matrix, ExactlyThoseMayCallWhoAreSaidTo) {
  Start();
  std::set<std::string> methods;
  for (const auto* file :
       {v1::GetStatusRequest::descriptor()->file(), v1::LookupRequest::descriptor()->file(),
        v1::SubmitReportsRequest::descriptor()->file()}) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        methods.insert("/" + file->service(s)->full_name() + "/" +
                       file->service(s)->method(m)->name());
      }
    }
  }
  for (const std::string& method : methods)
    EXPECT_TRUE(kRpcs.contains(method)) << method << " is not in the table above";
  for (int who = kNoCertificate; who < kEnd; ++who) {
    const auto channel = Connect(certificates_[static_cast<size_t>(who)]);
    for (const auto& [method, allowed] : kRpcs) {
      const grpc::Status status = Call(channel, method);
      const auto code = status.error_code();
      const std::string what = method + " by " + kWords[who] + ": " + std::to_string(code) + " " +
                               status.error_message();
      if (allowed.contains(static_cast<Who>(who))) {
        // What is wrong with an empty request is the service's to say.
        EXPECT_NE(code, grpc::StatusCode::PERMISSION_DENIED) << what;
        EXPECT_NE(code, grpc::StatusCode::UNAUTHENTICATED) << what;
        EXPECT_NE(code, grpc::StatusCode::UNAVAILABLE) << what;
      } else if (who <= kExpired && who != kOtherDomain) {
        EXPECT_EQ(code, grpc::StatusCode::UNAVAILABLE) << what;
      } else if (who < kPartner) {
        EXPECT_EQ(code, grpc::StatusCode::UNAUTHENTICATED) << what;
      } else if (allowed.empty()) {
        EXPECT_EQ(code, grpc::StatusCode::UNIMPLEMENTED) << what;
      } else {
        EXPECT_EQ(code, grpc::StatusCode::PERMISSION_DENIED) << what;
      }
    }
  }
}

TEST_F(Matrix, ExactlyThoseMayAskOverHttpWhoAreSaidTo) {
  Start();
  for (const Route& route : kRoutes) {
    for (int who = kNoCertificate; who < kEnd; ++who) {
      const HttpsAnswer answer =
          Https(HttpPort(), authority_.certificate(), certificates_[static_cast<size_t>(who)],
                route.method, route.path, "Content-Type: application/x-ndjson\r\n", "{}\n");
      const std::string what = std::string(route.method) + " " + route.path + " by " + kWords[who];
      if (who == kOtherAuthority || who == kExpired) {
        EXPECT_EQ(answer.status, 0) << what;
      } else if (route.is_public || route.allowed.contains(static_cast<Who>(who))) {
        // The console's API takes nothing but JSON: who is told so has come in.
        const std::string_view path = route.path;
        const bool wants_json =
            path.starts_with("/api/") && route.method == std::string_view("POST");
        EXPECT_EQ(answer.status, wants_json ? 400 : 200) << what << answer.body;
      } else if (who < kPartner) {
        EXPECT_EQ(answer.status, 401) << what;
      } else if (route.allowed.empty()) {
        EXPECT_TRUE(answer.status == 404 || answer.status == 405) << what;
      } else {
        EXPECT_EQ(answer.status, 403) << what;
      }
    }
  }
}

TEST_F(Matrix, APartnerIsNobodyElse) {
  Start();
  const auto channel = Connect(certificates_[kPartner]);
  constexpr char kMethod[] = "/ringfence.v1.ReportService/SubmitReports";
  EXPECT_EQ(Call(channel, kMethod, "a").error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Call(channel, kMethod, "b").error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(
      Https(HttpPort(), authority_.certificate(), certificates_[kPartner], "POST", "/v1/reports",
            "Content-Type: application/x-ndjson\r\nx-ringfence-partner: b\r\n", "{}\n")
          .status,
      403);
}

TEST_F(Matrix, WithoutTlsNothingIsAnswered) {
  Start();
  const auto channel =
      grpc::CreateChannel(server_->grpc_address(), grpc::InsecureChannelCredentials());
  EXPECT_EQ(Call(channel, "/grpc.health.v1.Health/Check").error_code(),
            grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace ringfence::access
