#pragma once

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "ringfence/v1/report_service.grpc.pb.h"
#include "services/gateway/receivers.h"
#include "services/runtime/identity/gate.h"

namespace ringfence::gateway {

// The edge for partners without Kafka. What finds no place among those that wait is answered
// UNAVAILABLE, to be sent again a little later.
//
// Errors of a call: INVALID_ARGUMENT, UNAUTHENTICATED, PERMISSION_DENIED (see runtime::Gate),
// RESOURCE_EXHAUSTED (past the caller's quota, with when to try again in the trailing metadata
// grpc-retry-pushback-ms; or no room in the log), UNAVAILABLE, INTERNAL. None quotes anything of a
// report.
class ReportService : public v1::ReportService::CallbackService {
 public:
  // What the server's builder is to be told (SetMaxReceiveMessageSize): gRPC itself refuses a
  // larger message. A call of 500 reports of the usual size has 250 KiB.
  static constexpr int kRequestBytesMax = 16 << 20;

  // Both must outlive it, and the server be shut down before the receivers go.
  ReportService(Receivers& receivers, const runtime::Gate& gate)
      : receivers_(receivers), gate_(gate) {}

  grpc::ServerUnaryReactor* SubmitReports(grpc::CallbackServerContext* context,
                                          const v1::SubmitReportsRequest* request,
                                          v1::SubmitReportsResponse* response) override;

 private:
  Receivers& receivers_;
  const runtime::Gate& gate_;
};

// What so many reports of so many bytes count against the quota: a large one as several, for it
// costs as much.
inline constexpr size_t kBytesOfOneReport = size_t{8} << 10;
inline uint64_t CostOf(size_t reports, size_t bytes) {
  return std::max<uint64_t>(reports, bytes / kBytesOfOneReport);
}

// What a caller is told of a failure: what the log says is for its operator, and is logged.
absl::Status Told(const absl::Status& status);

}  // namespace ringfence::gateway
