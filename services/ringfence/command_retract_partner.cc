#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "services/ringfence/client.h"
#include "services/ringfence/commands.h"
#include "services/ringfence/options.h"
#include "services/ringfence/words.h"

namespace ringfence::cli {
namespace {

constexpr char kFooter[] =
    R"(Withdraws all that arrived from a partner in a span of time, as if it had retracted each
of its reports: only a higher revision brings one back. Arrival is the log's time, which the partner cannot choose.
What was published for these reports alone is taken back within seconds. It cannot be undone: say --from.
A partner that no report ever came from is refused.

Exit status: 0 done; 2 wrong use; 3 no answer, or refused.

Examples:
  ringfence retract-partner shady-shop --reason "account was taken over"
  ringfence retract-partner shady-shop --from 2026-03-01T00:00:00Z \
      --until 2026-03-02T00:00:00Z --reason "feed of test data")";

struct Arguments {
  Endpoint server;
  PartnerSpan span;
};

int Run(const Arguments& arguments) {
  v1::RetractPartnerRequest request;
  if (absl::Status status = FillPartnerSpan(arguments.span, request); !status.ok()) {
    Fail(status);
    return kWrongUse;
  }
  Client client(arguments.server);
  const auto response = client.RetractPartner(request);
  if (!response.ok()) return Fail(response.status());
  fmt::print("{} reports withdrawn\n", CountWord(response->reports()));
  return kDone;
}

}  // namespace

Command DeclareRetractPartner(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  app.footer(kFooter);
  AddServerOption(app, arguments->server);
  AddPartnerSpan(app, "The company whose reports are withdrawn", arguments->span);
  return [arguments] { return Run(*arguments); };
}

}  // namespace ringfence::cli
