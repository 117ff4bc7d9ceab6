#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <memory>
#include <string>

#include "pipelines/intake/intake.h"
#include "pipelines/referral/dossier.h"
#include "services/ringfence/client.h"
#include "services/ringfence/commands.h"
#include "services/ringfence/options.h"
#include "services/ringfence/words.h"
#include "services/runtime/clock.h"
#include "services/runtime/keys/key_files.h"

namespace ringfence::cli {
namespace {

constexpr char kFooter[] =
    R"(Legal holds: each referral pack (`ringfence referral`) keeps the evidence behind it, so that
it does not expire and the same pack can be made again. Lifting a hold lets it go: the pack cannot be
made again then, and what is published stays as it is.

`match` says under which alias and with which keyed hash reports that a partner produces stand in packs:
one line a report, alias, hash and id. It asks no server, but needs the deployment's naming key.

Exit status: 0 done; 2 wrong use; 3 no answer, no such hold, or lines that are no reports.

Examples:
  ringfence hold list
  ringfence hold lift 12-9f86d081884c7d659a2feaa0c55ad015 --reason "case closed"
  ringfence hold match harbour-bank reports.jsonl --naming-key data/keys/naming.key)";

struct Arguments {
  Endpoint server;
  v1::LiftHoldRequest request;
  bool json = false;
  std::string partner;
  std::string file;
  std::string naming_key;
};

int List(const Arguments& arguments) {
  Client client(arguments.server);
  const absl::StatusOr<v1::ListHoldsResponse> response = client.ListHolds();
  if (!response.ok()) return Fail(response.status());
  Table table({"POSITION", "CAMPAIGN", "INDICATORS", "SINCE", "BY", "REFERENCE", "ADDRESSEE"});
  for (const v1::Hold& hold : response->holds()) {
    if (arguments.json) {
      fmt::print("{}\n", Json(hold));
      continue;
    }
    table.Add({Printable(hold.position()), Printable(hold.campaign_id()),
               CountWord(hold.indicators()), TimeWord(hold.set_at()), Printable(hold.set_by()),
               Printable(hold.reference()), Printable(hold.addressee())});
  }
  if (!arguments.json) fmt::print("{}", table.Text());
  return kDone;
}

int Lift(const Arguments& arguments) {
  Client client(arguments.server);
  if (const auto response = client.LiftHold(arguments.request); !response.ok()) {
    return Fail(response.status());
  }
  fmt::print("lifted\n");
  return kDone;
}

int Match(const Arguments& arguments) {
  const absl::StatusOr<campaigns::NamingKey> key = runtime::ReadNamingKey(arguments.naming_key);
  if (!key.ok()) return Fail(key.status());
  std::ifstream file(arguments.file);
  if (!file) return Fail(absl::UnavailableError(arguments.file + ": cannot be read"));
  const referral::Aliases aliases({reinterpret_cast<const char*>(key->data()), key->size()});
  // No token leaves: whatever the key is.
  intake::Intake intake({.token_key = {.id = "none", .secret = {}}, .replay = true});
  const core::Time now = runtime::SystemNow();
  int status = kDone;
  uint64_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const intake::Intake::Result result = intake.FromJson(arguments.partner, line, now);
    if (!result.revision_message) {
      fmt::print(stderr, "ringfence: line {}: no report that can be used\n", number);
      status = kUnfinished;
      continue;
    }
    fmt::print("{} {} {}\n", aliases.OfReport(core::ReportKey(arguments.partner, result.report_id)),
               aliases.OfContent(result.revision_message->content_hash()),
               Printable(result.report_id));
  }
  return status;
}

}  // namespace

Command DeclareHold(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  app.footer(kFooter);
  app.require_subcommand(1);
  CLI::App* list = app.add_subcommand("list", "Lists what holds, the newest first");
  AddServerOption(*list, arguments->server);
  list->add_flag("--json", arguments->json, "One Hold as JSON a line");
  CLI::App* lift = app.add_subcommand("lift", "Lifts a hold");
  AddServerOption(*lift, arguments->server);
  lift->add_option_function<std::string>(
          "POSITION",
          [arguments](const std::string& text) { arguments->request.set_position(text); },
          "Of the pack")
      ->required();
  lift->add_option_function<std::string>(
          "--reason", [arguments](const std::string& text) { arguments->request.set_reason(text); },
          "Why; it is kept")
      ->required();
  CLI::App* match = app.add_subcommand("match", "Finds a partner's reports in packs");
  match->add_option("PARTNER", arguments->partner, "The company that sent them")->required();
  match->add_option("FILE", arguments->file, "Its reports, one as JSON a line")->required();
  match->add_option("--naming-key", arguments->naming_key, "File of the deployment's naming key")
      ->required()
      ->type_name("FILE");
  return [arguments, list, match] {
    if (match->parsed()) return Match(*arguments);
    return list->parsed() ? List(*arguments) : Lift(*arguments);
  };
}

}  // namespace ringfence::cli
