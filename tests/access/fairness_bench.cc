// One partner with a broken loop beside an honest one: how long the honest one waits for its
// answers, alone and beside the loop.
//
//   fairness_bench [SECONDS]
//
// Prints both distributions, in milliseconds, and what became of the loop's calls.

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "ringfence/v1/report_service.grpc.pb.h"
#include "services/ringfence/server/server.h"
#include "tests/access/certificates.h"

namespace ringfence::access {
namespace {

using Clock = std::chrono::steady_clock;

constexpr char kIdentities[] = R"(trust_domain: t
identities:
  - {name: 'spiffe://t/honest', role: partner, partner: honest}
  - {name: 'spiffe://t/loop', role: partner, partner: loop}
)";
// As a company that takes calls all day: two hundred reports a second.
constexpr auto kEvery = std::chrono::milliseconds(50);
constexpr int kReportsOfACall = 10;
constexpr int kLoopConnections = 4;

v1::Report Good(uint64_t number) {
  v1::Report report;
  report.set_report_id("case-" + std::to_string(number));
  report.mutable_occurred_at()->set_seconds(std::time(nullptr) - 3'600);
  report.mutable_victim()->set_country("US");
  v1::Identifier& identifier = *report.add_identifiers();
  identifier.set_type(v1::IDENTIFIER_TYPE_PHONE);
  identifier.set_role(v1::IDENTIFIER_ROLE_CALLBACK);
  identifier.set_value("+1212555" + std::to_string(1'000 + number % 9'000));
  return report;
}

// Rejected: it has no time. As large as a record may be.
v1::SubmitReportsRequest Broken() {
  v1::SubmitReportsRequest request;
  v1::Report& report = *request.add_reports();
  report.set_report_id("x");
  while (report.ByteSizeLong() < 64'000) {
    v1::Identifier& identifier = *report.add_identifiers();
    identifier.set_type(v1::IDENTIFIER_TYPE_URL);
    identifier.set_value("https://example.com/" + std::string(1'000, 'x'));
  }
  return request;
}

struct Bench {
  Authority authority;
  std::string folder;
  std::unique_ptr<server::Server> server;
  uint64_t next = 0;

  void Put(const std::string& name, const std::string& text) const {
    std::ofstream(folder + "/" + name) << text;
  }
  bool Start() {
    std::string name = std::filesystem::temp_directory_path().string() + "/fairness-XXXXXX";
    folder = mkdtemp(name.data());
    Authority::Names names;
    names.hosts = {"DNS:localhost", "IP:127.0.0.1"};
    Put("server.pem", authority.Issue(names));
    Put("ca.pem", authority.certificate());
    Put("identities.yaml", kIdentities);
    server::Server::Options options;
    options.data = folder + "/data";
    options.grpc = options.http = "127.0.0.1:0";
    options.tls = {folder + "/server.pem", folder + "/server.pem", folder + "/ca.pem"};
    options.identities_file = folder + "/identities.yaml";
    auto started = server::Server::Start(options);
    if (!started.ok()) {
      std::fprintf(stderr, "%s\n", std::string(started.status().message()).c_str());
      return false;
    }
    server = *std::move(started);
    return true;
  }
  std::unique_ptr<v1::ReportService::Stub> Connect(const std::string& uri) const {
    Authority::Names names;
    names.uris = {uri};
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = authority.certificate();
    options.pem_private_key = options.pem_cert_chain = authority.Issue(names);
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return v1::ReportService::NewStub(grpc::CreateCustomChannel(
        server->grpc_address(), grpc::SslCredentials(options), arguments));
  }
  // Milliseconds, sorted.
  std::vector<double> MeasureHonest(std::chrono::seconds time) {
    const auto stub = Connect("spiffe://t/honest");
    std::vector<double> waits;
    const auto until = Clock::now() + time;
    while (Clock::now() < until) {
      v1::SubmitReportsRequest request;
      for (int i = 0; i < kReportsOfACall; ++i) *request.add_reports() = Good(next++);
      v1::SubmitReportsResponse response;
      grpc::ClientContext context;
      const auto began = Clock::now();
      const grpc::Status status = stub->SubmitReports(&context, request, &response);
      const std::chrono::duration<double, std::milli> took = Clock::now() - began;
      if (!status.ok()) std::fprintf(stderr, "honest: %s\n", status.error_message().c_str());
      waits.push_back(took.count());
      std::this_thread::sleep_until(began + kEvery);
    }
    std::sort(waits.begin(), waits.end());
    return waits;
  }
};

void Print(const char* what, const std::vector<double>& waits) {
  const auto at = [&](double part) {
    return waits[std::min(waits.size() - 1,
                          static_cast<size_t>(part * static_cast<double>(waits.size())))];
  };
  std::printf("%-16s calls %zu  p50 %.2f  p90 %.2f  p99 %.2f  max %.2f ms\n", what, waits.size(),
              at(0.5), at(0.9), at(0.99), waits.back());
}

int Main(int seconds) {
  Bench bench;
  if (!bench.Start()) return 1;
  const std::chrono::seconds time(seconds);
  (void)bench.MeasureHonest(std::chrono::seconds(2));
  Print("alone", bench.MeasureHonest(time));
  std::atomic<bool> stop = false;
  std::atomic<uint64_t> rejected = 0;
  std::atomic<uint64_t> refused = 0;
  std::vector<std::thread> loop;
  for (int i = 0; i < kLoopConnections; ++i) {
    loop.emplace_back([&] {
      const auto stub = bench.Connect("spiffe://t/loop");
      const v1::SubmitReportsRequest request = Broken();
      while (!stop) {
        v1::SubmitReportsResponse response;
        grpc::ClientContext context;
        ++(stub->SubmitReports(&context, request, &response).ok() ? rejected : refused);
      }
    });
  }
  Print("beside the loop", bench.MeasureHonest(time));
  stop = true;
  for (std::thread& thread : loop) thread.join();
  std::printf("the loop         answered %llu, refused %llu in %d s\n",
              static_cast<unsigned long long>(rejected), static_cast<unsigned long long>(refused),
              seconds);
  bench.server.reset();
  std::filesystem::remove_all(bench.folder);
  return 0;
}

}  // namespace
}  // namespace ringfence::access

int main(int argc, char** argv) {
  return ringfence::access::Main(argc > 1 ? std::atoi(argv[1]) : 10);
}
