#include "services/gateway/gateway_service.h"

int main(int argc, char** argv) {
  using namespace ringfence;
  return runtime::ServiceMain(argc, argv, runtime::Service::kGateway,
                              "takes partners' reports over gRPC into the log",
                              gateway::StartGatewayService, gateway::CheckGatewayFiles);
}
