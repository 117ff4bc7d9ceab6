#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <tuple>

#include "google/protobuf/util/time_util.h"
#include "services/ringfence/client.h"
#include "services/ringfence/commands.h"
#include "services/ringfence/options.h"
#include "services/ringfence/words.h"

namespace ringfence::cli {
namespace {

constexpr char kFooter[] =
    R"(Reports beyond their partner's quota (ringfence serve --quota-reports,
--quota-new-identifiers) are taken, kept, and held: they do nothing until they are released. Dropped
ones do nothing and wait no longer. The last word about a report holds, so that what was dropped can
still be released. Arrival is the log's time.

Exit status: 0 done; 2 wrong use; 3 no answer, or refused.

Examples:
  ringfence held list
  ringfence held release harbour-bank --reason "a backlog, as announced"
  ringfence held drop shady-shop --from 2026-03-01T00:00:00Z --until 2026-03-02T00:00:00Z \
      --reason "made-up numbers")";

struct Arguments {
  Endpoint server;
  std::string from;
  std::string until;
  v1::DecideHeldRequest request;
  bool json = false;
};

int List(const Arguments& arguments) {
  Client client(arguments.server);
  const auto response = client.ListHeld();
  if (!response.ok()) return Fail(response.status());
  if (arguments.json) {
    fmt::print("{}\n", Json(*response));
    return kDone;
  }
  Table table({"PARTNER", "WAITING", "FROM", "TO", "DROPPED"});
  for (const v1::HeldReports& held : response->partners()) {
    table.Add({Printable(held.partner()), CountWord(held.waiting()),
               TimeWord(held.first_received()), TimeWord(held.last_received()),
               CountWord(held.dropped())});
  }
  fmt::print("{}", table.Text());
  return kDone;
}

int Decide(Arguments& arguments, bool drop) {
  using google::protobuf::util::TimeUtil;
  for (const auto& [option, text, time] :
       {std::tuple("--from", &arguments.from, arguments.request.mutable_received_from()),
        std::tuple("--until", &arguments.until, arguments.request.mutable_received_until())}) {
    if (text->empty() || TimeUtil::FromString(*text, time)) continue;
    Fail(absl::InvalidArgumentError(fmt::format("{}: a time like 2026-12-01T00:00:00Z", option)));
    return kWrongUse;
  }
  if (arguments.from.empty()) arguments.request.clear_received_from();
  if (arguments.until.empty()) arguments.request.clear_received_until();
  arguments.request.set_drop(drop);
  Client client(arguments.server);
  const auto response = client.DecideHeld(arguments.request);
  if (!response.ok()) return Fail(response.status());
  fmt::print("{} reports {}\n", CountWord(response->reports()), drop ? "dropped" : "released");
  return kDone;
}

void AddDecision(CLI::App& app, const std::shared_ptr<Arguments>& arguments) {
  AddServerOption(app, arguments->server);
  app.add_option_function<std::string>(
         "PARTNER", [arguments](const std::string& text) { arguments->request.set_partner(text); },
         "Whose reports")
      ->required();
  app.add_option("--from", arguments->from, "Arrived from then on; left out: from the beginning")
      ->type_name("TIME");
  app.add_option("--until", arguments->until, "Arrived before; left out: until now")
      ->type_name("TIME");
  app.add_option_function<std::string>(
         "--reason", [arguments](const std::string& text) { arguments->request.set_reason(text); },
         "Why; it is kept")
      ->required();
}

}  // namespace

Command DeclareHeld(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  app.footer(kFooter);
  app.require_subcommand(1);
  CLI::App* list = app.add_subcommand("list", "How many reports of which partners are held");
  AddServerOption(*list, arguments->server);
  list->add_flag("--json", arguments->json, "The ListHeldResponse as JSON");
  CLI::App* release = app.add_subcommand("release", "Lets a partner's held reports count");
  AddDecision(*release, arguments);
  CLI::App* drop = app.add_subcommand("drop", "Gives a partner's held reports up");
  AddDecision(*drop, arguments);
  return [=] { return list->parsed() ? List(*arguments) : Decide(*arguments, drop->parsed()); };
}

}  // namespace ringfence::cli
