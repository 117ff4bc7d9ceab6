#pragma once

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/runtime/kafka/kafka_options.h"
#include "services/runtime/metrics.h"

namespace ringfence::runtime {

// Owners of librdkafka's objects.
template <auto kDestroy>
struct KafkaDeleter {
  template <typename T>
  void operator()(T* object) const {
    kDestroy(object);
  }
};
using TopicHandle = std::unique_ptr<rd_kafka_topic_t, KafkaDeleter<rd_kafka_topic_destroy>>;
using QueueHandle = std::unique_ptr<rd_kafka_queue_t, KafkaDeleter<rd_kafka_queue_destroy>>;
using EventHandle = std::unique_ptr<rd_kafka_event_t, KafkaDeleter<rd_kafka_event_destroy>>;
using ErrorHandle = std::unique_ptr<rd_kafka_error_t, KafkaDeleter<rd_kafka_error_destroy>>;
using MessageHandle = std::unique_ptr<rd_kafka_message_t, KafkaDeleter<rd_kafka_message_destroy>>;
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t,
                                      KafkaDeleter<rd_kafka_topic_partition_list_destroy>>;

// One client of librdkafka, polled by a thread of its own, with what is common to all: logs go to
// ours, statistics to the metrics, errors that concern no call are counted.
//
// Closing may hang in librdkafka: it is done in a thread that is left alone after the close
// timeout.
class KafkaClient {
 public:
  struct Setup {
    KafkaRole role = KafkaRole::kReader;
    // Beyond those of the options.
    KafkaProperties properties;
    // Called while polled, with each delivery report, its opaque pointer in `_private`.
    void (*delivered)(rd_kafka_t*, const rd_kafka_message_t*, void*) = nullptr;
    // Called while polled, for members of groups; `opaque` is the setup's.
    void (*rebalanced)(rd_kafka_t*, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t*,
                       void*) = nullptr;
    // A member's own thread polls.
    bool polls_itself = false;
    // What the client's own queue gave to the thread that polls: errors, and records that no
    // queue of a partition took.
    std::function<void(const rd_kafka_message_t&)> unexpected;
    // Callbacks get it.
    void* opaque = nullptr;
  };

  // `metrics` may be null, and must outlive it. Reaches no broker yet. Errors: those of
  // MakeKafkaProperties.
  static absl::StatusOr<std::unique_ptr<KafkaClient>> Make(const KafkaOptions& options, Setup setup,
                                                           Metrics* metrics);
  ~KafkaClient();

  // No callback comes any more. To be called before what callbacks reach goes.
  void StopPolling() { poller_ = {}; }

  rd_kafka_t* get() const { return client_; }
  const Setup& setup() const { return setup_; }
  // The idempotent producer's last word: a new client is needed.
  bool is_fatal() const { return is_fatal_; }

 private:
  KafkaClient(const KafkaOptions& options, Setup setup, Metrics* metrics);
  absl::Status Create(const KafkaProperties& properties);
  void Poll(const std::stop_token& stop);
  // Its records and errors come through the group's queue.
  bool HasGroup() const {
    return setup_.role == KafkaRole::kReader || setup_.role == KafkaRole::kMember;
  }

  static int OnStatistics(rd_kafka_t* client, char* json, size_t size, void* opaque);
  static void OnError(rd_kafka_t* client, int code, const char* reason, void* opaque);

  const KafkaOptions options_;
  const Setup setup_;
  Metrics* const metrics_;
  rd_kafka_t* client_ = nullptr;
  std::atomic<bool> is_fatal_ = false;
  std::jthread poller_;
};

// Runs `close` in a thread of its own; false where that was not done after `timeout`: then it goes
// on by itself and must own all that it touches.
bool CloseWithin(std::chrono::milliseconds timeout, std::function<void()> close);

// Sends a request of the admin API through `send` and waits for its answer, of type `expected`.
absl::StatusOr<EventHandle> AskKafka(
    rd_kafka_t* client, rd_kafka_admin_op_t operation, std::chrono::milliseconds timeout,
    rd_kafka_event_type_t expected, const std::string& tried,
    const std::function<void(const rd_kafka_AdminOptions_t*, rd_kafka_queue_t*)>& send);

}  // namespace ringfence::runtime
