#include "services/ringfence/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "services/ringfence/client.h"

namespace ringfence::cli {
namespace {

// Empty where it is HOST:PORT.
std::string CheckServer(const std::string& server) {
  const size_t colon = server.rfind(':');
  const std::string port = colon == std::string::npos ? "" : server.substr(colon + 1);
  const bool is_number =
      !port.empty() && port.size() <= 5 &&
      std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (colon == 0 || !is_number || std::stoi(port) < 1 || std::stoi(port) > 65'535) {
    return "HOST:PORT is wanted, like " + std::string(kDefaultServer);
  }
  return "";
}

}  // namespace

void AddServerOption(CLI::App& app, std::string& server) {
  server = kDefaultServer;
  app.add_option("--server", server, "Where Ringfence's gRPC services are")
      ->type_name("HOST:PORT")
      ->check(CLI::Validator(CheckServer, ""))
      ->capture_default_str();
}

void AddServersOption(CLI::App& app, std::vector<std::string>& servers) {
  servers = {kDefaultServer};
  app.add_option("--server", servers, "Where Ringfence's gRPC services are; each replica's")
      ->type_name("HOST:PORT")
      ->check(CLI::Validator(CheckServer, ""))
      ->capture_default_str();
}

}  // namespace ringfence::cli
