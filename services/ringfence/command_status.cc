#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "services/ringfence/client.h"
#include "services/ringfence/commands.h"
#include "services/ringfence/options.h"
#include "services/ringfence/words.h"
#include "services/runtime/interrupt.h"

namespace ringfence::cli {
namespace {

constexpr char kFooter[] =
    R"(How far each stage is: where the log of its input ends, what it
has applied, and the time as it knows it.

Exit status: 0 answered (with --wait-quiet: and quiet); 2 wrong use; 3 no answer, or not quiet
in time.

Examples:
  ringfence status
  ringfence status --wait-quiet 60 && ringfence campaigns)";

constexpr std::chrono::milliseconds kBetween{200};

struct Arguments {
  Endpoint server;
  // 0: no waiting.
  uint32_t wait_seconds = 0;
  bool json = false;
};

void Print(const v1::GetStatusResponse& response) {
  Table table({"STAGE", "TOPIC", "PARTITION", "LOG END", "APPLIED", "LAG", "AS OF"});
  for (const v1::StageStatus& stage : response.stages()) {
    table.Add({Printable(stage.stage()), Printable(stage.topic()),
               std::to_string(stage.partition()), std::to_string(stage.log_end()),
               std::to_string(stage.applied()), std::to_string(stage.log_end() - stage.applied()),
               TimeWord(stage.as_of())});
  }
  fmt::print("{}{}\n", table.Text(), response.quiet() ? "quiet" : "at work");
}

// The last answer, quiet or not; a server that is away is waited for too.
absl::StatusOr<v1::GetStatusResponse> Wait(const Arguments& arguments, Client& client) {
  using Clock = std::chrono::steady_clock;
  const runtime::Interrupt interrupt;
  const auto deadline = Clock::now() + std::chrono::seconds(arguments.wait_seconds);
  for (;;) {
    absl::StatusOr<v1::GetStatusResponse> response = client.GetStatus();
    const bool is_over = response.ok() ? response->quiet() : !IsPassing(response.status());
    if (is_over || Clock::now() >= deadline || !WaitFor(kBetween, interrupt.token())) {
      return response;
    }
  }
}

int Run(const Arguments& arguments) {
  Client client(arguments.server);
  const absl::StatusOr<v1::GetStatusResponse> response =
      arguments.wait_seconds > 0 ? Wait(arguments, client) : client.GetStatus();
  if (!response.ok()) return Fail(response.status());
  if (arguments.json) {
    fmt::print("{}\n", Json(*response));
  } else {
    Print(*response);
  }
  return arguments.wait_seconds > 0 && !response->quiet() ? kUnfinished : kDone;
}

}  // namespace

Command DeclareStatus(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  app.footer(kFooter);
  AddServerOption(app, arguments->server);
  app.add_option("--wait-quiet", arguments->wait_seconds,
                 "Wait, so long at most, until every stage has applied all there is")
      ->type_name("SECONDS")
      ->check(CLI::Range(1, 1'000'000));
  app.add_flag("--json", arguments->json, "The GetStatusResponse as JSON");
  return [arguments] { return Run(*arguments); };
}

}  // namespace ringfence::cli
