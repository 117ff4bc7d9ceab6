#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <utility>

#include "absl/status/statusor.h"
#include "pipelines/core/id.h"
#include "pipelines/dedupe/explain.h"
#include "ringfence/v1/admin_service.grpc.pb.h"

namespace ringfence::publish {

// What operators ask. Only GetStatus, ExplainReport and ListConsumers are answered, for callers on
// this machine; all else is UNIMPLEMENTED.
class AdminService : public v1::AdminService::CallbackService {
 public:
  using Status = std::function<v1::GetStatusResponse()>;
  // As dedupe::Explain.
  using Explain = std::function<absl::StatusOr<dedupe::ReportExplanation>(const core::Id& report)>;

  using Consumers = std::function<v1::ListConsumersResponse()>;

  // All are called from gRPC's threads, at any time while the server runs. `explain` may be empty,
  // where this process does not run dedupe, and `consumers` where it serves none.
  explicit AdminService(Status status, Explain explain = nullptr, Consumers consumers = nullptr)
      : status_(std::move(status)),
        explain_(std::move(explain)),
        consumers_(std::move(consumers)) {}

  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* context,
                                      const v1::GetStatusRequest* request,
                                      v1::GetStatusResponse* response) override;
  grpc::ServerUnaryReactor* ExplainReport(grpc::CallbackServerContext* context,
                                          const v1::ExplainReportRequest* request,
                                          v1::ExplainReportResponse* response) override;

  grpc::ServerUnaryReactor* ListConsumers(grpc::CallbackServerContext* context,
                                          const v1::ListConsumersRequest* request,
                                          v1::ListConsumersResponse* response) override;

 private:
  const Status status_;
  const Explain explain_;
  const Consumers consumers_;
};

}  // namespace ringfence::publish
