#pragma once

#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "services/gateway/receivers.h"
#include "services/runtime/http/http_message.h"
#include "services/runtime/identity/gate.h"

namespace ringfence::gateway {

// ReportService over HTTP, for who has neither Kafka nor gRPC: POST /v1/reports takes
// {"reports": [...]} as application/json, or a report a line as application/x-ndjson, and answers
// as ReportService does, in protobuf's JSON mapping. To send the same again is harmless: a report
// is known by its id and revision. GET /v1/openapi.json describes it. Thread-safe.
class Edge {
 public:
  // Of one identity at a time; more are 429, and their connections end, so that others get theirs.
  static constexpr int kRequestsOfOneMax = 16;

  // Both must outlive it.
  Edge(Receivers& receivers, const runtime::Gate& gate) : receivers_(receivers), gate_(gate) {}

  // Nothing where the path is another. That the caller may ask the gate has decided.
  std::optional<runtime::HttpResponse> Answer(const runtime::HttpRequest& request,
                                              const runtime::Caller& caller);

 private:
  runtime::HttpResponse Take(const runtime::HttpRequest& request, const runtime::Caller& caller);
  runtime::HttpResponse TakeInTurn(const runtime::HttpRequest& request,
                                   const runtime::Caller& caller) ABSL_LOCKS_EXCLUDED(mutex_);

  Receivers& receivers_;
  const runtime::Gate& gate_;
  absl::Mutex mutex_;
  // Requests that are being answered, by caller.
  absl::flat_hash_map<std::string, int> running_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ringfence::gateway
