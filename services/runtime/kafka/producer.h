#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/runtime/kafka/client.h"
#include "services/runtime/log/log.h"
#include "services/runtime/metrics.h"

namespace ringfence::runtime {

// Appends to Kafka through one idempotent producer: records of an append to one partition are in
// order, and there once, or twice where a broker failed meanwhile (see KafkaLog). Threads' appends
// share batches.
//
// What timed out is never sent again by the library, and what of it is still on its way is refused
// by the brokers once later records of the same producer have come (their epoch is higher). After a
// fatal error the producer is made anew, with the next append.
//
// Thread-safe. Topics have the names that Kafka has for them.
class KafkaProducer {
 public:
  // `metrics` may be null, and must outlive it.
  KafkaProducer(const KafkaOptions& options, Metrics* metrics)
      : options_(options), metrics_(metrics) {}
  // Nobody may be in a call.
  ~KafkaProducer();

  // kInvalidArgument where the options are wrong. Reaches no broker.
  absl::Status Start();

  // To partitions that exist. Waits for all acknowledgements, at most about the delivery timeout,
  // and as long for room before it. After an error some of the records may be there, others not.
  absl::StatusOr<std::vector<int64_t>> Append(const std::vector<AppendRecord>& records);

  // As after a fatal error of the library's, for tests.
  absl::Status BreakForTest();

 private:
  // Shared: an append that waits keeps the client that it was sent with.
  using SharedClient = std::shared_ptr<KafkaClient>;

  absl::StatusOr<SharedClient> Current();
  absl::Status TakeRoom(size_t bytes);
  void GiveRoom(size_t bytes);
  absl::StatusOr<std::vector<int64_t>> Send(const std::vector<AppendRecord>& records);

  const KafkaOptions options_;
  Metrics* const metrics_;
  absl::Mutex mutex_;
  SharedClient client_ ABSL_GUARDED_BY(mutex_);
  size_t waiting_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace ringfence::runtime
