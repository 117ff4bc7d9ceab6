#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "services/ringfence/commands.h"
#include "services/ringfence/words.h"
#include "services/runtime/clock.h"
#include "services/runtime/identity/identities.h"
#include "services/runtime/identity/tokens.h"

namespace ringfence::cli {
namespace {

constexpr char kFooter[] =
    R"(Bearer tokens, for who cannot present a certificate: over HTTP alone. The file holds only
hashes; make prints the token, once. The server reads the file again when it changes, so that a
revoked token ends within a second. It need not be there before the first make.

Exit status: 0 done; 2 wrong use; 3 the file cannot be read or written, or there is no such token.

Examples:
  ringfence tokens make --file tokens.yaml --identities identities.yaml \
      --identity spiffe://fraud.example/partner/harbour-bank --days 90 --note "nightly export"
  ringfence tokens list --file tokens.yaml
  ringfence tokens revoke --file tokens.yaml 1f0e3dad)";

struct Options {
  std::string file;
  std::string identity;
  std::string identities;
  std::string note;
  std::string id;
  uint32_t days = 90;
};

std::string Day(uint64_t seconds) {
  return absl::FormatTime("%Y-%m-%d", absl::FromUnixSeconds(static_cast<int64_t>(seconds)),
                          absl::UTCTimeZone());
}

int Make(const Options& options) {
  if (!options.identities.empty()) {
    const absl::StatusOr<runtime::Identities> identities =
        runtime::Identities::Read(options.identities);
    if (!identities.ok()) return Fail(identities.status());
    if (identities->Find(options.identity) == nullptr)
      return Fail(absl::NotFoundError("--identity: is not in " + options.identities));
  }
  const core::Time now = runtime::SystemNow();
  const core::Time until = now + core::Time{options.days} * 86'400 * core::kSecond;
  const absl::StatusOr<runtime::MadeToken> made =
      runtime::MakeToken(options.identity, now, until, options.note);
  if (!made.ok()) return Fail(made.status());
  const absl::Status status =
      runtime::ChangeTokens(options.file, [&](internal::v1::Tokens& tokens) -> absl::Status {
        if (tokens.tokens_size() >= runtime::kTokensMax)
          return absl::ResourceExhaustedError("there are too many tokens: revoke some");
        *tokens.add_tokens() = made->kept;
        return absl::OkStatus();
      });
  if (!status.ok()) return Fail(status);
  fmt::print("{}\n", made->token);
  fmt::print(stderr, "{} is good until {}; it is not shown again\n", made->kept.id(),
             Day(made->kept.expires_at()));
  return kDone;
}

int List(const Options& options) {
  const absl::StatusOr<internal::v1::Tokens> tokens = runtime::ReadTokens(options.file);
  if (!tokens.ok()) return Fail(tokens.status());
  const auto now = static_cast<uint64_t>(runtime::SystemNow() / core::kSecond);
  for (const internal::v1::Token& token : tokens->tokens()) {
    fmt::print("{} {} made {} {} {} {}\n", token.id(), Printable(token.identity()),
               Day(token.made_at()), token.expires_at() <= now ? "expired" : "until",
               Day(token.expires_at()), Printable(token.note()));
  }
  return kDone;
}

int Revoke(const Options& options) {
  const absl::Status status =
      runtime::ChangeTokens(options.file, [&](internal::v1::Tokens& tokens) -> absl::Status {
        auto& all = *tokens.mutable_tokens();
        const auto found = std::find_if(
            all.begin(), all.end(), [&](const auto& token) { return token.id() == options.id; });
        if (found == all.end()) return absl::NotFoundError("there is no such token");
        all.erase(found);
        return absl::OkStatus();
      });
  return status.ok() ? kDone : Fail(status);
}

}  // namespace

Command DeclareTokens(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.footer(kFooter);
  app.require_subcommand(1);
  CLI::App* make = app.add_subcommand("make", "Makes a token, and prints it");
  CLI::App* list = app.add_subcommand("list", "Says which there are");
  CLI::App* revoke = app.add_subcommand("revoke", "Ends one");
  for (CLI::App* each : {make, list, revoke}) {
    each->footer(kFooter);
    each->add_option("--file", options->file, "Where the tokens' hashes are kept")
        ->required()
        ->type_name("FILE");
  }
  make->add_option("--identity", options->identity, "What its holder is: a name in the identities")
      ->required()
      ->type_name("NAME")
      ->check(CLI::Validator(
          [](const std::string& name) {
            return name.starts_with("spiffe://") && name.size() <= 255
                       ? std::string()
                       : std::string("spiffe://TRUST_DOMAIN/PATH is wanted");
          },
          ""));
  make->add_option("--identities", options->identities, "Refuses a name that is not in there")
      ->type_name("FILE");
  make->add_option("--days", options->days, "How long it is good")
      ->check(CLI::Range(1, 3'650))
      ->capture_default_str();
  make->add_option("--note", options->note, "What it is for")
      ->type_name("TEXT")
      ->check(CLI::Validator(
          [](const std::string& note) {
            const bool is_plain = note.size() <= 255 && Printable(note) == note;
            return is_plain ? std::string() : std::string("at most 255 printable characters");
          },
          ""));
  revoke->add_option("id", options->id, "Of the token: its part between the lines")
      ->required()
      ->type_name("ID");
  return [options, make, list] {
    if (make->parsed()) return Make(*options);
    return list->parsed() ? List(*options) : Revoke(*options);
  };
}

}  // namespace ringfence::cli
