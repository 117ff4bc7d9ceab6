#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "pipelines/core/time.h"
#include "pipelines/intake/rfc3339.h"
#include "services/ringfence/commands.h"
#include "services/ringfence/sample/sample_files.h"
#include "services/ringfence/words.h"

namespace ringfence::cli {
namespace {

constexpr char kFooter[] =
    R"(Writes <partner>.jsonl, one report a line as `ringfence ingest`
takes them, and truth.jsonl, which says for every line which incident and call centre it is of,
and for every identifier whose it is.

Nothing in it is real: numbers reserved for fiction, hosts below .example and .test, documentation
addresses, accounts at banks that do not exist, wallets without a key. A few lines are wrong on
purpose. The same options give the same bytes on every machine, if --until is given.

Exit status: 0 written; 2 wrong use; 3 it could not be written.

Examples:
  ringfence sample --reports 20000 --seed 1 --out sample
  ringfence sample --reports 1000000 --seed 7 --partners 6 --until 2026-03-01T12:00:00Z --out big)";

struct Arguments {
  uint64_t reports = 0;
  uint64_t seed = 1;
  std::string folder;
  size_t partners = 4;
  std::string until;
  bool overlap = false;
};

std::string CheckTime(const std::string& text) {
  return intake::ParseRfc3339(text) ? ""
                                    : "a time in RFC 3339 is wanted, like 2026-03-01T12:00:00Z";
}

core::Time Now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

int Run(const Arguments& arguments) {
  sample::Generator::Options options;
  options.seed = arguments.seed;
  options.records = arguments.reports;
  options.partners = arguments.partners;
  options.overlap = arguments.overlap;
  options.until =
      arguments.until.empty() ? Now() : core::FromProto(*intake::ParseRfc3339(arguments.until));
  const absl::StatusOr<sample::SampleFiles> written =
      sample::WriteSample(options, arguments.folder);
  if (!written.ok()) return Fail(written.status());
  for (const sample::SampleFiles::Partner& partner : written->partners) {
    fmt::print("{:>11} reports of {} in {}\n", CountWord(partner.records), partner.name,
               partner.path);
  }
  fmt::print("{:>11} of them cannot be used, on purpose\n", CountWord(written->rejected));
  fmt::print("{:>11} identifiers named, {} of them new\n", CountWord(written->named),
             CountWord(written->made_up));
  fmt::print("The truth about them is in {}\n", written->truth_path);
  return kDone;
}

}  // namespace

Command DeclareSample(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  app.footer(kFooter);
  app.add_option("--reports", arguments->reports, "How many lines, of all partners together")
      ->required()
      ->type_name("N")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1'000'000'000}));
  app.add_option("--seed", arguments->seed, "Decides everything")
      ->type_name("S")
      ->capture_default_str();
  app.add_option("--out", arguments->folder, "Folder, made where it is missing")
      ->required()
      ->type_name("DIR");
  app.add_option("--partners", arguments->partners, "How many companies report")
      ->type_name("N")
      ->check(CLI::Range(size_t{1}, size_t{64}))
      ->capture_default_str();
  app.add_option("--until", arguments->until, "The reports are of the 30 days before [now]")
      ->type_name("TIME")
      ->check(CLI::Validator(CheckTime, ""));
  app.add_flag("--overlap", arguments->overlap,
               "Victims tell up to three companies, each its own part; families share telephones");
  return [arguments] { return Run(*arguments); };
}

}  // namespace ringfence::cli
