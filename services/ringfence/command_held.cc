#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

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
still be released, and what was released dropped. Arrival is the log's time. A partner that no report
ever came from is refused.

Exit status: 0 done; 2 wrong use; 3 no answer, or refused.

Examples:
  ringfence held list
  ringfence held release harbour-bank --reason "a backlog, as announced"
  ringfence held drop shady-shop --from 2026-03-01T00:00:00Z --until 2026-03-02T00:00:00Z \
      --reason "made-up numbers")";

struct Arguments {
  Endpoint server;
  PartnerSpan span;
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

int Decide(const Arguments& arguments, bool drop) {
  v1::DecideHeldRequest request;
  if (absl::Status status = FillPartnerSpan(arguments.span, request); !status.ok()) {
    Fail(status);
    return kWrongUse;
  }
  request.set_drop(drop);
  Client client(arguments.server);
  const auto response = client.DecideHeld(request);
  if (!response.ok()) return Fail(response.status());
  fmt::print("{} reports {}\n", CountWord(response->reports()), drop ? "dropped" : "released");
  return kDone;
}

void AddDecision(CLI::App& app, Arguments& arguments) {
  AddServerOption(app, arguments.server);
  AddPartnerSpan(app, "Whose reports", arguments.span);
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
  AddDecision(*release, *arguments);
  CLI::App* drop = app.add_subcommand("drop", "Gives a partner's held reports up");
  AddDecision(*drop, *arguments);
  return [=] { return list->parsed() ? List(*arguments) : Decide(*arguments, drop->parsed()); };
}

}  // namespace ringfence::cli
