// A member of a group for kafka_membership_test.py: says on standard output what happens to it, a
// line each, until it is told to end (SIGTERM).
//
//   kafka_member BROKERS PREFIX GROUP TOPICS INSTANCE SESSION_MS REVOKE_TIMEOUT_MS FLUSH_MS

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <semaphore>
#include <sstream>
#include <string>
#include <thread>

#include "services/runtime/kafka/membership.h"

namespace ringfence::runtime {
namespace {

std::string Words(const std::vector<TopicPartition>& partitions) {
  std::string words;
  for (const TopicPartition& partition : partitions) {
    words += " " + partition.topic + "/" + std::to_string(partition.partition);
  }
  return words;
}

void Say(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

class Speaker : public PartitionOwner {
 public:
  explicit Speaker(std::chrono::milliseconds flush) : flush_(flush) {}

  void Assigned(const std::vector<TopicPartition>& partitions) override {
    Say("assigned" + Words(partitions));
  }
  void Revoked(const std::vector<TopicPartition>& partitions, bool lost) override {
    Say((lost ? "losing" : "revoking") + Words(partitions));
    std::this_thread::sleep_for(flush_);
    Say("revoked" + Words(partitions));
  }
  void Failed(const absl::Status& why) override { Say("failed " + std::string(why.message())); }

 private:
  const std::chrono::milliseconds flush_;
};

std::binary_semaphore ended(0);

int Main(char** argv) {
  Membership::Options options;
  options.kafka.brokers = argv[1];
  options.kafka.prefix = argv[2];
  options.group = argv[3];
  std::istringstream topics(argv[4]);
  for (std::string topic; std::getline(topics, topic, ',');) options.topics.push_back(topic);
  options.instance = argv[5];
  options.kafka.session_timeout = std::chrono::milliseconds(std::atoi(argv[6]));
  options.kafka.delivery_timeout = options.kafka.session_timeout / 2;
  options.revoke_timeout = std::chrono::milliseconds(std::atoi(argv[7]));
  Speaker speaker{std::chrono::milliseconds(std::atoi(argv[8]))};
  std::signal(SIGTERM, [](int) { ended.release(); });
  const auto membership = Membership::Join(options, speaker, nullptr);
  if (!membership.ok()) {
    Say("failed " + std::string(membership.status().message()));
    return 1;
  }
  ended.acquire();
  return 0;
}

}  // namespace
}  // namespace ringfence::runtime

int main(int argc, char** argv) { return argc == 9 ? ringfence::runtime::Main(argv) : 2; }
