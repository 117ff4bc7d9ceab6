#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "services/ringfence/client.h"
#include "services/ringfence/commands.h"
#include "services/ringfence/ingest.h"
#include "services/ringfence/options.h"
#include "services/ringfence/progress_bar.h"
#include "services/ringfence/words.h"
#include "services/runtime/interrupt.h"

namespace ringfence::cli {
namespace {

constexpr char kFooter[] =
    R"(Lines that are no valid JSON, and reports that the server
rejects, stop nothing: they go to the file of rejections, one ringfence.v1.Rejection a line,
with the line in their messages.

A run that ends early keeps how far each file was answered in FILE.ringfence-position (or in
--state) and goes on from there next time; a run that answers everything removes it again. Sending a
line twice does no harm.

Exit status: 0 everything was answered, even where some was rejected; 2 wrong use; 3 it could not be
finished.

Examples:
  ringfence ingest --partner harbour-bank reports.jsonl
  ringfence ingest --partner harbour-bank 2026-*.jsonl.gz --server ringfence.example:7733
  exporter | ringfence ingest --partner harbour-bank -)";

struct Arguments {
  Endpoint server;
  std::string partner;
  std::vector<std::string> files;
  std::string rejects_path;
  std::string state_path;
  bool no_state = false;
  int64_t retry_seconds = 120;
};

// Empty where it is a partner's name (ReportService refuses any other).
std::string CheckPartner(const std::string& name) {
  const bool is_good =
      !name.empty() && name.size() <= 40 && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
      });
  return is_good ? "" : "a partner's name has 1 to 40 of a-z, 0-9 and -";
}

void PrintCodes(const char* title, const std::map<std::string, uint64_t>& codes) {
  if (codes.empty()) return;
  fmt::print("{}\n", title);
  std::vector<std::pair<std::string, uint64_t>> sorted(codes.begin(), codes.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  for (const auto& [code, count] : sorted) fmt::print("  {:>9}  {}\n", CountWord(count), code);
}

void PrintSummary(const Arguments& arguments, const Ingest::Totals& totals) {
  fmt::print("{}: {} accepted", arguments.partner, CountWord(totals.accepted));
  if (totals.with_problems > 0) {
    fmt::print(" ({} of them not whole)", CountWord(totals.with_problems));
  }
  if (totals.held > 0) fmt::print(", {} held", CountWord(totals.held));
  fmt::print(", {} rejected\n", CountWord(totals.rejected));
  if (totals.skipped > 0) {
    fmt::print("{} lines were answered by an earlier run\n", CountWord(totals.skipped));
  }
  PrintCodes("rejected because of:", totals.fatal);
  PrintCodes("accepted in spite of:", totals.notes);
  if (totals.rejected + totals.with_problems > 0) fmt::print("see {}\n", arguments.rejects_path);
}

// The file of positions of one input; none for standard input.
absl::StatusOr<std::unique_ptr<PositionFile>> PositionsOf(const Arguments& arguments,
                                                          const std::string& file) {
  if (arguments.no_state || file == "-") return nullptr;
  const std::string path =
      arguments.state_path.empty() ? file + ".ringfence-position" : arguments.state_path;
  absl::StatusOr<PositionFile> positions =
      PositionFile::Load(path, {arguments.partner, arguments.server.address});
  if (!positions.ok()) return positions.status();
  return std::make_unique<PositionFile>(*std::move(positions));
}

absl::Status SendAll(const Arguments& arguments, Ingest& ingest) {
  std::vector<std::unique_ptr<PositionFile>> used;
  for (const std::string& file : arguments.files) {
    absl::StatusOr<std::unique_ptr<PositionFile>> positions = PositionsOf(arguments, file);
    if (!positions.ok()) return positions.status();
    if (absl::Status status = ingest.Send(file, positions->get()); !status.ok()) return status;
    if (*positions != nullptr) used.push_back(*std::move(positions));
  }
  for (const auto& positions : used) positions->Remove();
  return absl::OkStatus();
}

int Run(const Arguments& arguments) {
  const runtime::Interrupt interrupt;
  Client client(arguments.server);
  ProgressBar bar;
  Ingest::World world;
  world.submit = [&](const v1::SubmitReportsRequest& request) {
    return client.SubmitReports(arguments.partner, request);
  };
  world.wait = [&](std::chrono::milliseconds time) { return WaitFor(time, interrupt.token()); };
  world.progress = [&](const Ingest::Totals& totals, std::optional<uint32_t> permille) {
    bar.Show(permille, totals.lines,
             totals.rejected == 0 ? "" : CountWord(totals.rejected) + " rejected");
  };
  Ingest::Options options;
  options.partner = arguments.partner;
  options.rejects_path = arguments.rejects_path;
  options.retry_for = std::chrono::seconds(arguments.retry_seconds);
  Ingest ingest(options, std::move(world), interrupt.token());
  const absl::Status status = SendAll(arguments, ingest);
  bar.Finish();
  PrintSummary(arguments, ingest.totals());
  if (!ingest.position_status().ok()) {
    fmt::print(stderr, "ringfence: positions were not kept: {}\n",
               Printable(std::string(ingest.position_status().message())));
  }
  return status.ok() ? kDone : Fail(status);
}

}  // namespace

Command DeclareIngest(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  app.footer(kFooter);
  AddServerOption(app, arguments->server);
  app.add_option("--partner", arguments->partner, "Whose reports they are")
      ->required()
      ->type_name("NAME")
      ->check(CLI::Validator(CheckPartner, ""));
  app.add_option("file", arguments->files,
                 "Reports in JSON, one a line; compressed with gzip or not; - for standard input")
      ->required()
      ->type_name("");
  app.add_option("--rejects", arguments->rejects_path,
                 "Where rejections go [<partner>.rejects.jsonl]")
      ->type_name("FILE");
  auto* state =
      app.add_option("--state", arguments->state_path, "One file for the positions of all inputs")
          ->type_name("FILE");
  app.add_flag("--no-state", arguments->no_state, "Keep no positions")->excludes(state);
  app.add_option("--retry-for", arguments->retry_seconds,
                 "How long to wait for a server that is away")
      ->type_name("SECONDS")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  return [arguments] {
    if (arguments->rejects_path.empty()) {
      arguments->rejects_path = arguments->partner + ".rejects.jsonl";
    }
    return Run(*arguments);
  };
}

}  // namespace ringfence::cli
