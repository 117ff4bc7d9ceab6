#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <utility>

#include "ringfence/v1/admin_service.grpc.pb.h"

namespace ringfence::publish {

// What operators ask. Only GetStatus is answered, for callers on this machine; all else is
// UNIMPLEMENTED.
class AdminService : public v1::AdminService::CallbackService {
 public:
  // `status` is called from gRPC's threads, at any time while the server runs.
  explicit AdminService(std::function<v1::GetStatusResponse()> status)
      : status_(std::move(status)) {}

  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* context,
                                      const v1::GetStatusRequest* request,
                                      v1::GetStatusResponse* response) override;

 private:
  const std::function<v1::GetStatusResponse()> status_;
};

}  // namespace ringfence::publish
