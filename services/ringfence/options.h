#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace ringfence::cli {

// Adds --server HOST:PORT. `server` must live as long as `app` and holds the default.
void AddServerOption(CLI::App& app, std::string& server);

// The same, any number of times: `servers` holds the default.
void AddServersOption(CLI::App& app, std::vector<std::string>& servers);

}  // namespace ringfence::cli
