#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "services/ringfence/commands.h"
#include "services/ringfence/words.h"
#include "services/runtime/snapshots/folder_snapshot_store.h"

namespace ringfence::cli {
namespace {

constexpr char kFooter[] =
    R"(Looks at the snapshots that ringfence-dedupe and ringfence-cluster make of their state
(snapshots.folder in their configuration). list says what is there; verify reads every file and holds
it to the size and SHA-256 in its manifest. Neither changes anything.

Exit status: 0 all are whole; 2 wrong use; 3 one is damaged, none is there, or the folder cannot be read.

Examples:
  ringfence snapshot list --folder snapshots
  ringfence snapshot verify --folder snapshots --series cluster-0)";

struct Options {
  std::string folder;
  std::string series;
};

uint64_t BytesOf(const runtime::SnapshotManifest& manifest) {
  uint64_t bytes = 0;
  for (const auto& file : manifest.files()) bytes += file.bytes();
  return bytes;
}

// What is printed of one: `verdict` is empty where it was not verified.
void Print(const runtime::StoredSnapshot& snapshot, const absl::Status& status,
           const char* verdict) {
  if (!status.ok()) {
    fmt::print("{:<32} DAMAGED: {}\n", snapshot.id, Printable(std::string(status.message())));
    return;
  }
  const runtime::SnapshotManifest& manifest = snapshot.manifest;
  fmt::print("{:<32} offset {}, {} files, {} bytes, made {}, deployment {}{}\n", snapshot.id,
             manifest.offset(), manifest.files_size(), BytesOf(manifest),
             Printable(manifest.made_at()), Printable(manifest.deployment()), verdict);
}

int Run(const Options& options, bool verify) {
  std::error_code error;
  if (!std::filesystem::is_directory(options.folder, error))
    return Fail(absl::NotFoundError(options.folder + ": no such folder"));
  auto store = runtime::FolderSnapshotStore::Open(options.folder);
  if (!store.ok()) return Fail(store.status());
  const auto snapshots = (*store)->List(options.series);
  if (!snapshots.ok()) return Fail(snapshots.status());
  if (snapshots->empty())
    return Fail(absl::NotFoundError(options.folder + ": no snapshot is there"));
  int status = kDone;
  for (const runtime::StoredSnapshot& snapshot : *snapshots) {
    const absl::Status whole = verify ? (*store)->Verify(snapshot) : snapshot.status;
    if (!whole.ok()) status = kUnfinished;
    Print(snapshot, whole, verify ? ": whole" : "");
  }
  return status;
}

}  // namespace

Command DeclareSnapshot(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.footer(kFooter);
  app.require_subcommand(1);
  CLI::App* list = app.add_subcommand("list", "Says what is there");
  CLI::App* verify = app.add_subcommand("verify", "Reads every file and compares it");
  for (CLI::App* subcommand : {list, verify}) {
    subcommand->add_option("--folder", options->folder, "Where the snapshots are")
        ->required()
        ->type_name("DIR");
    subcommand
        ->add_option("--series", options->series, "Those of one partition only, like dedupe-0")
        ->type_name("STAGE-PARTITION");
  }
  return [options, verify] { return Run(*options, verify->parsed()); };
}

}  // namespace ringfence::cli
