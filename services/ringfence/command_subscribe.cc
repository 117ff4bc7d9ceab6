#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/client/acknowledger.h"
#include "services/client/follower.h"
#include "services/ringfence/client.h"
#include "services/ringfence/commands.h"
#include "services/ringfence/indicator_text.h"
#include "services/ringfence/options.h"
#include "services/ringfence/words.h"
#include "services/runtime/interrupt.h"

namespace ringfence::cli {
namespace {

constexpr char kFooter[] =
    R"(Prints what is in the set, then every change to it: "+" an
indicator as it is now, "-" one that left. With --json one object a line: {"upsert": ...},
{"removal": ...}, and in between {"snapshotBegin": ...} (throw away what came before),
{"snapshotEnd": ...}, {"bookmark": ...}.

The set's digest is checked at every bookmark; a set that differs is taken anew. A server that
is away is waited for. What was applied is acknowledged: see ringfence consumers.

Exit status: 0 ended by --once or a signal; 2 wrong use; 3 it could not go on.

Examples:
  ringfence subscribe
  ringfence subscribe --once --min-action block --types phone,domain
  ringfence subscribe --json --cursor-file blocker.cursor | blocker)";

struct Arguments {
  Endpoint server;
  std::string consumer = "ringfence-subscribe";
  std::vector<std::string> types;
  std::string min_action = "challenge";
  uint32_t min_score = 0;
  std::string cursor_path;
  bool json = false;
  bool once = false;
};

std::string CheckType(const std::string& word) {
  return ParseType(word) ? "" : "the types are " + AllTypeWords();
}

std::string CheckAction(const std::string& word) {
  return ParseAction(word) ? "" : "the actions are monitor, challenge, block";
}

v1::SubscribeRequest RequestOf(const Arguments& arguments) {
  v1::SubscribeRequest request;
  request.set_consumer(arguments.consumer);
  for (const std::string& type : arguments.types)
    request.mutable_filter()->add_types(*ParseType(type));
  request.mutable_filter()->set_min_action(*ParseAction(arguments.min_action));
  request.mutable_filter()->set_min_score(arguments.min_score);
  return request;
}

int Run(const Arguments& arguments) {
  const runtime::Interrupt interrupt;
  Client server(arguments.server);
  client::Follower::Options options;
  options.request = RequestOf(arguments);
  options.once = arguments.once;
  std::optional<client::SetFile> file;
  if (!arguments.cursor_path.empty()) {
    // A cursor is good for one filter, on every replica; what another deployment makes of it is a
    // new snapshot.
    absl::StatusOr<client::SetFile> opened =
        client::SetFile::Open(arguments.cursor_path, Json(options.request.filter()));
    if (!opened.ok()) return Fail(opened.status());
    file = *std::move(opened);
  }
  client::Follower::World world;
  world.stream = [&](const v1::SubscribeRequest& request, const Client::Visitor& visit) {
    return server.Subscribe(request, interrupt.token(), visit);
  };
  world.wait = [&](std::chrono::milliseconds time) { return WaitFor(time, interrupt.token()); };
  world.show = [&](const v1::SubscribeResponse& event) {
    const std::string text = arguments.json ? EventJson(event) : EventText(event);
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  };
  world.remark = [](const std::string& remark) {
    fmt::print(stderr, "ringfence: {}\n", Printable(remark));
  };
  client::Acknowledger acknowledger([&](const std::string& cursor, const std::stop_token& stop) {
    v1::AcknowledgeRequest request;
    request.set_consumer(arguments.consumer);
    request.set_cursor(cursor);
    // One that fails is made up for by the next.
    (void)server.Acknowledge(request, stop);
  });
  world.applied = [&](const std::string& cursor) { acknowledger.Put(cursor); };
  client::Follower follower(options, std::move(world), file ? &*file : nullptr);
  const absl::Status status = follower.Run();
  return status.ok() ? kDone : Fail(status);
}

}  // namespace

Command DeclareSubscribe(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  app.footer(kFooter);
  AddServerOption(app, arguments->server);
  app.add_option("--consumer", arguments->consumer, "This subscriber's name, for the operator")
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option("--min-action", arguments->min_action, "The lowest action wanted")
      ->type_name("monitor|challenge|block")
      ->check(CLI::Validator(CheckAction, ""))
      ->capture_default_str();
  app.add_option("--min-score", arguments->min_score, "The lowest score wanted")
      ->type_name("0-1000")
      ->check(CLI::Range(0, 1'000));
  app.add_option("--types", arguments->types, "Only these types, with commas")
      ->type_name("TYPE,...")
      ->delimiter(',')
      ->check(CLI::Validator(CheckType, ""));
  app.add_option("--cursor-file", arguments->cursor_path,
                 "Keeps the place and the set, so that the next run gets only what changed")
      ->type_name("FILE");
  app.add_flag("--json", arguments->json, "One JSON object a line");
  app.add_flag("--once", arguments->once, "End as soon as the set is whole");
  return [arguments] { return Run(*arguments); };
}

}  // namespace ringfence::cli
