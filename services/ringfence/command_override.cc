#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "google/protobuf/util/time_util.h"
#include "services/ringfence/client.h"
#include "services/ringfence/commands.h"
#include "services/ringfence/options.h"
#include "services/ringfence/override_csv.h"
#include "services/ringfence/words.h"

namespace ringfence::cli {
namespace {

constexpr char kFooter[] =
    R"(What operators decide by hand about one identifier, or a range of them (ops/overrides.md):
allow (never listed, never links), appeal (MONITOR at most), confirmed (its custodian confirms: an
account may reach BLOCK), shared_infrastructure (MONITOR at most, joins no campaigns), canary (planted;
who reports it loses weight), withhold (counts and links, never leaves), disregard (what was seen before --disregard-before is void). It reaches what is already
listed.

A range is 198.51.100.0/24, +1800*, or a domain with --scope subtree. A file to import has the columns
type,value,reason, or a first line that names these and, of effect, scope, expires,
disregard_before and reference, those that it has: as export writes it. A line that is wrong is named
before anything is sent.

Exit status: 0 done; 2 wrong use; 3 no answer, refused, or some lines refused.

Examples:
  ringfence override put phone "+1 212 555 0199" allow --reason "our own help line"
  ringfence override put domain bank.example allow --scope subtree --reason "own" --reference C-17
  ringfence override put ip 198.51.100.0/24 shared_infrastructure --reason "carrier NAT"
  ringfence override import banks.csv
  ringfence override list
  ringfence override export >overrides.csv
  ringfence override delete phone +12125550199 --reason "sold")";

struct Arguments {
  Endpoint server;
  std::string type;
  std::string value;
  std::string effect;
  std::string scope;
  std::string expires;
  std::string disregard_before;
  std::string reason;
  std::string reference;
  std::string file;
  bool json = false;
};

int WrongUse(const std::string& why) {
  Fail(absl::InvalidArgumentError(why));
  return kWrongUse;
}

int Put(const Arguments& arguments) {
  const auto type = ParseType(arguments.type);
  if (!type) return WrongUse("TYPE: one of " + AllTypeWords());
  v1::PutOverrideRequest request;
  v1::Override& override = *request.mutable_override();
  override.set_type(*type);
  override.set_value(arguments.value);
  override.set_effect(*ParseEffect(arguments.effect));
  override.set_scope(arguments.scope.empty() ? GuessScope(*type, arguments.value)
                                             : *ParseScope(arguments.scope));
  override.set_reason(arguments.reason);
  override.set_reference(arguments.reference);
  using google::protobuf::util::TimeUtil;
  if (!arguments.expires.empty() &&
      !TimeUtil::FromString(arguments.expires, override.mutable_expires_at())) {
    return WrongUse("--expires: a time like 2026-12-01T00:00:00Z");
  }
  if (!arguments.disregard_before.empty() &&
      !TimeUtil::FromString(arguments.disregard_before, override.mutable_disregard_before())) {
    return WrongUse("--disregard-before: a time like 2026-12-01T00:00:00Z");
  }
  Client client(arguments.server);
  const auto response = client.PutOverride(request);
  if (!response.ok()) return Fail(response.status());
  fmt::print("{} {} {}\n", EffectWord(response->override().effect()),
             TypeWord(response->override().type()), Printable(response->override().value()));
  return kDone;
}

int Delete(const Arguments& arguments) {
  const auto type = ParseType(arguments.type);
  if (!type) return WrongUse("TYPE: one of " + AllTypeWords());
  v1::DeleteOverrideRequest request;
  request.set_type(*type);
  request.set_value(arguments.value);
  request.set_reason(arguments.reason);
  Client client(arguments.server);
  if (const auto response = client.DeleteOverride(request); !response.ok()) {
    return Fail(response.status());
  }
  fmt::print("deleted\n");
  return kDone;
}

// Every override that holds, in the order of the server's.
absl::Status VisitAll(const Endpoint& server,
                      const std::function<void(const v1::Override& override)>& visit) {
  Client client(server);
  v1::ListOverridesRequest request;
  request.set_page_size(1'000);
  do {
    const auto response = client.ListOverrides(request);
    if (!response.ok()) return response.status();
    for (const v1::Override& override : response->overrides()) visit(override);
    request.set_page_token(response->next_page_token());
  } while (!request.page_token().empty());
  return absl::OkStatus();
}

int List(const Arguments& arguments) {
  Table table({"EFFECT", "TYPE", "VALUE", "SCOPE", "EXPIRES", "BY", "SINCE", "REASON"});
  const auto show = [&](const v1::Override& override) {
    if (arguments.json) {
      fmt::print("{}\n", Json(override));
      return;
    }
    table.Add({EffectWord(override.effect()), TypeWord(override.type()),
               Printable(override.value()), ScopeWord(override.scope()),
               TimeWord(override.expires_at()), Printable(override.set_by()),
               TimeWord(override.set_at()), Printable(override.reason())});
  };
  if (absl::Status status = VisitAll(arguments.server, show); !status.ok()) return Fail(status);
  if (!arguments.json) fmt::print("{}", table.Text());
  return kDone;
}

// Nothing is written where it cannot be read to its end.
int Export(const Arguments& arguments) {
  std::string text(kOverrideCsvHeader);
  const absl::Status status = VisitAll(
      arguments.server, [&](const v1::Override& override) { AppendOverrideCsv(override, text); });
  if (!status.ok()) return Fail(status);
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    return Fail(absl::UnavailableError("standard output cannot be written"));
  }
  return kDone;
}

int Import(const Arguments& arguments) {
  std::ifstream file(arguments.file);
  if (!file) return Fail(absl::UnavailableError(arguments.file + ": cannot be read"));
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const auto overrides = ParseOverrideCsv(text, *ParseEffect(arguments.effect));
  if (!overrides.ok()) {
    return WrongUse(arguments.file + ": " + std::string(overrides.status().message()));
  }
  Client client(arguments.server);
  size_t refused = 0;
  for (size_t i = 0; i < overrides->size(); ++i) {
    v1::PutOverrideRequest request;
    *request.mutable_override() = (*overrides)[i];
    if (!arguments.reference.empty())
      request.mutable_override()->set_reference(arguments.reference);
    const auto response = client.PutOverride(request);
    if (response.ok()) continue;
    if (response.status().code() != absl::StatusCode::kInvalidArgument) {
      fmt::print("{} of {} put\n", CountWord(i - refused), CountWord(overrides->size()));
      return Fail(response.status());
    }
    ++refused;
    fmt::print(stderr, "override {} of the file: {}\n", i + 1,
               Printable(std::string(response.status().message())));
  }
  fmt::print("{} put, {} refused\n", CountWord(overrides->size() - refused), CountWord(refused));
  return refused == 0 ? kDone : kUnfinished;
}

using Act = int (*)(const Arguments&);

void AddWhat(CLI::App& app, Arguments& arguments) {
  app.add_option("TYPE", arguments.type, "phone, domain, ip, wallet, ...")->required();
  app.add_option("VALUE", arguments.value, "The identifier, or a range of them")->required();
}

void AddReason(CLI::App& app, Arguments& arguments) {
  app.add_option("--reason", arguments.reason, "Why; it is kept with the override")->required();
}

}  // namespace

