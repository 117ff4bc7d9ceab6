#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "services/publish/audit_log.h"
#include "services/ringfence/commands.h"
#include "services/ringfence/words.h"

namespace ringfence::cli {
namespace {

constexpr char kFooter[] =
    R"(Reads the log of what operators decided (DATA/audit.log of serve, publish.audit_file of
ringfence-publish). verify holds each line to the chain of hashes and prints how many there are and the
hash of the last: noted elsewhere, and given with --expect later, it shows whether the end was cut off.
list prints the entries.

Exit status: 0 whole; 1 changed, cut off or torn; 2 wrong use; 3 the file cannot be read.

Examples:
  ringfence audit verify data/audit.log
  ringfence audit verify data/audit.log --expect 41:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
  ringfence audit list data/audit.log --who mira)";

// The chain does not hold.
constexpr int kBroken = 1;

struct Options {
  std::string file;
  std::string expect;
  std::string who;
  std::string what;
};

std::string At(core::Time at) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", absl::FromUnixNanos(at), absl::UTCTimeZone());
}

void Print(const publish::AuditLine& line) {
  fmt::print("{:>6} {} {} {} {} {}{}\n", line.number, At(line.entry.at), Printable(line.entry.who),
             Printable(line.entry.what), Printable(line.entry.subject), Printable(line.entry.why),
             line.entry.reference.empty() ? "" : " (" + Printable(line.entry.reference) + ")");
}

int Run(const Options& options, bool list) {
  bool is_expected = options.expect.empty();
  const auto reading = publish::ReadAudit(options.file, [&](const publish::AuditLine& line) {
    is_expected |= options.expect == std::to_string(line.number) + ":" + line.hash;
    const bool is_wanted = line.entry.who.find(options.who) != std::string::npos &&
                           line.entry.what.find(options.what) != std::string::npos;
    if (list && is_wanted) Print(line);
  });
  if (!reading.ok()) return Fail(reading.status());
  int status = kDone;
  const auto broken = [&](const std::string& why) {
    fmt::print(stderr, "ringfence: {}: {}\n", options.file, why);
    status = kBroken;
  };
  for (const std::string& problem : reading->problems) broken(problem);
  if (!reading->torn.empty()) {
    broken(fmt::format("line {} is torn: a crash cut it short, before it was answered",
                       reading->entries + 1));
  }
  if (!is_expected) broken("the entry that was expected is not there: the end was cut off");
  if (!list) fmt::print("{}:{}\n", reading->entries, reading->head);
  return status;
}

}  // namespace

Command DeclareAudit(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.footer(kFooter);
  app.require_subcommand(1);
  CLI::App* verify = app.add_subcommand("verify", "Holds the log to its chain of hashes");
  CLI::App* list = app.add_subcommand("list", "Prints the entries");
  for (CLI::App* each : {verify, list}) {
    each->footer(kFooter);
    each->add_option("file", options->file, "The audit log")->required()->type_name("FILE");
  }
  verify->add_option("--expect", options->expect, "What verify printed before: must be in it still")
      ->type_name("N:HASH");
  list->add_option("--who", options->who, "Only those whose name has this in it")
      ->type_name("TEXT");
  list->add_option("--what", options->what, "Only acts with this in their word")->type_name("TEXT");
  return [options, list] { return Run(*options, list->parsed()); };
}

}  // namespace ringfence::cli
