#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/strip.h"
#include "services/ringfence/commands.h"
#include "services/ringfence/server/server.h"
#include "services/runtime/interrupt.h"
#include "services/runtime/logging.h"
#include "services/runtime/reaction.h"

namespace ringfence::cli {
namespace {

constexpr char kFooter[] =
    R"(Runs all of Ringfence in one process: takes reports over gRPC, publishes indicators and
campaigns over gRPC and as lists over HTTP (/v1/indicators.jsonl and others), and serves /metrics
for Prometheus. Everything is kept in --data; what was answered as accepted survives a crash. Keys
are made in DIR/keys at the first start: keep a copy.

Without certificates it listens on loopback only, where whoever calls may do everything and partners
name themselves. With --tls-cert, --tls-ca and --identities (ops/identities.md) callers are told apart
by their certificates, or over HTTP by bearer tokens; all of these files are read again when they
change.

Exit status: 0 stopped by a signal; 2 wrong use, or options or files that cannot be used, where it
does not help to start it again; 3 it could not start, or a stage stopped for good.

Examples:
  ringfence serve --data data
  ringfence serve --data data --grpc 127.0.0.1:0 --http 127.0.0.1:0
  ringfence serve --data data --grpc 0.0.0.0:7733 --http 0.0.0.0:7780 --tls-cert server.pem \
      --tls-ca ca.pem --identities identities.yaml --tokens tokens.yaml)";

constexpr std::chrono::seconds kHealthEvery{1};
// Who fails again sooner waits longer.
constexpr std::chrono::minutes kLastedFor{1};

// Until it is to stop, OK, or something in it has stopped.
absl::Status AwaitEnd(const server::Server& server, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    runtime::SleepUnlessStopped(stop, kHealthEvery);
    if (absl::Status health = server.Health(); !health.ok()) return health;
  }
  return absl::OkStatus();
}

// Closes all of it and opens it again, which goes back to what was flushed and reads the rest from
// the log, until it can be opened or it is to stop. Then, and after an error that no retry heals,
// there is no server.
absl::Status StartAgain(server::Server::Options& options, absl::Status error,
                        runtime::Backoff& backoff, const std::stop_token& stop,
                        std::unique_ptr<server::Server>& server) {
  // The same where any was good enough.
  options.grpc = server->grpc_address();
  options.http =
      std::string(absl::StripPrefix(absl::StripPrefix(server->http_url(), "http://"), "https://"));
  server.reset();
  while (runtime::ReactionTo(error) != runtime::Reaction::kStop) {
    runtime::LogLine(runtime::LogLevel::kWarning, "everything is closed and opened again",
                     {{"error", std::string(error.message())}});
    runtime::SleepUnlessStopped(stop, backoff.Next());
    if (stop.stop_requested()) return absl::OkStatus();
    absl::StatusOr<std::unique_ptr<server::Server>> again = server::Server::Start(options);
    error = again.status();
    if (!again.ok()) continue;
    server = *std::move(again);
    break;
  }
  return error;
}

int Run(server::Server::Options options) {
  if (absl::Status status = server::Server::Check(options); !status.ok()) {
    Fail(status);
    return kWrongUse;
  }
  runtime::Interrupt interrupt;
  absl::StatusOr<std::unique_ptr<server::Server>> started = server::Server::Start(options);
  if (!started.ok()) {
    const int unfinished = Fail(started.status());
    return absl::IsInvalidArgument(started.status()) ? kWrongUse : unfinished;
  }
  std::unique_ptr<server::Server> server = *std::move(started);
  fmt::print("serving gRPC on {}, HTTP on {}/ (metrics on /metrics); Ctrl-C ends it\n",
             server->grpc_address(), server->http_url());
  std::fflush(stdout);
  const std::stop_token stop = interrupt.token();
  runtime::Backoff backoff;
  while (!stop.stop_requested()) {
    const auto start = std::chrono::steady_clock::now();
    absl::Status end = AwaitEnd(*server, stop);
    if (std::chrono::steady_clock::now() - start >= kLastedFor) backoff.Reset();
    if (!end.ok()) end = StartAgain(options, end, backoff, stop, server);
    if (!end.ok()) return Fail(end);
  }
  fmt::print("stopping\n");
  return kDone;
}

void AddAccess(CLI::App& app, server::Server::Options& options) {
  app.add_option("--tls-cert", options.tls.certificate,
                 "The server's certificate and what leads to its issuer, PEM")
      ->type_name("FILE");
  app.add_option("--tls-key", options.tls.key,
                 "Its key, PEM; the certificate's file where it is not given")
      ->type_name("FILE");
  app.add_option("--tls-ca", options.tls.ca, "Who signs callers' certificates, PEM")
      ->type_name("FILE");
  app.add_option("--identities", options.identities_file, "Who may call as what")
      ->type_name("FILE");
  app.add_option("--tokens", options.tokens_file, "Bearer tokens, of `ringfence tokens`")
      ->type_name("FILE");
}

}  // namespace

Command DeclareServe(CLI::App& app) {
  auto options = std::make_shared<server::Server::Options>();
  app.footer(kFooter);
  app.add_option("--data", options->data, "Folder for log, state and keys; made if need be")
      ->required()
      ->type_name("DIR");
  app.add_option("--grpc", options->grpc, "Where to serve gRPC; port 0 takes a free one")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  app.add_option("--http", options->http,
                 "Where to serve lists and /metrics; port 0 takes a free one")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  app.add_option("--organisations", options->organisations,
                 "Which partners belong to which organisation, and its weight (ops/overrides.md); "
                 "without it each partner is an organisation")
      ->type_name("FILE");
  app.add_option(
         "--policy", options->policy,
         "What evidence makes of identifiers, and which ties count (ops/policy.md); without "
         "it the default")
      ->type_name("FILE");
  app.add_option("--quota-reports", options->quotas.reports,
                 "Reports that a partner may send in an hour; what is beyond is held "
                 "(ringfence held). 0: as many as come")
      ->type_name("N")
      ->check(CLI::Range(int64_t{0}, int64_t{1'000'000'000'000}))
      ->capture_default_str();
  app.add_option("--quota-new-identifiers", options->quotas.new_identifiers,
                 "Different identifiers that are not in the set, which a partner may name in an "
                 "hour. 0: as many as come")
      ->type_name("N")
      ->check(CLI::Range(0, 10'000'000))
      ->capture_default_str();
  app.add_option("--partitions", options->partitions, "Of each mailbox; fixed by the first start")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  auto keep_reports_days = std::make_shared<int64_t>(options->keep_reports.count() / 24);
  app.add_option("--keep-reports-days", *keep_reports_days,
                 "How long the partners' reports stay in the log; evidence links for 400 days")
      ->type_name("DAYS")
      ->check(CLI::Range(1, 3'650))
      ->capture_default_str();
  AddAccess(app, *options);
  return [options, keep_reports_days] {
    options->keep_reports = std::chrono::hours(24 * *keep_reports_days);
    if (options->tls.key.empty()) options->tls.key = options->tls.certificate;
    return Run(*options);
  };
}

}  // namespace ringfence::cli
