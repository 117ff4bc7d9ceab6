#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "services/publish/policy_file.h"
#include "services/ringfence/client.h"
#include "services/ringfence/commands.h"
#include "services/ringfence/options.h"
#include "services/ringfence/policy_diff.h"
#include "services/ringfence/words.h"

namespace ringfence::cli {
namespace {

constexpr char kFooter[] =
    R"(The policy is what evidence makes of identifiers (score, quorum, spans, ceilings) and
which ties count: a YAML file with the settings of ops/policy.md, each left out at will. `ringfence
serve --policy FILE` and publish.policy_file take it; a change takes effect at the next start, also on
what is listed.

show     the policy that holds on a server, complete; with --file what a file says
diff     what another policy would change, computed from a data directory that no server uses: whose
         action rises or falls, what appears or vanishes, which campaigns split or merge. It takes
         about as long as a replay of the reports that are held, and their memory.

Exit status: 0 done; 2 wrong use, or a wrong file; 3 no answer, or the data cannot be read.

Examples:
  ringfence policy show
  ringfence policy show --file policy.yaml
  ringfence policy diff --data data --policy policy.yaml --limit 50)";

struct Arguments {
  Endpoint server;
  std::string file;
  std::string data;
  std::string policy;
  size_t limit = 20;
};

int Show(const Arguments& arguments) {
  if (!arguments.file.empty()) {
    const auto policy = publish::ReadPolicyFile(arguments.file);
    if (!policy.ok()) {
      Fail(policy.status());
      return kWrongUse;
    }
    fmt::print("{}", publish::FormatPolicy(*policy));
    return kDone;
  }
  Client client(arguments.server);
  const auto response = client.GetPolicy();
  if (!response.ok()) return Fail(response.status());
  fmt::print("{}", response->yaml());
  return kDone;
}

int Diff(const Arguments& arguments) {
  const auto policy = publish::ReadPolicyFile(arguments.policy);
  if (!policy.ok()) {
    Fail(policy.status());
    return kWrongUse;
  }
  const absl::StatusOr<HeldData> data = ReadHeldData(arguments.data);
  if (!data.ok()) return Fail(data.status());
  if (data->records_behind > 0) {
    fmt::print(stderr,
               "{} records have not been applied yet: the server was not stopped cleanly. They are "
               "left out.\n",
               CountWord(static_cast<uint64_t>(data->records_behind)));
  }
  const absl::StatusOr<PublishedData> before = PublishWith(*data, PolicyOf(*data));
  if (!before.ok()) return Fail(before.status());
  const absl::StatusOr<PublishedData> after = PublishWith(*data, *policy);
  if (!after.ok()) return Fail(after.status());
  fmt::print("{} reports, {} indicators, {} campaigns; with that policy {} and {}\n",
             CountWord(data->reports.size()), CountWord(before->indicators.size()),
             CountWord(before->campaigns.size()), CountWord(after->indicators.size()),
             CountWord(after->campaigns.size()));
  fmt::print("{}", DifferenceText(Difference(*before, *after), arguments.limit));
  return kDone;
}

}  // namespace

Command DeclarePolicy(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  app.footer(kFooter);
  app.require_subcommand(1);
  CLI::App* show = app.add_subcommand("show", "The policy that holds, or a file, complete");
  AddServerOption(*show, arguments->server);
  show->add_option("--file", arguments->file, "A policy file, instead of a server")
      ->type_name("FILE");
  CLI::App* diff = app.add_subcommand("diff", "What another policy would change");
  diff->add_option("--data", arguments->data, "Folder of a server that does not run")
      ->required()
      ->type_name("DIR");
  diff->add_option("--policy", arguments->policy, "The new policy file")
      ->required()
      ->type_name("FILE");
  diff->add_option("--limit", arguments->limit, "How many of each kind to name")
      ->type_name("N")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  return [=] { return show->parsed() ? Show(*arguments) : Diff(*arguments); };
}

}  // namespace ringfence::cli
