#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "services/ringfence/client.h"
#include "services/ringfence/commands.h"
#include "services/ringfence/options.h"
#include "services/ringfence/words.h"
#include "services/runtime/clock.h"

namespace ringfence::cli {
namespace {

constexpr char kFooter[] =
    R"(Who takes the set, and how far each is: what its streams have been sent, what it says that it
has applied, and which revocations (what left its set) it has not acknowledged, since when.

Each replica knows of the streams and acknowledgements that came to it: name all of them, and of
each consumer the best that any knows is shown. One that never acknowledges shows a dash.

Exit status: 0 answered; 1 with --lagging, where a consumer lags; 2 wrong use; 3 no answer.

Examples:
  ringfence consumers
  ringfence consumers --lagging 60 || page-somebody
  ringfence consumers --server 10.0.0.1:7733 --server 10.0.0.2:7733 --json)";

constexpr int kLagging = 1;

struct Arguments {
  std::vector<std::string> servers;
  // Certificates; its address is each server's in turn.
  Endpoint endpoint;
  // 0: all are shown.
  uint32_t lagging_seconds = 0;
  bool json = false;
};

// Of one consumer at two replicas.
v1::ConsumerStatus Merged(const v1::ConsumerStatus& a, const v1::ConsumerStatus& b) {
  const bool b_is_ahead = b.has_acknowledged_at() &&
                          (!a.has_acknowledged_at() ||
                           b.acknowledged_records_behind() < a.acknowledged_records_behind());
  v1::ConsumerStatus merged = b_is_ahead ? b : a;
  const v1::ConsumerStatus& connected = b.streams() > 0 ? b : a;
  merged.set_streams(a.streams() + b.streams());
  merged.set_phase(connected.phase());
  merged.set_sent_records_behind(connected.sent_records_behind());
  if (connected.has_filter()) *merged.mutable_filter() = connected.filter();
  if (connected.has_connected_since())
    *merged.mutable_connected_since() = connected.connected_since();
  return merged;
}

int64_t NowSeconds() { return runtime::SystemNow() / core::kSecond; }

int64_t LagSeconds(const v1::ConsumerStatus& status, int64_t now) {
  if (!status.has_oldest_unacknowledged_revocation()) return 0;
  return std::max<int64_t>(0, now - status.oldest_unacknowledged_revocation().seconds());
}

void Print(const v1::ListConsumersResponse& response) {
  const int64_t now = NowSeconds();
  Table table({"CONSUMER", "STREAMS", "AT", "FILTER", "UNSENT", "ACKNOWLEDGED", "UNACKNOWLEDGED",
               "REVOCATIONS", "OLDEST"});
  for (const v1::ConsumerStatus& status : response.consumers()) {
    const bool acknowledges = status.has_acknowledged_at();
    const std::string revocations = std::to_string(status.unacknowledged_revocations()) +
                                    (status.more_revocations() ? " or more" : "");
    table.Add({Printable(status.consumer()), std::to_string(status.streams()),
               status.streams() > 0 ? Printable(status.phase()) : "away",
               status.has_filter() ? ActionWord(status.filter().min_action()) : "-",
               status.streams() > 0 ? std::to_string(status.sent_records_behind()) : "-",
               acknowledges ? TimeWord(status.acknowledged_at()) : "-",
               acknowledges ? std::to_string(status.acknowledged_records_behind()) : "-",
               acknowledges ? revocations : "-",
               status.has_oldest_unacknowledged_revocation()
                   ? std::to_string(LagSeconds(status, now)) + " s"
                   : "-"});
  }
  fmt::print("{}", table.Text());
}

int Run(const Arguments& arguments) {
  std::map<std::string, v1::ConsumerStatus> known;
  for (const std::string& server : arguments.servers) {
    Endpoint endpoint = arguments.endpoint;
    endpoint.address = server;
    Client client(endpoint);
    const absl::StatusOr<v1::ListConsumersResponse> response = client.ListConsumers();
    if (!response.ok()) return Fail(response.status());
    for (const v1::ConsumerStatus& status : response->consumers()) {
      const auto [other, is_new] = known.try_emplace(status.consumer(), status);
      if (!is_new) other->second = Merged(other->second, status);
    }
  }
  v1::ListConsumersResponse shown;
  bool lags = false;
  for (const auto& [name, status] : known) {
    const bool is_lagging = arguments.lagging_seconds > 0 &&
                            LagSeconds(status, NowSeconds()) >= arguments.lagging_seconds;
    lags = lags || is_lagging;
    if (arguments.lagging_seconds == 0 || is_lagging) *shown.add_consumers() = status;
  }
  if (arguments.json) {
    fmt::print("{}\n", Json(shown));
  } else {
    Print(shown);
  }
  return lags ? kLagging : kDone;
}

}  // namespace

Command DeclareConsumers(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  app.footer(kFooter);
  AddServersOption(app, arguments->servers, arguments->endpoint);
  app.add_option("--lagging", arguments->lagging_seconds,
                 "Only who has not acknowledged a revocation that is at least so old")
      ->type_name("SECONDS")
      ->check(CLI::Range(1, 1'000'000));
  app.add_flag("--json", arguments->json, "A ListConsumersResponse as JSON");
  return [arguments] { return Run(*arguments); };
}

}  // namespace ringfence::cli
