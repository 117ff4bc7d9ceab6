#include "services/runtime/service/operations_http.h"

#include <utility>

#include "services/runtime/config/config.h"
#include "services/runtime/identity/http_gate.h"
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

void SetEdgeLimits(HttpServer::Options& options) {
  options.takes_posts = true;
  options.body_bytes_max = size_t{4} << 20;
  // Each connection has a thread while it lasts.
  options.threads = 64;
  options.waiting_max = 256;
}

absl::StatusOr<std::string> OperationsHttp::Serve(const Options& options, const Gate& gate,
                                                  Metrics& metrics) {
  const absl::StatusOr<Address> parsed = ParseAddress(options.address);
  if (!parsed.ok()) return parsed.status();
  HttpServer::Options http;
  http.host = parsed->host;
  http.port = parsed->port;
  http.tls = options.tls;
  http.takes_posts = true;
  if (options.is_edge) SetEdgeLimits(http);
  const HttpHandler gated =
      Gated(gate, [this, &metrics](const HttpRequest& request, const Caller& caller) {
        return Answer(request, caller, metrics);
      });
  auto server = HttpServer::Start(
      http,
      [this, &metrics, gated](const HttpRequest& request) {
        const bool is_open = request.path == "/metrics" && !request.is_encrypted;
        return is_open ? Answer(request, Caller(), metrics) : gated(request);
      },
      metrics);
  if (!server.ok()) return server.status();
  server_ = *std::move(server);
  return (options.tls.is_set() ? "https://" : "http://") + parsed->host + ":" +
         std::to_string(server_->port());
}

void OperationsHttp::SetService(const RunningService* service) {
  {
    absl::MutexLock lock(&mutex_);
    service_ = service;
  }
  if (service == nullptr && server_) server_->CutOff();
}

HttpResponse OperationsHttp::Answer(const HttpRequest& request, const Caller& caller,
                                    const Metrics& metrics) const {
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
  return service_ == nullptr ? Text("other", absent) : service_->Answer(request, caller);
}

}  // namespace ringfence::runtime
