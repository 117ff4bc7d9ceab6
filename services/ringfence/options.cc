#include "services/ringfence/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "google/protobuf/util/time_util.h"
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

void AddTlsOptions(CLI::App& app, Endpoint& endpoint) {
  CLI::Option* ca = app.add_option("--ca", endpoint.ca,
                                   "Who signs the server's certificate, PEM; without it no TLS")
                        ->type_name("FILE")
                        ->envname("RINGFENCE_CA")
                        ->check(CLI::ExistingFile);
  CLI::Option* cert = app.add_option("--cert", endpoint.cert, "This client's certificate, PEM")
                          ->type_name("FILE")
                          ->envname("RINGFENCE_CERT")
                          ->check(CLI::ExistingFile)
                          ->needs(ca);
  app.add_option("--key", endpoint.key,
                 "Its key, PEM; the certificate's file where it is not given")
      ->type_name("FILE")
      ->envname("RINGFENCE_KEY")
      ->check(CLI::ExistingFile)
      ->needs(cert);
}

}  // namespace

void AddServerOption(CLI::App& app, Endpoint& endpoint) {
  app.add_option("--server", endpoint.address, "Where Ringfence's gRPC services are")
      ->type_name("HOST:PORT")
      ->check(CLI::Validator(CheckServer, ""))
      ->capture_default_str();
  AddTlsOptions(app, endpoint);
}

void AddServersOption(CLI::App& app, std::vector<std::string>& servers, Endpoint& tls) {
  servers = {kDefaultServer};
  app.add_option("--server", servers, "Where Ringfence's gRPC services are; each replica's")
      ->type_name("HOST:PORT")
      ->check(CLI::Validator(CheckServer, ""))
      ->capture_default_str();
  AddTlsOptions(app, tls);
}

void AddPartnerSpan(CLI::App& app, const std::string& partner_help, PartnerSpan& span) {
  app.add_option("PARTNER", span.partner, partner_help)->required();
  app.add_option("--from", span.from, "Arrived from then on; left out: from the beginning")
      ->type_name("TIME");
  app.add_option("--until", span.until, "Arrived before; left out: until now")->type_name("TIME");
  app.add_option("--reason", span.reason, "Why; it is kept")->required();
}

absl::Status ReadTime(const char* option, const std::string& text,
                      google::protobuf::Timestamp& time) {
  if (google::protobuf::util::TimeUtil::FromString(text, &time)) return absl::OkStatus();
  return absl::InvalidArgumentError(std::string(option) + ": a time like 2026-12-01T00:00:00Z");
}

}  // namespace ringfence::cli
