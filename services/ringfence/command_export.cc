#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "services/ringfence/commands.h"
#include "services/ringfence/data_log.h"
#include "services/ringfence/report_export.h"
#include "services/ringfence/words.h"

namespace ringfence::cli {
namespace {

constexpr char kFooter[] =
    R"(reports writes what is kept of partners' reports in the log of a data directory that no
server uses, each partner's to <partner>.jsonl: one report a line in protobuf's JSON mapping, in the
order in which they arrived, with every revision, retraction and redelivery. `ringfence ingest` makes a
new data directory of them, and `ringfence replay` computes what would be published of them.

The files hold VICTIMS' DATA as the partners sent it (handles, narratives): they and a folder that is
made for them are for their owner alone. Delete them when they have done their work.

Not among them: what was rejected, what operators decided (ringfence override export), and what is
older than is kept (403 days). A file that is there already is never overwritten.

Exit status: 0 written; 2 wrong use; 3 it could not be finished: a server runs on the directory, no
report ever came, a file is there already, no room.

Examples:
  ringfence export reports --data data --out exported
  ringfence export reports --data data --out exported --partner harbour-bank
  ringfence ingest --partner harbour-bank exported/harbour-bank.jsonl)";

struct Arguments {
  std::string data;
  std::string out;
  std::string partner;
};

int Run(const Arguments& arguments) {
  const auto log = OpenDataLog(arguments.data, runtime::MakeRocksMemory({}));
  if (!log.ok()) return Fail(log.status());
  const absl::StatusOr<std::vector<ExportedReports>> exported =
      ExportReports(**log, arguments.out, arguments.partner);
  if (!exported.ok()) return Fail(exported.status());
  for (const ExportedReports& of : *exported) {
    fmt::print("{} reports in {}\n", CountWord(of.reports), of.path);
    if (of.left_out == 0) continue;
    fmt::print(stderr, "ringfence: {} records of {} are no reports and were left out\n",
               CountWord(of.left_out), of.partner);
  }
  return kDone;
}

}  // namespace

Command DeclareExport(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  app.footer(kFooter);
  app.require_subcommand(1);
  CLI::App* reports = app.add_subcommand("reports", "Partners' reports, with victims' data");
  reports->add_option("--data", arguments->data, "Folder of a server that does not run")
      ->required()
      ->type_name("DIR");
  reports->add_option("--out", arguments->out, "Folder for the files; made if need be")
      ->required()
      ->type_name("DIR");
  reports->add_option("--partner", arguments->partner, "Only this partner's")->type_name("NAME");
  return [arguments] { return Run(*arguments); };
}

}  // namespace ringfence::cli
