#include "services/cluster/cluster_stage.h"

#include "pipelines/cluster/cluster.h"

namespace ringfence::cluster_service {

runtime::StageKind ClusterStage(const std::string& deployment) {
  runtime::StageKind kind;
  kind.name = "cluster";
  kind.mailbox = core::Mailbox::kCluster;
  kind.recheck = true;
  kind.make = [deployment](core::State& state, uint32_t partition) {
    cluster::Options options;
    options.partition = partition;
    options.deployment = deployment;
    return cluster::MakeCluster(state, options);
  };
  return kind;
}

}  // namespace ringfence::cluster_service
