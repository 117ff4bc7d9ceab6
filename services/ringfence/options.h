#pragma once

#include <string>
#include <vector>

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

}  // namespace ringfence::cli
