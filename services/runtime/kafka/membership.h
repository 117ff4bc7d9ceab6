#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/runtime/kafka/kafka_options.h"
#include "services/runtime/log/log.h"
#include "services/runtime/metrics.h"

namespace ringfence::runtime {

// Who works on partitions. Its methods are called one after the other by a thread of the
// membership's; they may take their time, heartbeats go on.
class PartitionOwner {
 public:
  virtual ~PartitionOwner() = default;

  // These are the owner's from now on, beside those that it has. None: the group has been heard of,
  // and has no more for it now.
  virtual void Assigned(const std::vector<TopicPartition>& partitions) = 0;
  // These are another's once this returns: finish, flush, stop. `lost`: they may be another's
  // already, as the group has not heard of this member for too long.
  virtual void Revoked(const std::vector<TopicPartition>& partitions, bool lost) = 0;
  // The membership is over for good, after `Revoked` of all: another process has the same instance
  // name, or rights are missing. Nothing is called any more.
  virtual void Failed(const absl::Status& why) = 0;
};

// A member of a consumer group that owns partitions, and reads nothing itself. Partitions of
// several topics with the same number of them go together (range assignment): who has dedupe/3 has
// cluster/3.
//
// Membership is static: a process that comes back under its instance name within the session
// timeout has its partitions again, and no other member is disturbed. The price: who goes for good
// is missed only after the session timeout.
//
// Partitions are handed over in turn: nobody gets one before its owner has returned from Revoked,
// or the revoke timeout has passed. Then, and when a member was lost, two may work on one partition
// for a while: receivers tell their records apart by versions (ops/adr/2026-11-24-kafka-log.md).
class Membership {
 public:
  struct Options {
    KafkaOptions kafka;
    // <prefix><group> is the group's name in Kafka; not that of a reader's positions.
    std::string group;
    std::vector<std::string> topics;
    // Of this process, the same after a restart, and of no other member.
    std::string instance;
    std::chrono::milliseconds revoke_timeout{20'000};
  };

  // `owner` and `metrics` (which may be null) must outlive it. Partitions come later, by `owner`.
  // kInvalidArgument where the options are wrong; brokers that do not answer are waited for.
  static absl::StatusOr<std::unique_ptr<Membership>> Join(const Options& options,
                                                          PartitionOwner& owner, Metrics* metrics);
  // Revokes all, and waits for that as long as the revoke timeout. The group keeps the partitions
  // for the instance until the session timeout.
  ~Membership();

 private:
  class Impl;
  explicit Membership(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ringfence::runtime
