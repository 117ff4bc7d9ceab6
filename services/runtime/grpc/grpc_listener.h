#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/runtime/identity/gate.h"
#include "services/runtime/metrics.h"
#include "services/runtime/tls/tls_files.h"

namespace ringfence::runtime {

// gRPC services on one address, with health and reflection. With certificates callers must present
// one of theirs; without, the address must be on loopback. No call reaches a service that the gate
// does not admit.
class GrpcListener {
 public:
  struct Options {
    // HOST:PORT; port 0 takes a free one.
    std::string address;
    // Not set: no TLS, on loopback only.
    TlsFiles tls;
    // Must outlive it.
    const Gate* gate = nullptr;
    int request_bytes_max = 4 << 20;
    // Must outlive it.
    std::vector<grpc::Service*> services;
    // Calls are counted there, where it is set; must outlive it.
    Metrics* metrics = nullptr;
  };

  // kUnavailable where it cannot listen there; kInvalidArgument where certificates cannot be used,
  // or there are none and the address is beyond this machine.
  static absl::StatusOr<std::unique_ptr<GrpcListener>> Start(const Options& options);
  // As Stop, at once.
  ~GrpcListener();

  const std::string& address() const { return address_; }
  // Takes no new calls, and cuts off what has not ended `within`.
  void Stop(std::chrono::milliseconds within);

 private:
  GrpcListener() = default;
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace ringfence::runtime
