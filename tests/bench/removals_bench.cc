#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "ringfence/v1/indicator_service.grpc.pb.h"
#include "ringfence/v1/report_service.grpc.pb.h"
#include "services/ringfence/server/server.h"
#include "services/runtime/clock.h"
#include "tests/bench/subscribers_bench.h"

namespace ringfence::bench {
namespace {

using Clock = std::chrono::steady_clock;

v1::Report ReportOf(int number, int incident, const core::Time now, bool retracted) {
  v1::Report report;
  report.set_report_id("case-" + std::to_string(number) + "-" + std::to_string(incident));
  report.set_revision(retracted ? 2 : 1);
  report.set_retracted(retracted);
  *report.mutable_occurred_at() = core::ToProto(now);
  *report.mutable_reported_at() = core::ToProto(now);
  v1::Identifier& identifier = *report.add_identifiers();
  identifier.set_type(v1::IDENTIFIER_TYPE_EMAIL);
  identifier.set_value("probe" + std::to_string(number) + "@probe.example");
  identifier.set_role(v1::IDENTIFIER_ROLE_CONTACT);
  return report;
}

// When the subscriber heard of each value's coming and going.
struct Heard {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::string, Clock::time_point> listed;
  std::map<std::string, Clock::time_point> removed;

  Clock::time_point Await(const std::map<std::string, Clock::time_point>& in,
                          const std::string& value) {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, std::chrono::seconds(60), [&] { return in.contains(value); });
    return in.contains(value) ? in.at(value) : Clock::time_point::max();
  }
};

void Listen(v1::IndicatorService::Stub& stub, grpc::ClientContext& context, Heard& heard) {
  v1::SubscribeRequest request;
  request.set_consumer("bench");
  const auto stream = stub.Subscribe(&context, request);
  for (v1::SubscribeResponse event; stream->Read(&event);) {
    const Clock::time_point now = Clock::now();
    const std::scoped_lock lock(heard.mutex);
    for (const v1::Removal& removal : event.delta().removals())
      heard.removed[removal.value()] = now;
    for (const v1::Indicator& indicator : event.delta().upserts())
      heard.listed[indicator.value()] = now;
    heard.changed.notify_all();
  }
}

bool Submit(v1::ReportService::Stub& stub, const std::string& partner, const v1::Report& report) {
  v1::SubmitReportsRequest request;
  *request.add_reports() = report;
  v1::SubmitReportsResponse response;
  grpc::ClientContext context;
  context.AddMetadata("x-ringfence-partner", partner);
  return stub.SubmitReports(&context, request, &response).ok();
}

}  // namespace

int Removals(int rounds) {
  const std::string folder =
      std::filesystem::temp_directory_path() / ("removals-bench-" + std::to_string(getpid()));
  server::Server::Options options;
  options.data = folder;
  options.grpc = "127.0.0.1:0";
  options.http = "127.0.0.1:0";
  auto started = server::Server::Start(options);
  if (!started.ok()) {
    fmt::print(stderr, "{}\n", std::string(started.status().message()));
    return 1;
  }
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  const auto channel = grpc::CreateCustomChannel((*started)->grpc_address(),
                                                 grpc::InsecureChannelCredentials(), arguments);
  const auto reports = v1::ReportService::NewStub(channel);
  const auto indicators = v1::IndicatorService::NewStub(channel);
  Heard heard;
  grpc::ClientContext context;
  std::thread listening([&] { Listen(*indicators, context, heard); });
  std::vector<double> seconds;
  for (int number = 0; number < rounds; ++number) {
    const core::Time now = runtime::SystemNow();
    const std::string value = "probe" + std::to_string(number) + "@probe.example";
    // Two organisations and two incidents: CHALLENGE. One taken back: below it.
    bool ok = true;
    for (int incident = 0; incident < 2; ++incident) {
      ok = ok && Submit(*reports, incident == 0 ? "bank" : "telco",
                        ReportOf(number, incident, now, false));
    }
    if (!ok || heard.Await(heard.listed, value) == Clock::time_point::max()) {
      fmt::print(stderr, "round {}: not listed\n", number);
      break;
    }
    if (!Submit(*reports, "bank", ReportOf(number, 0, now, true))) break;
    const Clock::time_point answered = Clock::now();
    const Clock::time_point removed = heard.Await(heard.removed, value);
    if (removed == Clock::time_point::max()) break;
    seconds.push_back(std::max(0.0, std::chrono::duration<double>(removed - answered).count()));
  }
  context.TryCancel();
  listening.join();
  started->reset();
  std::filesystem::remove_all(folder);
  if (seconds.size() != static_cast<size_t>(rounds)) return 1;
  std::sort(seconds.begin(), seconds.end());
  fmt::print(
      "{} retractions, answer to receipt of the removal: p50 {:.0f} ms, p99 {:.0f} ms, "
      "greatest {:.0f} ms\n",
      rounds, seconds[seconds.size() / 2] * 1e3, seconds[seconds.size() * 99 / 100] * 1e3,
      seconds.back() * 1e3);
  return 0;
}

}  // namespace ringfence::bench
