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
    R"(Says why a report is in its incident: with which reports it was joined,
by which fields with which weights, and which came near. For operators, on the machine that the
server runs on. Other reports, organisations and incidents stand under aliases, made anew for each
answer. A match takes the threshold; equal origins and external references decide alone. What each
field is, and why it weighs what it does, is in ops/incidents.md.

Exit status: 0 answered; 2 wrong use; 3 no answer, or no such report.

Examples:
  ringfence explain report harbour-bank harbour-0000017
  ringfence explain report harbour-bank harbour-0000017 --json)";

struct Arguments {
  Endpoint server;
  std::string what;
  v1::ExplainReportRequest request;
  bool json = false;
};

std::string FieldsWord(const v1::ComparedReport& compared) {
  std::string fields;
  for (const v1::ComparedField& field : compared.fields()) {
    if (!fields.empty()) fields += ", ";
    fields += fmt::format("{} {:+.1f}", Printable(field.field()), field.weight());
  }
  return fields;
}

void Print(const v1::ExplainReportResponse& response) {
  if (response.retracted()) {
    fmt::print("revision {}: retracted\n", response.revision());
    return;
  }
  fmt::print("revision {}, {}{}\n", response.revision(), Printable(response.incident()),
             response.representative() ? ", its representative" : "");
  if (response.floods() > 0) {
    fmt::print(
        "joined with all reports of {} of its victim's tokens: there are too many to compare\n",
        response.floods());
  }
  if (response.others().empty()) {
    fmt::print("no report was joined with it, and none came near\n");
    return;
  }
  Table table({"REPORT", "ORGANISATION", "JOINED", "WEIGHT", "OF", "FIELDS"});
  for (const v1::ComparedReport& compared : response.others()) {
    std::string joined = compared.matches() ? "yes" : "no";
    if (compared.representative()) joined += ", representative";
    table.Add({Printable(compared.report()),
               compared.same_organisation() ? "the same" : Printable(compared.organisation()),
               joined, fmt::format("{:.1f}", compared.weight()),
               compared.decided() ? "decided" : fmt::format("{:.1f}", compared.threshold()),
               FieldsWord(compared)});
  }
  fmt::print("{}", table.Text());
}

int Run(const Arguments& arguments) {
  Client client(arguments.server);
  const absl::StatusOr<v1::ExplainReportResponse> response =
      client.ExplainReport(arguments.request);
  if (!response.ok()) return Fail(response.status());
  if (arguments.json) {
    fmt::print("{}\n", Json(*response));
  } else {
    Print(*response);
  }
  return kDone;
}

}  // namespace

Command DeclareExplain(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  app.footer(kFooter);
  AddServerOption(app, arguments->server);
  app.add_option("WHAT", arguments->what, "What is to be explained: report")
      ->required()
      ->check(CLI::IsMember({"report"}));
  app.add_option_function<std::string>(
         "PARTNER", [arguments](const std::string& text) { arguments->request.set_partner(text); },
         "The company that sent it")
      ->required();
  app.add_option_function<std::string>(
         "ID", [arguments](const std::string& text) { arguments->request.set_report_id(text); },
         "Its report id")
      ->required();
  app.add_flag("--json", arguments->json, "The ExplainReportResponse as JSON");
  return [arguments] { return Run(*arguments); };
}

}  // namespace ringfence::cli
