#pragma once

#include <grpcpp/support/server_interceptor.h>

#include <memory>

#include "services/runtime/metrics.h"

namespace ringfence::runtime {

// Counts every call of a server, by method and the code of its answer, and how long those with one
// answer took. A stream lasts as long as its caller likes: it is counted when it ends. Of methods
// outside `ringfence.` only "other" is known.
class CallMetrics : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  // `metrics` must outlive the server.
  explicit CallMetrics(Metrics& metrics) : metrics_(metrics) {}
  grpc::experimental::Interceptor* CreateServerInterceptor(
      grpc::experimental::ServerRpcInfo* call) override;

 private:
  Metrics& metrics_;
};

}  // namespace ringfence::runtime
