#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pipelines/intake/intake.h"
#include "services/ringfence/commands.h"
#include "services/ringfence/words.h"
#include "services/runtime/keys/key_files.h"

namespace ringfence::cli {
namespace {

constexpr char kFooter[] =
    R"(Makes the tokens that a partner may send in place of its victims'
handles, with the key that it shares with the deployment (keys/victim-tokens.key). Reads one handle
a line from standard input and writes one token a line; what is no handle of its kind leaves its
line empty, and is said on standard error by the number of its line, never by its value. The handle
is normalised first: "+1 (212) 555-0123" and, with --country US, "212-555-0123" have one token. A
British IBAN has two, its own and that of the account in it: send both.

Exit status: 0 all made; 2 wrong use; 3 no key, or some could not be made.

Examples:
  ringfence token --key victim-tokens.key --kind email < addresses.txt
  echo 212-555-0123 | ringfence token --key victim-tokens.key --kind phone --country US)";

// Handles are read as those of a report are.
constexpr core::Time kNow = 20'000 * core::kDay;

const std::map<std::string, v1::VictimHandle::Kind> kKinds = {
    {"phone", v1::VictimHandle::KIND_PHONE},
    {"email", v1::VictimHandle::KIND_EMAIL},
    {"account", v1::VictimHandle::KIND_ACCOUNT},
    {"remote-access-id", v1::VictimHandle::KIND_REMOTE_ACCESS_ID},
    {"ip", v1::VictimHandle::KIND_IP},
};

struct Arguments {
  std::string key_path;
  v1::VictimHandle::Kind kind = v1::VictimHandle::KIND_UNSPECIFIED;
  std::string country;
};

v1::Report ReportOf(const Arguments& arguments, const std::string& handle) {
  v1::Report report;
  report.set_report_id("token");
  *report.mutable_occurred_at() = core::ToProto(kNow);
  report.mutable_victim()->set_country(arguments.country);
  v1::VictimHandle& victim = *report.mutable_victim()->add_handles();
  victim.set_kind(arguments.kind);
  victim.set_value(handle);
  // Without anything that the fraudsters have it would be no report.
  v1::Identifier& site = *report.add_identifiers();
  site.set_type(v1::IDENTIFIER_TYPE_DOMAIN);
  site.set_value("token.example");
  return report;
}

// The problem with the handle, as intake calls it.
std::string WhyNot(const intake::Intake::Result& result) {
  for (const v1::Problem& problem : result.problems) {
    if (problem.field().starts_with("victim")) return problem.code();
  }
  return "victim.handles.empty";
}

int Run(const Arguments& arguments) {
  const absl::StatusOr<intake::TokenKey> key = runtime::ReadTokenKey(arguments.key_path);
  if (!key.ok()) return Fail(key.status());
  intake::Intake intake({.token_key = *key});
  int status = kDone;
  uint64_t number = 0;
  for (std::string line; std::getline(std::cin, line);) {
    ++number;
    if (line.ends_with('\r')) line.pop_back();
    const auto result = intake.FromReport("token", ReportOf(arguments, line), kNow);
    if (!result.revision_message || result.revision_message->victim_tokens().empty()) {
      fmt::print("\n");
      fmt::print(stderr, "ringfence: line {}: {}\n", number, WhyNot(result));
      status = kUnfinished;
      continue;
    }
    // A GB IBAN's account has a token too, which the whole is found by as well.
    std::string tokens;
    for (const auto& token : result.revision_message->victim_tokens()) {
      if (!tokens.empty()) tokens += ' ';
      tokens += token.token();
    }
    fmt::print("{}\n", tokens);
  }
  return status;
}

}  // namespace

Command DeclareToken(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  app.footer(kFooter);
  app.add_option("--key", arguments->key_path, "File of the key")->required()->type_name("FILE");
  app.add_option("--kind", arguments->kind, "phone, email, account, remote-access-id or ip")
      ->required()
      ->type_name("KIND")
      ->transform(CLI::CheckedTransformer(kKinds));
  app.add_option("--country", arguments->country,
                 "The victim's, ISO 3166-1 alpha-2, for numbers without +")
      ->type_name("CC");
  return [arguments] { return Run(*arguments); };
}

}  // namespace ringfence::cli
