#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "services/ringfence/commands.h"
#include "services/ringfence/replay.h"

namespace ringfence::cli {
namespace {

constexpr char kFooter[] =
    R"(Reads <partner>.jsonl and <partner>.jsonl.gz in DIR and runs them through the same stages as
a deployment, with time taken from the reports, until all is quiet. Writes into --out, sorted, in
protobuf's JSON mapping:
  indicators.jsonl   the published set as of the latest report, one ringfence.v1.Indicator a line
  campaigns.jsonl    its campaigns, one ringfence.v1.Campaign a line
  rejects.jsonl      what was rejected or not used whole, one ringfence.v1.Rejection a line

Exit status: 0 written; 2 wrong use; 3 it could not be finished.

Examples:
  ringfence replay sample --out replayed
  ringfence replay sample --out replayed --order given --partitions 7)";

struct Arguments {
  std::string folder;
  std::string out;
  std::string naming_key_file;
  std::string order = "time";
  uint32_t partitions = 2;
};

absl::StatusOr<campaigns::NamingKey> ReadNamingKey(const std::string& path) {
  campaigns::NamingKey key{};
  if (path.empty()) return key;
  std::ifstream file(path, std::ios::binary);
  if (!file.read(reinterpret_cast<char*>(key.data()), static_cast<std::streamsize>(key.size())) ||
      file.peek() != std::ifstream::traits_type::eof()) {
    return absl::InvalidArgumentError(path + ": a naming key is a file of exactly 16 bytes");
  }
  return key;
}

template <typename Messages>
absl::Status WriteLines(const std::string& path, const Messages& messages) {
  std::ofstream file(path, std::ios::trunc);
  for (const auto& message : messages) {
    std::string json;
    if (!google::protobuf::util::MessageToJsonString(message, &json).ok()) {
      return absl::InternalError(path + ": a message has no JSON form");
    }
    file << json << '\n';
  }
  file.close();
  return file ? absl::OkStatus() : absl::UnavailableError(path + ": could not be written");
}

absl::Status WriteResult(const std::string& folder, const ReplayResult& result) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return absl::UnavailableError(folder + ": " + error.message());
  absl::Status status = WriteLines(folder + "/indicators.jsonl", result.indicators);
  status.Update(WriteLines(folder + "/campaigns.jsonl", result.campaigns));
  status.Update(WriteLines(folder + "/rejects.jsonl", result.rejections));
  return status;
}

int Run(const Arguments& arguments) {
  ReplayOptions options;
  options.folder = arguments.folder;
  options.order_by_time = arguments.order == "time";
  options.partitions = arguments.partitions;
  options.now = std::chrono::duration_cast<std::chrono::nanoseconds>(
                    std::chrono::system_clock::now().time_since_epoch())
                    .count();
  const absl::StatusOr<campaigns::NamingKey> key = ReadNamingKey(arguments.naming_key_file);
  if (!key.ok()) return Fail(key.status());
  options.naming_key = *key;
  const absl::StatusOr<ReplayResult> result = Replay(options);
  if (!result.ok()) return Fail(result.status());
  if (absl::Status status = WriteResult(arguments.out, *result); !status.ok()) return Fail(status);
  fmt::print("{} reports accepted, {} rejected; {} indicators, {} campaigns\n", result->accepted,
             result->rejected, result->indicators.size(), result->campaigns.size());
  for (const auto& [code, count] : result->rejected_by_code)
    fmt::print("  rejected for {}: {}\n", code, count);
  return kDone;
}

}  // namespace

Command DeclareReplay(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  app.footer(kFooter);
  app.add_option("DIR", arguments->folder, "Folder of <partner>.jsonl[.gz]")
      ->required()
      ->check(CLI::ExistingDirectory);
  app.add_option("--out", arguments->out, "Folder for what comes out; made if need be")->required();
  app.add_option("--order", arguments->order,
                 "time: by reported_at; given: one record of each file in turn")
      ->check(CLI::IsMember({"time", "given"}))
      ->capture_default_str();
  app.add_option("--partitions", arguments->partitions, "Of each mailbox")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option("--naming-key", arguments->naming_key_file,
                 "File of 16 bytes that campaigns' ids are made with")
      ->check(CLI::ExistingFile);
  return [arguments] { return Run(*arguments); };
}

}  // namespace ringfence::cli
