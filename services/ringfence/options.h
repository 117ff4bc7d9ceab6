#pragma once

#include <string>

namespace CLI {
class App;
}

namespace ringfence::cli {

// Adds --server HOST:PORT. `server` must live as long as `app` and holds the default.
void AddServerOption(CLI::App& app, std::string& server);

}  // namespace ringfence::cli
