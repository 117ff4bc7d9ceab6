#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "google/protobuf/util/time_util.h"
#include "services/ringfence/client.h"
#include "services/ringfence/commands.h"
#include "services/ringfence/options.h"
#include "services/ringfence/words.h"

namespace ringfence::cli {
namespace {

constexpr char kFooter[] =
    R"(What you know of an indicator (ops/consuming.md). A hit is counted and is no evidence. What
the custodian of a value says of it (its bank, carrier or host, by its ranges) is done at once:
false-positive puts it under appeal for 30 days, confirmed lets an account reach BLOCK, closed voids
what was seen until now.

Exit status: 0 taken; 2 wrong use; 3 no answer, or refused.

Examples:
  ringfence feedback phone "+1 212 555 0142" hit --count 17
  ringfence feedback domain shop.example false-positive --reference T-2041
  ringfence feedback iban GB33BUKB20201555555555 closed --reference T-2042)";

using Request = v1::SubmitFeedbackRequest;

const std::map<std::string, Request::Kind> kKinds = {
    {"hit", Request::KIND_HIT},
    {"false-positive", Request::KIND_FALSE_POSITIVE},
    {"confirmed", Request::KIND_CONFIRMED_BY_CUSTODIAN},
    {"closed", Request::KIND_CLOSED},
};

struct Arguments {
  Endpoint server;
  std::string type;
  std::string value;
  std::string kind;
  uint32_t count = 1;
  std::string from;
  std::string until;
  std::string reference;
};

int WrongUse(const std::string& why) {
  Fail(absl::InvalidArgumentError(why));
  return kWrongUse;
}

int Submit(const Arguments& arguments) {
  const auto type = ParseType(arguments.type);
  if (!type) return WrongUse("TYPE: one of " + AllTypeWords());
  Request request;
  request.set_type(*type);
  request.set_value(arguments.value);
  request.set_kind(kKinds.at(arguments.kind));
  request.set_count(arguments.count);
  request.set_reference(arguments.reference);
  using google::protobuf::util::TimeUtil;
  if (!arguments.from.empty() && !TimeUtil::FromString(arguments.from, request.mutable_from()))
    return WrongUse("--from: a time like 2026-12-01T00:00:00Z");
  if (!arguments.until.empty() && !TimeUtil::FromString(arguments.until, request.mutable_until()))
    return WrongUse("--until: a time like 2026-12-01T00:00:00Z");
  Client client(arguments.server);
  if (const auto response = client.SubmitFeedback(request); !response.ok())
    return Fail(response.status());
  fmt::print("taken\n");
  return kDone;
}

}  // namespace

Command DeclareFeedback(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  app.footer(kFooter);
  std::vector<std::string> kinds;
  for (const auto& [word, value] : kKinds) kinds.push_back(word);
  AddServerOption(app, arguments->server);
  app.add_option("TYPE", arguments->type, "phone, domain, iban, wallet, ...")->required();
  app.add_option("VALUE", arguments->value, "The identifier, as you write it")->required();
  app.add_option("KIND", arguments->kind)->required()->check(CLI::IsMember(kinds));
  app.add_option("--count", arguments->count, "How often it was met")->check(CLI::PositiveNumber);
  app.add_option("--from", arguments->from, "Met from then on")->type_name("TIME");
  app.add_option("--until", arguments->until, "Met until then")->type_name("TIME");
  app.add_option("--reference", arguments->reference, "Your case or ticket");
  return [arguments] { return Submit(*arguments); };
}

}  // namespace ringfence::cli
