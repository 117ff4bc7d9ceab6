#pragma once

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "services/runtime/config/config.h"
#include "services/runtime/kafka/kafka_options.h"
#include "services/runtime/kafka/membership.h"
#include "services/runtime/metrics.h"
#include "services/runtime/service/ownership.h"

namespace ringfence::runtime {

// Ownership as a member of a group of Kafka's.
class KafkaOwnership : public Ownership, private PartitionOwner {
 public:
  // `metrics` must outlive it.
  KafkaOwnership(Membership::Options options, Metrics& metrics)
      : options_(std::move(options)), metrics_(metrics) {}
  ~KafkaOwnership() override { Leave(); }

  absl::Status Join(Callbacks callbacks) override;
  void Leave() override { membership_.reset(); }
  absl::Status status() const override ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Assigned(const std::vector<TopicPartition>& partitions) override;
  void Revoked(const std::vector<TopicPartition>& partitions, bool lost) override;
  void Failed(const absl::Status& why) override ABSL_LOCKS_EXCLUDED(mutex_);

  const Membership::Options options_;
  Metrics& metrics_;
  Callbacks callbacks_;
  mutable absl::Mutex mutex_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<Membership> membership_;
};

// What the configuration says, as the log and the groups take it.
KafkaOptions KafkaOptionsOf(const internal::v1::KafkaConfig& config);

}  // namespace ringfence::runtime
