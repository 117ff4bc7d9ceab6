#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <tuple>

#include "google/protobuf/util/time_util.h"
#include "services/ringfence/client.h"
#include "services/ringfence/commands.h"
#include "services/ringfence/options.h"
#include "services/ringfence/words.h"

namespace ringfence::cli {
namespace {

constexpr char kFooter[] =
    R"(Withdraws all that arrived from a partner in a span of time, as if it had retracted each
of its reports: only a higher revision brings one back. Arrival is the log's time, which the partner cannot choose.
What was published for these reports alone is taken back within seconds.

Exit status: 0 done; 2 wrong use; 3 no answer, or refused.

Examples:
  ringfence retract-partner shady-shop --reason "account was taken over"
  ringfence retract-partner shady-shop --from 2026-03-01T00:00:00Z \
      --until 2026-03-02T00:00:00Z --reason "feed of test data")";

struct Arguments {
  Endpoint server;
  std::string from;
  std::string until;
  v1::RetractPartnerRequest request;
};

int Run(Arguments& arguments) {
  using google::protobuf::util::TimeUtil;
  for (const auto& [option, text, time] :
       {std::tuple("--from", &arguments.from, arguments.request.mutable_received_from()),
        std::tuple("--until", &arguments.until, arguments.request.mutable_received_until())}) {
    if (text->empty() || TimeUtil::FromString(*text, time)) continue;
    Fail(absl::InvalidArgumentError(fmt::format("{}: a time like 2026-12-01T00:00:00Z", option)));
    return kWrongUse;
  }
  if (arguments.from.empty()) arguments.request.clear_received_from();
  if (arguments.until.empty()) arguments.request.clear_received_until();
  Client client(arguments.server);
  const auto response = client.RetractPartner(arguments.request);
  if (!response.ok()) return Fail(response.status());
  fmt::print("{} reports withdrawn\n", CountWord(response->reports()));
  return kDone;
}

}  // namespace

Command DeclareRetractPartner(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  app.footer(kFooter);
  AddServerOption(app, arguments->server);
  app.add_option_function<std::string>(
         "PARTNER", [arguments](const std::string& text) { arguments->request.set_partner(text); },
         "The company whose reports are withdrawn")
      ->required();
  app.add_option("--from", arguments->from, "Arrived from then on; left out: from the beginning")
      ->type_name("TIME");
  app.add_option("--until", arguments->until, "Arrived before; left out: until now")
      ->type_name("TIME");
  app.add_option_function<std::string>(
         "--reason", [arguments](const std::string& text) { arguments->request.set_reason(text); },
         "Why; it is kept")
      ->required();
  return [arguments] { return Run(*arguments); };
}

}  // namespace ringfence::cli
