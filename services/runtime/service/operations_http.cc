#include "services/runtime/service/operations_http.h"

#include <utility>

#include "services/runtime/config/config.h"
#include "services/runtime/service/service_main.h"

namespace ringfence::runtime {
namespace {

HttpResponse Text(const char* route, const absl::Status& status) {
  HttpResponse response;
  response.route = route;
  response.content_type = "text/plain";
  response.status = status.ok() ? 200 : 503;
  response.body = status.ok() ? "ok\n" : std::string(status.message()) + "\n";
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

}  // namespace

absl::StatusOr<std::string> OperationsHttp::Serve(const std::string& address, Metrics& metrics) {
  const absl::StatusOr<Address> parsed = ParseAddress(address);
  if (!parsed.ok()) return parsed.status();
  HttpServer::Options options;
  options.host = parsed->host;
  options.port = parsed->port;
  options.post_below = "/api/";
  auto server = HttpServer::Start(
      options, [this, &metrics](const HttpRequest& request) { return Answer(request, metrics); },
      metrics);
  if (!server.ok()) return server.status();
  server_ = *std::move(server);
  return parsed->host + ":" + std::to_string(server_->port());
}

void OperationsHttp::SetService(const RunningService* service) {
  {
    absl::MutexLock lock(&mutex_);
    service_ = service;
  }
  if (service == nullptr && server_) server_->CutOff();
}

HttpResponse OperationsHttp::Answer(const HttpRequest& request, const Metrics& metrics) const {
  if (request.path == "/metrics") {
    HttpResponse response;
    response.route = "metrics";
    response.content_type = "text/plain; version=0.0.4";
    response.body = metrics.Text();
    return response;
  }
  absl::ReaderMutexLock lock(&mutex_);
  if (request.path == "/healthz/live")
    return Text("live", service_ == nullptr ? absl::OkStatus() : service_->Live());
  const absl::Status absent = absl::UnavailableError("starting, or ending");
  if (request.path == "/healthz/ready")
    return Text("ready", service_ == nullptr ? absent : service_->Ready());
  return service_ == nullptr ? Text("other", absent) : service_->Answer(request);
}

}  // namespace ringfence::runtime
