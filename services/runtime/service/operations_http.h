#pragma once

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/runtime/http/http_server.h"
#include "services/runtime/metrics.h"

namespace ringfence::runtime {

class RunningService;

// /metrics and health, of a process whose service comes later and goes earlier than it: live from
// the start, ready while there is a service that is.
class OperationsHttp {
 public:
  // Returns HOST:PORT. `metrics` must outlive it.
  absl::StatusOr<std::string> Serve(const std::string& address, Metrics& metrics);
  // Borrowed until the next call; returns once nobody is in it any more, nor in anything that it
  // gave out piece by piece, which is cut off. Null: none, for good.
  void SetService(const RunningService* service) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  HttpResponse Answer(const HttpRequest& request, const Metrics& metrics) const
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Shared while a request is answered, so that the service stays.
  mutable absl::Mutex mutex_;
  const RunningService* service_ ABSL_GUARDED_BY(mutex_) = nullptr;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace ringfence::runtime
