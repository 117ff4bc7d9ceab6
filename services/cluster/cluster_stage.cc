#include "services/cluster/cluster_stage.h"

#include "pipelines/cluster/cluster.h"
#include "pipelines/core/id.h"

namespace ringfence::cluster_service {
namespace {

// All partitions have the log in common, and nobody outside sees what it is called.
uint64_t SecretOf(const runtime::Log& log) {
  const core::Sha256Digest digest = core::Sha256("ranks of roots " + log.Incarnation());
  uint64_t secret = 0;
  for (size_t i = 0; i < sizeof secret; ++i) secret = secret << 8 | digest[i];
  return secret;
}

}  // namespace

runtime::StageKind ClusterStage(const std::string& deployment, const runtime::Log& log) {
  runtime::StageKind kind;
  kind.name = "cluster";
  kind.mailbox = core::Mailbox::kCluster;
  kind.recheck = true;
  kind.make = [deployment, &log](core::State& state, uint32_t partition) {
    cluster::Options options;
    options.partition = partition;
    options.deployment = deployment;
    options.rules.secret = SecretOf(log);
    return cluster::MakeCluster(state, options);
  };
  return kind;
}

}  // namespace ringfence::cluster_service
