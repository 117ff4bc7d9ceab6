#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/ringfence/commands.h"
#include "services/ringfence/words.h"
#include "services/runtime/build_info.h"

namespace ringfence::cli {
namespace {

struct Row {
  const char* name;
  const char* description;
  Command (*declare)(CLI::App& app);
};

// In the order of --help.
constexpr Row kCommands[] = {
    {"serve", "Runs all of it in one process", DeclareServe},
    {"ingest", "Streams files of reports to a gateway", DeclareIngest},
    {"subscribe", "Follows the published indicators", DeclareSubscribe},
    {"lookup", "Says whether values are listed, and why", DeclareLookup},
    {"campaigns", "Lists campaigns, or shows one", DeclareCampaigns},
    {"explain", "Says why a report, an indicator or a campaign is as it is", DeclareExplain},
    {"feedback", "Says what you know of an indicator", DeclareFeedback},
    {"held", "Lists, releases or drops reports beyond a quota", DeclareHeld},
    {"policy", "Shows the policy, or what another one would change", DeclarePolicy},
    {"referral", "Makes a pack for a referral to law enforcement", DeclareReferral},
    {"hold", "Lists and lifts the legal holds of referral packs", DeclareHold},
    {"override", "Puts, deletes, lists, exports and imports operators' overrides", DeclareOverride},
    {"retract-partner", "Withdraws what arrived from a partner", DeclareRetractPartner},
    {"status", "Says how far each stage is", DeclareStatus},
    {"consumers", "Says who takes the set, and who lags", DeclareConsumers},
    {"replay", "Runs files of reports through the stages, offline", DeclareReplay},
    {"export", "Writes reports of a data directory to files", DeclareExport},
    {"sample", "Writes reports of a made-up world to try it with", DeclareSample},
    {"snapshot", "Lists and verifies snapshots of state", DeclareSnapshot},
    {"topics", "Makes or checks the topics of a Kafka cluster", DeclareTopics},
    {"token", "Makes tokens of victims' handles with a shared key", DeclareToken},
    {"tokens", "Makes, lists and revokes bearer tokens of callers over HTTP", DeclareTokens},
    {"audit", "Verifies and lists what operators decided", DeclareAudit},
};

constexpr char kFooter[] = R"(Examples:
  ringfence sample --reports 20000 --out sample
  ringfence ingest --partner harbour-bank sample/harbour-bank.jsonl
  ringfence campaigns --order organisations
  ringfence COMMAND --help)";

bool IsCommand(std::string_view word) {
  return std::any_of(std::begin(kCommands), std::end(kCommands),
                     [&](const Row& row) { return row.name == word; });
}

int SayWrongUse(const std::string& why) {
  fmt::print(stderr, "ringfence: {}\nSee ringfence --help, and ringfence COMMAND --help.\n",
             Printable(why));
  return kWrongUse;
}

int Main(int argc, char** argv) {
  if (argc > 1 && argv[1][0] != '-' && !IsCommand(argv[1])) {
    return SayWrongUse(fmt::format("there is no command {}", argv[1]));
  }
  CLI::App app("Ringfence: fraud reports of many companies in, indicators and campaigns out.",
               "ringfence");
  app.footer(kFooter);
  app.set_version_flag("--version", fmt::format("ringfence {}", runtime::Release()));
  app.require_subcommand(1);
  std::vector<std::pair<CLI::App*, Command>> commands;
  for (const Row& row : kCommands) {
    CLI::App* subcommand = app.add_subcommand(row.name, row.description);
    commands.emplace_back(subcommand, row.declare(*subcommand));
  }
  try {
    app.parse(argc, argv);
    for (const auto& [subcommand, command] : commands) {
      if (subcommand->parsed()) return command();
    }
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::Error& error) {
    return SayWrongUse(error.what());
  }
  return kWrongUse;
}

}  // namespace
}  // namespace ringfence::cli

int main(int argc, char** argv) { return ringfence::cli::Main(argc, argv); }
