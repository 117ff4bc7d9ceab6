#include "tests/integration/kafka_cluster_testing.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/types.h>

#include <fstream>

namespace ringfence::runtime {

KafkaCluster::KafkaCluster(int nodes) : nodes_(nodes) {
  std::string path = testing::TempDir() + "ringfence-kafka-XXXXXX";
  dir_ = ::mkdtemp(path.data());
  Start();
}

KafkaCluster::~KafkaCluster() { EXPECT_EQ(Run("stop --remove"), 0); }

int KafkaCluster::Run(const std::string& command) {
  return ::system(
      (std::string(RINGFENCE_DEV_KAFKA) + " " + command + " --dir " + dir_ + " >/dev/null")
          .c_str());
}

void KafkaCluster::Start() {
  ASSERT_EQ(Run("start --port 0 --nodes " + std::to_string(nodes_)), 0);
  std::ifstream(dir_ + "/bootstrap") >> brokers_;
}

void KafkaCluster::Signal(int node, int number) {
  pid_t pid = 0;
  std::ifstream(dir_ + "/node" + std::to_string(node) + ".pid") >> pid;
  ASSERT_GT(pid, 1);
  ASSERT_EQ(::kill(pid, number), 0);
}

}  // namespace ringfence::runtime
