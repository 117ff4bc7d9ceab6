#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "pipelines/identifiers/guess.h"
#include "services/ringfence/client.h"
#include "services/ringfence/commands.h"
#include "services/ringfence/indicator_text.h"
#include "services/ringfence/options.h"
#include "services/ringfence/words.h"

namespace ringfence::cli {
namespace {

constexpr char kFooter[] =
    R"(Values are read as people write them. Without --type the types
that a value may have are all tried. What is only monitored is shown too.

Exit status: 0 answered, listed or not; 2 wrong use; 3 no answer.

Examples:
  ringfence lookup '(212) 555-0123' --region US
  ringfence lookup 'hxxps://login[.]refund-desk[.]example/start' refund-desk.example
  ringfence lookup '123 456 789' --scheme anydesk
  ringfence lookup --type iban 'GB82 WEST 1234 5698 7654 32' --json)";

// The service takes no more at once.
constexpr size_t kAtOnce = 500;

struct Arguments {
  Endpoint server;
  std::vector<std::string> values;
  std::string type;
  std::string region;
  std::string scheme;
  bool json = false;
};

// Candidates of one value, and what came of each.
struct Asked {
  std::string value;
  std::vector<v1::Identifier> candidates;
  std::vector<v1::LookupResult> results;
};

std::string CheckType(const std::string& word) {
  return ParseType(word) ? "" : "the types are " + AllTypeWords();
}

std::vector<Asked> AskFor(const Arguments& arguments) {
  std::vector<Asked> asked;
  for (const std::string& value : arguments.values) {
    Asked& one = asked.emplace_back();
    one.value = value;
    one.candidates = identifiers::GuessIdentifiers(value, arguments.scheme, arguments.region);
    if (arguments.type.empty()) continue;
    one.candidates.resize(1);
    one.candidates[0].set_type(*ParseType(arguments.type));
  }
  return asked;
}

absl::Status LookUp(Client& client, std::vector<Asked>& asked) {
  std::vector<std::pair<Asked*, const v1::Identifier*>> all;
  for (Asked& one : asked) {
    for (const v1::Identifier& candidate : one.candidates) all.emplace_back(&one, &candidate);
  }
  for (size_t begin = 0; begin < all.size(); begin += kAtOnce) {
    const size_t end = std::min(all.size(), begin + kAtOnce);
    v1::LookupRequest request;
    request.mutable_filter()->set_min_action(v1::ACTION_MONITOR);
    for (size_t i = begin; i < end; ++i) *request.add_identifiers() = *all[i].second;
    absl::StatusOr<v1::LookupResponse> response = client.Lookup(request);
    if (!response.ok()) return response.status();
    if (static_cast<size_t>(response->results_size()) != end - begin) {
      return absl::InternalError("the server did not answer every value");
    }
    for (size_t i = begin; i < end; ++i) {
      all[i].first->results.push_back(response->results(static_cast<int>(i - begin)));
    }
  }
  return absl::OkStatus();
}

void PrintListed(const v1::Indicator& indicator) {
  fmt::print("{}\n", IndicatorLine(indicator));
  fmt::print("  why       {}\n", ReasonsOf(indicator));
  for (const v1::RoleEvidence& role : indicator.explanation().by_role()) {
    fmt::print("  as        {}: {}, {}, last {}\n", RoleWord(role.role()),
               CountOf(role.incidents(), "incident"), CountOf(role.organisations(), "organisation"),
               TimeWord(role.last_seen()));
  }
  fmt::print("  seen      {} to {}, expires {}\n", TimeWord(indicator.first_seen()),
             TimeWord(indicator.last_seen()), TimeWord(indicator.expires_at()));
  if (!indicator.campaign_id().empty()) {
    fmt::print("  campaign  {}\n", Printable(indicator.campaign_id()));
  }
}

void Print(const Asked& asked) {
  bool is_listed = false;
  std::string not_listed;
  std::string unreadable;
  for (size_t i = 0; i < asked.results.size(); ++i) {
    const v1::LookupResult& result = asked.results[i];
    if (result.has_indicator()) {
      PrintListed(result.indicator());
      is_listed = true;
    } else if (!result.canonical_value().empty()) {
      not_listed +=
          fmt::format("{}{} {}", not_listed.empty() ? "" : ", ",
                      TypeWord(asked.candidates[i].type()), Printable(result.canonical_value()));
    } else {
      unreadable += (unreadable.empty() ? "" : ", ") + Printable(result.problem_code());
    }
  }
  if (is_listed) return;
  fmt::print("{}: {}\n", Printable(asked.value),
             not_listed.empty() ? "cannot be read (" + unreadable + ")"
                                : "not listed (" + not_listed + ")");
}

void PrintJson(const Asked& asked) {
  for (const v1::LookupResult& result : asked.results) fmt::print("{}\n", Json(result));
}

int Run(const Arguments& arguments) {
  Client client(arguments.server);
  std::vector<Asked> asked = AskFor(arguments);
  if (absl::Status status = LookUp(client, asked); !status.ok()) return Fail(status);
  for (const Asked& one : asked) {
    if (arguments.json) {
      PrintJson(one);
    } else {
      Print(one);
    }
  }
  return kDone;
}

}  // namespace

Command DeclareLookup(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  app.footer(kFooter);
  AddServerOption(app, arguments->server);
  app.add_option("value", arguments->values, "Numbers, addresses, accounts, ...")
      ->required()
      ->type_name("");
  app.add_option("--type", arguments->type, "Of all values: " + AllTypeWords())
      ->type_name("TYPE")
      ->check(CLI::Validator(CheckType, ""));
  app.add_option("--region", arguments->region,
                 "Country of national numbers, as ISO 3166-1 alpha-2")
      ->type_name("CC");
  app.add_option("--scheme", arguments->scheme,
                 "Vendor, chain, platform or routing scheme, where a type has several")
      ->type_name("SCHEME");
  app.add_flag("--json", arguments->json, "One LookupResult a line, for every type tried");
  return [arguments] { return Run(*arguments); };
}

}  // namespace ringfence::cli
