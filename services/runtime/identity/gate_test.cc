#include "services/runtime/identity/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "services/runtime/identity/http_gate.h"
#include "services/runtime/identity/tokens.h"

namespace ringfence::runtime {
namespace {

using testing::HasSubstr;

constexpr char kHead[] = "trust_domain: t\nidentities:\n";
constexpr char kPartner[] = "  - {name: 'spiffe://t/p/a', role: partner, partner: a}\n";
constexpr char kConsumer[] =
    "  - {name: 'spiffe://t/c', role: consumer, organisation: c, max_tlp: green, types: [phone]}\n";
constexpr char kProxy[] = "  - {name: 'spiffe://t/proxy', role: proxy}\n";
constexpr char kReports[] = "/ringfence.v1.ReportService/SubmitReports";
constexpr char kLookup[] = "/ringfence.v1.IndicatorService/Lookup";

Credentials WithCertificate(std::vector<std::string> uris) {
  Credentials credentials;
  credentials.has_certificate = true;
  credentials.uris = std::move(uris);
  return credentials;
}

class GateTest : public testing::Test {
 protected:
  GateTest() {
    std::string path = testing::TempDir() + "gate-XXXXXX";
    folder_ = mkdtemp(path.data());
    options_.identities_file = folder_ + "/identities.yaml";
    options_.tokens_file = folder_ + "/tokens.yaml";
    options_.clock = [this] { return now_; };
    Write(std::string(kHead) + kPartner + kConsumer + kProxy);
  }
  ~GateTest() override { std::filesystem::remove_all(folder_); }
  void Write(const std::string& text) {
    std::ofstream(folder_ + "/next") << text;
    std::filesystem::rename(folder_ + "/next", options_.identities_file);
  }
  void Open() {
    auto gate = Gate::Open(options_, metrics_);
    ASSERT_TRUE(gate.ok()) << gate.status();
    gate_ = *std::move(gate);
  }
  absl::StatusCode Rpc(const char* method, const Credentials& credentials) {
    return gate_->AdmitRpc(method, credentials).status().code();
  }
  // Files are looked at every so often.
  template <typename Done>
  bool Eventually(Done done) {
    for (int i = 0; i < 400 && !done(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(25));
    return done();
  }

  core::Time now_ = 1'000 * core::kSecond;
  std::string folder_;
  Gate::Options options_;
  Metrics metrics_;
  std::unique_ptr<Gate> gate_;
};

using enum absl::StatusCode;

TEST_F(GateTest, ACertificateSpeaksForItsOneUriInTheTrustDomain) {
  Open();
  EXPECT_EQ(Rpc(kReports, WithCertificate({"spiffe://t/p/a"})), kOk);
  EXPECT_EQ(Rpc(kReports, WithCertificate({})), kUnauthenticated);
  EXPECT_EQ(Rpc(kReports, WithCertificate({"spiffe://t/p/a", "spiffe://t/p/a"})), kUnauthenticated);
  EXPECT_EQ(Rpc(kReports, WithCertificate({"spiffe://t/p/a", "https://x"})), kUnauthenticated);
  EXPECT_EQ(Rpc(kReports, WithCertificate({"spiffe://other/p/a"})), kUnauthenticated);
  EXPECT_EQ(Rpc(kReports, WithCertificate({"spiffe://t/p/b"})), kUnauthenticated);
  EXPECT_EQ(Rpc(kReports, Credentials()), kUnauthenticated);
  EXPECT_THAT(metrics_.Text(),
              HasSubstr("ringfence_refused_calls_total{reason=\"unknown_name\"} 1\n"));
}

TEST_F(GateTest, ARoleMayWhatItsRowSaysAndNothingElse) {
  Open();
  EXPECT_EQ(Rpc(kLookup, WithCertificate({"spiffe://t/p/a"})), kPermissionDenied);
  EXPECT_EQ(Rpc(kLookup, WithCertificate({"spiffe://t/c"})), kOk);
  EXPECT_EQ(Rpc(kReports, WithCertificate({"spiffe://t/c"})), kPermissionDenied);
  EXPECT_EQ(Rpc("/ringfence.v1.ReportService/New", WithCertificate({"spiffe://t/p/a"})),
            kUnimplemented);
}

TEST_F(GateTest, ACallerHasWhatItsIdentitySays) {
  Open();
  const auto caller = gate_->Decide(WithCertificate({"spiffe://t/c"}));
  ASSERT_TRUE(caller.ok());
  EXPECT_EQ(caller->max_tlp, v1::TLP_GREEN);
  EXPECT_TRUE(caller->MaySee(v1::IDENTIFIER_TYPE_PHONE));
  EXPECT_FALSE(caller->MaySee(v1::IDENTIFIER_TYPE_DOMAIN));
  EXPECT_FALSE(caller->IsAnalyst());
  const auto partner = gate_->Decide(WithCertificate({"spiffe://t/p/a"}));
  EXPECT_EQ(partner->partner, "a");
  EXPECT_EQ(partner->types, 0U);
}

TEST_F(GateTest, APartnerIsTheOneOfItsCertificateWhateverItSays) {
  Open();
  Credentials credentials = WithCertificate({"spiffe://t/p/a"});
  credentials.partners = {"a"};
  EXPECT_EQ(Rpc(kReports, credentials), kOk);
  credentials.partners = {"b"};
  EXPECT_EQ(Rpc(kReports, credentials), kPermissionDenied);
}

TEST_F(GateTest, OnlyAProxySpeaksForOthers) {
  Open();
  Credentials proxy = WithCertificate({"spiffe://t/proxy"});
  EXPECT_EQ(Rpc(kReports, proxy), kUnauthenticated);
  proxy.identities = {"spiffe://t/p/a"};
  EXPECT_EQ(Rpc(kReports, proxy), kOk);
  EXPECT_EQ(Rpc(kLookup, proxy), kPermissionDenied);
  proxy.identities = {"spiffe://t/proxy"};
  EXPECT_EQ(Rpc(kReports, proxy), kUnauthenticated);
  proxy.identities = {"spiffe://t/p/a", "spiffe://t/c"};
  EXPECT_EQ(Rpc(kReports, proxy), kUnauthenticated);
  Credentials other = WithCertificate({"spiffe://t/c"});
  other.identities = {"spiffe://t/p/a"};
  EXPECT_EQ(Rpc(kReports, other), kPermissionDenied) << "the header says nothing";
}

TEST_F(GateTest, WithoutTlsWhoeverIsHereHasEveryRoleWhereThatWasAskedFor) {
  Credentials here;
  here.is_local = true;
  Open();
  EXPECT_EQ(Rpc(kReports, here), kUnauthenticated);
  gate_ = Gate::OnThisMachine(metrics_);
  EXPECT_EQ(Rpc(kReports, here), kOk);
  EXPECT_EQ(Rpc(kLookup, here), kOk);
  EXPECT_EQ(Rpc("/ringfence.v1.ReportService/New", here), kUnimplemented);
  EXPECT_EQ(gate_->Decide(here)->partner, "");
  here.partners = {"acme"};
  EXPECT_EQ(gate_->Decide(here)->partner, "acme");
  for (const char* name : {"", "Acme", "a_b", "a.b", "a/b"}) {
    here.partners = {name};
    EXPECT_EQ(Rpc(kReports, here), kInvalidArgument) << name;
  }
  here.partners = {"a", "b"};
  EXPECT_EQ(Rpc(kReports, here), kInvalidArgument);
}

TEST_F(GateTest, TheFileIsReadAgainAndAnUnsoundOneLeavesWhatWasThere) {
  Open();
  const auto refused = [&](const std::string& count) {
    return metrics_.Text().find("file=\"identities\",outcome=\"refused\"} " + count) !=
           std::string::npos;
  };
  const auto is_refused = [&](const std::string& whether) {
    return metrics_.Text().find("ringfence_file_refused{file=\"identities\"} " + whether) !=
           std::string::npos;
  };
  // An alert on its growth sees the first one too.
  EXPECT_TRUE(refused("0"));
  EXPECT_TRUE(is_refused("0"));
  const auto caller = gate_->Decide(WithCertificate({"spiffe://t/p/a"}));
  ASSERT_TRUE(caller.ok());
  Write("trust_domain: t\nidentities: [nonsense]\n");
  EXPECT_TRUE(Eventually([&] {
    (void)Rpc(kReports, Credentials(WithCertificate({"spiffe://t/p/a"})));
    return refused("1");
  }));
  EXPECT_TRUE(is_refused("1"));
  EXPECT_EQ(Rpc(kReports, WithCertificate({"spiffe://t/p/a"})), kOk);
  EXPECT_TRUE(gate_->StillHolds(*caller));
  Write(std::string(kHead) + kConsumer);
  EXPECT_TRUE(Eventually(
      [&] { return Rpc(kReports, WithCertificate({"spiffe://t/p/a"})) == kUnauthenticated; }));
  EXPECT_FALSE(gate_->StillHolds(*caller));
  EXPECT_TRUE(is_refused("0"));
}

TEST_F(GateTest, WhatIsOpenGoesOnWhereItsIdentityIsTheSame) {
  Open();
  const auto caller = gate_->Decide(WithCertificate({"spiffe://t/c"}));
  Write(std::string(kHead) + kConsumer);
  EXPECT_TRUE(Eventually(
      [&] { return Rpc(kReports, WithCertificate({"spiffe://t/p/a"})) == kUnauthenticated; }));
  EXPECT_TRUE(gate_->StillHolds(*caller));
}

TEST_F(GateTest, AnUnsoundFileAtTheStartIsAnError) {
  Write("nonsense");
  EXPECT_EQ(Gate::Open(options_, metrics_).status().code(), kInvalidArgument);
  std::filesystem::remove(options_.identities_file);
  EXPECT_EQ(Gate::Open(options_, metrics_).status().code(), kUnavailable);
}

TEST_F(GateTest, TokensStandForAnIdentityUntilTheyExpireOrAreRevoked) {
  const auto made = MakeToken("spiffe://t/p/a", now_, now_ + 10 * core::kSecond, "for a script");
  ASSERT_TRUE(made.ok());
  ASSERT_TRUE(ChangeTokens(options_.tokens_file, [&](internal::v1::Tokens& tokens) {
                *tokens.add_tokens() = made->kept;
                return absl::OkStatus();
              }).ok());
  Open();
  Credentials credentials;
  credentials.bearer = made->token;
  const auto route = [&] {
    return gate_->AdmitRoute("POST", "/v1/reports", credentials).status().code();
  };
  EXPECT_EQ(route(), kOk);
  credentials.bearer->back() ^= 1;
  EXPECT_EQ(route(), kUnauthenticated);
  credentials.bearer = made->kept.sha256();
  EXPECT_EQ(route(), kUnauthenticated);
  credentials.bearer = made->token;
  credentials.has_certificate = true;
  credentials.uris = {"spiffe://t/c"};
  EXPECT_EQ(route(), kUnauthenticated) << "one of the two";
  credentials.has_certificate = false;
  now_ += 10 * core::kSecond;
  EXPECT_EQ(route(), kUnauthenticated) << "expired";
  now_ -= 10 * core::kSecond;
  EXPECT_EQ(route(), kOk);
  ASSERT_TRUE(ChangeTokens(options_.tokens_file, [](internal::v1::Tokens& tokens) {
                tokens.clear_tokens();
                return absl::OkStatus();
              }).ok());
  EXPECT_TRUE(Eventually([&] { return route() == kUnauthenticated; })) << "revoked";
}

TEST_F(GateTest, TheTokensFileHoldsNoTokenAndIsItsOwnersAlone) {
  const auto made = MakeToken("spiffe://t/p/a", now_, 2 * now_, "it's mine");
  ASSERT_TRUE(ChangeTokens(options_.tokens_file, [&](internal::v1::Tokens& tokens) {
                *tokens.add_tokens() = made->kept;
                return absl::OkStatus();
              }).ok());
  std::ifstream file(options_.tokens_file);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(text.find(made->token.substr(13)), std::string::npos);
  EXPECT_EQ(std::filesystem::status(options_.tokens_file).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const auto read = ReadTokens(options_.tokens_file);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->tokens(0).note(), "it's mine");
  EXPECT_EQ(made->token.size(), 56U);
}

TEST_F(GateTest, OverHttpOnlyWhoIsOnThisMachineDirectlyIsBelievedWithoutTls) {
  gate_ = Gate::OnThisMachine(metrics_);
  const HttpHandler handler =
      Gated(*gate_, [](const HttpRequest&, const Caller&) { return HttpResponse(); });
  const auto status = [&](const std::string& address, const std::string& host,
                          const std::string& header = "accept") {
    HttpRequest request;
    request.method = "GET";
    request.path = "/v1/ips.txt";
    request.remote_address = address;
    request.headers.emplace("host", host);
    request.headers.emplace(header, "1");
    return handler(request).status;
  };
  EXPECT_EQ(status("127.0.0.1", "localhost:80"), 200);
  EXPECT_EQ(status("::1", "[::1]:80"), 200);
  EXPECT_EQ(status("::1", "[::1]"), 200);
  EXPECT_EQ(status("192.0.2.1", "localhost"), 401);
  EXPECT_EQ(status("127.0.0.1", "lists.example"), 401);
  EXPECT_EQ(status("127.0.0.1", "127.0.0.1.example"), 401);
  EXPECT_EQ(status("127.0.0.1", "localhost", "x-forwarded-for"), 401);
}

TEST_F(GateTest, OverHttpWhatIsPublicIsForAnyoneAndWhatHasNoRowForNobody) {
  Open();
  const HttpHandler handler =
      Gated(*gate_, [](const HttpRequest&, const Caller&) { return HttpResponse(); });
  const auto status = [&](const char* method, const char* path, const char* uri) {
    HttpRequest request;
    request.method = method;
    request.path = path;
    request.is_encrypted = true;
    request.has_certificate = *uri != '\0';
    request.certificate_uris = {uri};
    return handler(request).status;
  };
  EXPECT_EQ(status("GET", "/healthz/live", ""), 200);
  EXPECT_EQ(status("GET", "/metrics", ""), 401);
  EXPECT_EQ(status("GET", "/nothing", ""), 401);
  EXPECT_EQ(status("GET", "/nothing", "spiffe://t/c"), 404);
  EXPECT_EQ(status("GET", "/v1/ips.txt", "spiffe://t/c"), 200);
  EXPECT_EQ(status("HEAD", "/v1/ips.txt", "spiffe://t/c"), 200);
  EXPECT_EQ(status("POST", "/v1/ips.txt", "spiffe://t/c"), 405);
  EXPECT_EQ(status("GET", "/v1/ips.txt", "spiffe://t/p/a"), 403);
  EXPECT_EQ(status("POST", "/v1/reports", "spiffe://t/p/a"), 200);
}

}  // namespace
}  // namespace ringfence::runtime
