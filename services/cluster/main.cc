#include "services/cluster/cluster_stage.h"
#include "services/runtime/service/service_main.h"
#include "services/runtime/service/stage_service.h"

int main(int argc, char** argv) {
  using namespace ringfence;
  return runtime::ServiceMain(
      argc, argv, runtime::Service::kCluster, "gathers identifiers into campaigns and lists them",
      [](runtime::Surroundings& surroundings) {
        return runtime::StartStageService(
            cluster_service::ClusterStage(surroundings.config.deployment(), surroundings.log()),
            surroundings.config.cluster().state_folder(), surroundings);
      });
}
