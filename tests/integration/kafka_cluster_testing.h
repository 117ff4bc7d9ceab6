#pragma once

#include <string>

namespace ringfence::runtime {

// Brokers of this test's own, by ops/dev/kafka, to be killed and paused. Stopped with their owner.
class KafkaCluster {
 public:
  explicit KafkaCluster(int nodes);
  ~KafkaCluster();
  KafkaCluster(const KafkaCluster&) = delete;
  KafkaCluster& operator=(const KafkaCluster&) = delete;

  // Empty where they did not start.
  const std::string& brokers() const { return brokers_; }
  // To the broker's process; nodes count from 1.
  void Signal(int node, int number);
  // Starts those that do not run, on their data and ports.
  void Start();

 private:
  int Run(const std::string& command);

  const int nodes_;
  std::string dir_;
  std::string brokers_;
};

}  // namespace ringfence::runtime