Command DeclareOverride(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  app.footer(kFooter);
  app.require_subcommand(1);
  const std::vector<std::string> effects = EffectWords();
  const std::vector<std::string> scopes = ScopeWords();

  CLI::App* put = app.add_subcommand("put", "Puts or replaces the override of one identifier");
  AddServerOption(*put, arguments->server);
  AddWhat(*put, *arguments);
  put->add_option("EFFECT", arguments->effect)->required()->check(CLI::IsMember(effects));
  put->add_option("--scope", arguments->scope)->check(CLI::IsMember(scopes));
  put->add_option("--expires", arguments->expires, "Until when it holds")->type_name("TIME");
  put->add_option("--disregard-before", arguments->disregard_before,
                  "What was seen before is void, whatever the effect")
      ->type_name("TIME");
  AddReason(*put, *arguments);
  put->add_option("--reference", arguments->reference, "Case or ticket");

  CLI::App* erase = app.add_subcommand("delete", "Deletes the override of one identifier");
  AddServerOption(*erase, arguments->server);
  AddWhat(*erase, *arguments);
  AddReason(*erase, *arguments);

  CLI::App* list = app.add_subcommand("list", "Lists what holds");
  AddServerOption(*list, arguments->server);
  list->add_flag("--json", arguments->json, "One Override as JSON a line");

  CLI::App* whole = app.add_subcommand(
      "export", "Writes what holds as CSV to standard output, for import; canaries are in it");
  AddServerOption(*whole, arguments->server);

  CLI::App* bulk = app.add_subcommand("import", "Puts the overrides of a CSV file");
  AddServerOption(*bulk, arguments->server);
  bulk->add_option("FILE", arguments->file, "Of export, or type,value,reason")->required();
  bulk->add_option("--effect", arguments->effect,
                   "Of rows that say none; allow where it is left out")
      ->check(CLI::IsMember(effects));
  bulk->add_option("--reference", arguments->reference, "Case or ticket, of all of them");

  return [arguments, put, erase, list, whole, bulk] {
    if (put->parsed()) return Put(*arguments);
    if (erase->parsed()) return Delete(*arguments);
    if (list->parsed()) return List(*arguments);
    if (whole->parsed()) return Export(*arguments);
    if (arguments->effect.empty()) arguments->effect = "allow";
    return bulk->parsed() ? Import(*arguments) : int{kWrongUse};
  };
}

}  // namespace ringfence::cli
