#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "pipelines/referral/manifest.h"
#include "pipelines/referral/pack.h"
#include "services/ringfence/client.h"
#include "services/ringfence/commands.h"
#include "services/ringfence/options.h"
#include "services/ringfence/words.h"

namespace ringfence::cli {
namespace {

namespace fs = std::filesystem;

constexpr char kFooter[] =
    R"(Freezes what is known of a campaign as a pack for a joint referral to law enforcement
(ops/referrals.md): summary, tables, graph, indicators, source reports under aliases, and a manifest
of hashes; nothing of victims'. A legal hold keeps the evidence behind it until it is lifted
(`ringfence hold`). --position, which each pack prints, makes the same pack again, byte for byte.

--out ends in .zip: one archive; else: a folder, which is made, with the pack's files in it.
`sha256sum -c MANIFEST.sha256` checks the files. What is there already is not overwritten.

Exit status: 0 done; 2 wrong use; 3 no answer, refused, or not written.

Examples:
  ringfence referral CAMPAIGN --out referral.zip --addressee "Central Bureau of Investigation, India" \
      --reference 2026/117 --legal-basis "BNSS section 94"
  ringfence referral --position 12-9f86d081884c7d659a2feaa0c55ad015 --out again/
  ringfence hold list)";

struct Arguments {
  Endpoint server;
  v1::CreateReferralRequest request;
  std::string out;
};

absl::Status CannotWrite(const fs::path& path) {
  return absl::UnavailableError(path.string() + ": cannot be written");
}

// All of it or nothing stands under the name.
absl::Status WriteWhole(const fs::path& path, const std::string& bytes) {
  const fs::path part = path.string() + ".part";
  {
    std::ofstream file(part, std::ios::binary | std::ios::trunc);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    file.close();
    if (!file) {
      std::error_code ignored;
      fs::remove(part, ignored);
      return CannotWrite(path);
    }
  }
  std::error_code error;
  fs::rename(part, path, error);
  return error ? CannotWrite(path) : absl::OkStatus();
}

absl::Status CheckFree(const fs::path& out, bool is_archive) {
  std::error_code error;
  const bool taken =
      is_archive ? fs::exists(out, error) : fs::exists(out, error) && !fs::is_empty(out, error);
  if (error) return CannotWrite(out);
  if (!taken) return absl::OkStatus();
  return absl::AlreadyExistsError(out.string() +
                                  (is_archive ? ": is there already" : ": is not an empty folder"));
}

absl::Status WriteFolder(const fs::path& folder, const std::vector<referral::PackFile>& files) {
  for (const referral::PackFile& file : files) {
    const fs::path path = folder / file.name;
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    if (error) return CannotWrite(path.parent_path());
    if (absl::Status status = WriteWhole(path, file.bytes); !status.ok()) return status;
  }
  return absl::OkStatus();
}

std::string PositionOf(const std::vector<referral::PackFile>& files) {
  for (const referral::PackFile& file : files) {
    google::protobuf::Struct overview;
    if (file.name == "pack.json" &&
        google::protobuf::util::JsonStringToMessage(file.bytes, &overview).ok()) {
      return overview.fields().at("position").string_value();
    }
  }
  return "unknown";
}

int Run(const Arguments& arguments) {
  if (arguments.request.campaign_id().empty() == arguments.request.position().empty()) {
    Fail(absl::InvalidArgumentError("CAMPAIGN or --position, and not both"));
    return kWrongUse;
  }
  const bool is_archive = arguments.out.ends_with(".zip");
  if (absl::Status status = CheckFree(arguments.out, is_archive); !status.ok()) return Fail(status);
  Client client(arguments.server);
  const absl::StatusOr<std::string> pack = client.CreateReferral(arguments.request);
  if (!pack.ok()) return Fail(pack.status());
  const auto files = referral::Unzip(*pack);
  if (!files.ok()) return Fail(files.status());
  // Said first: what cannot be written can be asked for again.
  fmt::print("position {}\n", Printable(PositionOf(*files)));
  const absl::Status written =
      is_archive ? WriteWhole(arguments.out, *pack) : WriteFolder(arguments.out, *files);
  if (!written.ok()) return Fail(written);
  if (is_archive) {
    fmt::print("{}  {}\n", referral::Sha256Hex(*pack), arguments.out);
  } else {
    fmt::print("{} files in {}\n", files->size(), arguments.out);
  }
  return kDone;
}

}  // namespace

Command DeclareReferral(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  app.footer(kFooter);
  AddServerOption(app, arguments->server);
  v1::CreateReferralRequest& request = arguments->request;
  const auto add = [&app, arguments](const char* name, std::string* text, const char* what) {
    return app.add_option_function<std::string>(
        name, [arguments, text](const std::string& value) { *text = value; }, what);
  };
  add("CAMPAIGN", request.mutable_campaign_id(), "Its id, as `ringfence campaigns` shows it");
  add("--addressee", request.mutable_addressee(), "Who receives it, for the cover page");
  add("--legal-basis", request.mutable_legal_basis(), "On which it is handed over");
  add("--reference", request.mutable_reference(), "Case or file number");
  add("--jurisdiction", request.mutable_jurisdiction(),
      "Country whose courts ask for a certificate; IN where it is left out");
  add("--position", request.mutable_position(), "Of an earlier pack: makes the same again");
  app.add_option("--out", arguments->out, "An archive (.zip) or a folder")
      ->required()
      ->type_name("FILE|DIR");
  return [arguments] { return Run(*arguments); };
}

}  // namespace ringfence::cli
