#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "pipelines/identifiers/guess.h"
#include "services/ringfence/client.h"
#include "services/ringfence/commands.h"
#include "services/ringfence/explain_text.h"
#include "services/ringfence/options.h"
#include "services/ringfence/words.h"

namespace ringfence::cli {
namespace {

constexpr char kFooter[] =
    R"(Says why things are as they are. For analysts and operators (ops/identities.md).

report     why a report is in its incident: with which reports it was joined, by which fields with
           which weights, and which came near. A match takes the threshold; equal origins and
           external references decide alone. Fields and weights: ops/incidents.md.
indicator  why an identifier stands where it does: which organisations say what, which rules fired,
           what is missing for a higher action, what it is tied to. Its type is guessed without --type.
campaign   what holds a campaign together: the ties that join it, the thinnest first, how much hangs
           on each, which were cut and why, and related campaigns. Rules and reasons: ops/rules.md.

Organisations, and other reports and incidents, stand under aliases, made anew for each answer.

Exit status: 0 answered; 2 wrong use; 3 no answer, or nothing is known of it.

Examples:
  ringfence explain report harbour-bank harbour-0000017
  ringfence explain indicator '(212) 555-0142' --region US
  ringfence explain campaign mj5zc3dtor3ksr5kyyj4c2acdq --ties 50 --json)";

struct Arguments {
  Endpoint server;
  v1::ExplainReportRequest report;
  v1::ExplainCampaignRequest campaign;
  std::string value;
  std::string type;
  std::string region;
  std::string scheme;
  uint32_t ties = 20;
  bool json = false;
};

std::string CheckType(const std::string& word) {
  return ParseType(word) ? "" : "the types are " + AllTypeWords();
}

template <typename Response>
int Show(const absl::StatusOr<Response>& response, bool json) {
  if (!response.ok()) return Fail(response.status());
  fmt::print("{}", json ? Json(*response) + "\n" : ExplanationText(*response));
  return kDone;
}

// Of the types that the value may have, the first of which something is known.
int Indicator(const Arguments& arguments) {
  Client client(arguments.server);
  absl::StatusOr<v1::ExplainIndicatorResponse> answer =
      absl::NotFoundError("nothing is known of it");
  auto candidates =
      identifiers::GuessIdentifiers(arguments.value, arguments.scheme, arguments.region);
  if (!arguments.type.empty()) {
    candidates.resize(1);
    candidates[0].set_type(*ParseType(arguments.type));
  }
  for (const v1::Identifier& candidate : candidates) {
    v1::ExplainIndicatorRequest request;
    *request.mutable_identifier() = candidate;
    request.set_max_ties(arguments.ties);
    answer = client.ExplainIndicator(request);
    const absl::StatusCode code = answer.status().code();
    if (code != absl::StatusCode::kNotFound && code != absl::StatusCode::kInvalidArgument) break;
  }
  return Show(answer, arguments.json);
}

void AddCommon(CLI::App& app, Arguments& arguments, bool ties) {
  AddServerOption(app, arguments.server);
  app.add_flag("--json", arguments.json, "The answer of the service as JSON");
  if (!ties) return;
  app.add_option("--ties", arguments.ties, "How many ties to show")
      ->type_name("N")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
}

}  // namespace

Command DeclareExplain(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  app.footer(kFooter);
  app.require_subcommand(1);

  CLI::App* report = app.add_subcommand("report", "Why a report is in its incident");
  AddCommon(*report, *arguments, false);
  report
      ->add_option_function<std::string>(
          "PARTNER", [arguments](const std::string& text) { arguments->report.set_partner(text); },
          "The company that sent it")
      ->required();
  report
      ->add_option_function<std::string>(
          "ID", [arguments](const std::string& text) { arguments->report.set_report_id(text); },
          "Its report id")
      ->required();

  CLI::App* indicator = app.add_subcommand(
      "indicator", "Why an identifier stands where it does, and what it is tied to");
  AddCommon(*indicator, *arguments, true);
  indicator->add_option("VALUE", arguments->value, "As people write it")->required();
  indicator->add_option("--type", arguments->type, "One of " + AllTypeWords())
      ->type_name("TYPE")
      ->check(CLI::Validator(CheckType, ""));
  indicator
      ->add_option("--region", arguments->region,
                   "Country of a national number, as ISO 3166-1 alpha-2")
      ->type_name("CC");
  indicator
      ->add_option("--scheme", arguments->scheme,
                   "Vendor, chain, platform or routing scheme, where a type has several")
      ->type_name("SCHEME");

  CLI::App* campaign = app.add_subcommand("campaign", "What holds a campaign together");
  AddCommon(*campaign, *arguments, true);
  campaign
      ->add_option_function<std::string>(
          "ID", [arguments](const std::string& text) { arguments->campaign.set_campaign_id(text); },
          "The campaign's id, or an earlier one of it")
      ->required();

  return [=] {
    if (indicator->parsed()) return Indicator(*arguments);
    Client client(arguments->server);
    if (report->parsed()) return Show(client.ExplainReport(arguments->report), arguments->json);
    arguments->campaign.set_max_ties(arguments->ties);
    return Show(client.ExplainCampaign(arguments->campaign), arguments->json);
  };
}

}  // namespace ringfence::cli
