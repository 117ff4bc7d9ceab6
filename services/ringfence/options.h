#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/timestamp.pb.h"
#include "services/ringfence/client.h"

namespace CLI {
class App;
}

namespace ringfence::cli {

// Adds --server HOST:PORT, --ca, --cert and --key, which may come from the environment
// (RINGFENCE_CA, RINGFENCE_CERT, RINGFENCE_KEY). `endpoint` must live as long as `app` and holds
// the defaults.
void AddServerOption(CLI::App& app, Endpoint& endpoint);

// The same for any number of servers: `servers` holds the default; `tls` is as it is for each, but
// for its address.
void AddServersOption(CLI::App& app, std::vector<std::string>& servers, Endpoint& tls);

// What a decision about a partner's reports is about: those that arrived in [from, until), and why.
struct PartnerSpan {
  std::string partner;
  // Times as RFC 3339; empty: no bound.
  std::string from;
  std::string until;
  std::string reason;
};

// Adds PARTNER, --from, --until and --reason.
void AddPartnerSpan(CLI::App& app, const std::string& partner_help, PartnerSpan& span);

// kInvalidArgument names the option.
absl::Status ReadTime(const char* option, const std::string& text,
                      google::protobuf::Timestamp& time);

// Into an AdminService request that has these fields.
template <typename Request>
absl::Status FillPartnerSpan(const PartnerSpan& span, Request& request) {
  request.set_partner(span.partner);
  request.set_reason(span.reason);
  absl::Status status;
  if (!span.from.empty())
    status.Update(ReadTime("--from", span.from, *request.mutable_received_from()));
  if (!span.until.empty())
    status.Update(ReadTime("--until", span.until, *request.mutable_received_until()));
  return status;
}

}  // namespace ringfence::cli
