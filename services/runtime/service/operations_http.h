#pragma once

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/runtime/http/http_server.h"
#include "services/runtime/identity/gate.h"
#include "services/runtime/metrics.h"

namespace ringfence::runtime {

class RunningService;

// /metrics and health, of a process whose service comes later and goes earlier than it: live from
// the start, ready while there is a service that is. On a port without TLS whoever reaches it has
// these; all else is for whom the gate admits.
class OperationsHttp {
 public:
  struct Options {
    // HOST:PORT.
    std::string address;
    // Not set: no TLS.
    TlsFiles tls;
    // It takes reports: bodies, and many callers at a time.
    bool is_edge = false;
  };
  // Returns the URL, "https://HOST:PORT". Both must outlive it.
  absl::StatusOr<std::string> Serve(const Options& options, const Gate& gate, Metrics& metrics);
  // Borrowed until the next call; returns once nobody is in it any more, nor in anything that it
  // gave out piece by piece, which is cut off. Null: none, for good.
  void SetService(const RunningService* service) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  HttpResponse Answer(const HttpRequest& request, const Caller& caller,
                      const Metrics& metrics) const ABSL_LOCKS_EXCLUDED(mutex_);

  // Shared while a request is answered, so that the service stays.
  mutable absl::Mutex mutex_;
  const RunningService* service_ ABSL_GUARDED_BY(mutex_) = nullptr;
  std::unique_ptr<HttpServer> server_;
};

// What an edge for reports is given: limits of bodies, many connections.
void SetEdgeLimits(HttpServer::Options& options);

}  // namespace ringfence::runtime
