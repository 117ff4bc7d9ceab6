#include "services/runtime/kafka/producer.h"

#include <map>
#include <string_view>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "services/runtime/kafka/errors.h"
#include "services/runtime/logging.h"

namespace ringfence::runtime {
namespace {

// What a record takes in the library, beside its bytes.
constexpr size_t kRecordOverhead = 200;
constexpr absl::Duration kBetweenTries = absl::Milliseconds(5);

size_t BytesOf(const AppendRecord& record) { return record.key.size() + record.value.size(); }

// One append that waits for its reports.
class Delivery {
 public:
  explicit Delivery(size_t records) : offsets_(records, -1), slots_(records) {
    for (size_t i = 0; i < records; ++i) slots_[i] = {this, i};
  }

  // What stands in a record's opaque pointer.
  void* slot(size_t index) { return &slots_[index]; }
  void Sent() {
    absl::MutexLock lock(&mutex_);
    ++under_way_;
  }
  void NotSent(rd_kafka_resp_err_t error) {
    absl::MutexLock lock(&mutex_);
    --under_way_;
    if (error_ == RD_KAFKA_RESP_ERR_NO_ERROR) error_ = error;
  }
  static void OnReport(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
    const Slot& slot = *static_cast<const Slot*>(message->_private);
    slot.delivery->Report(slot.index, *message);
  }
  // Every record that was sent is reported, by the delivery timeout at the latest.
  rd_kafka_resp_err_t Wait() {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(
        +[](int64_t* under_way) { return *under_way == 0; }, &under_way_));
    return error_;
  }
  std::vector<int64_t> TakeOffsets() {
    absl::MutexLock lock(&mutex_);
    return std::move(offsets_);
  }

 private:
  struct Slot {
    Delivery* delivery = nullptr;
    size_t index = 0;
  };

  void Report(size_t index, const rd_kafka_message_t& message) {
    absl::MutexLock lock(&mutex_);
    offsets_[index] = message.offset;
    if (error_ == RD_KAFKA_RESP_ERR_NO_ERROR) error_ = message.err;
    --under_way_;
  }

  absl::Mutex mutex_;
  int64_t under_way_ ABSL_GUARDED_BY(mutex_) = 0;
  rd_kafka_resp_err_t error_ ABSL_GUARDED_BY(mutex_) = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::vector<int64_t> offsets_ ABSL_GUARDED_BY(mutex_);
  std::vector<Slot> slots_;
};

// The library reads the record's bytes where they are: they stay until it has reported.
rd_kafka_resp_err_t Produce(rd_kafka_topic_t* topic, const AppendRecord& record, void* slot) {
  // A removal has no value at all for Kafka, which compacts by it.
  void* value = record.value.empty() ? nullptr : const_cast<char*>(record.value.data());
  const int failed = rd_kafka_produce(topic, record.to.partition, 0, value, record.value.size(),
                                      record.key.data(), record.key.size(), slot);
  return failed == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_last_error();
}

}  // namespace

KafkaProducer::~KafkaProducer() = default;

absl::Status KafkaProducer::Start() { return Current().status(); }

absl::StatusOr<KafkaProducer::SharedClient> KafkaProducer::Current() {
  SharedClient broken;
  absl::MutexLock lock(&mutex_);
  if (client_ != nullptr && !client_->IsFatal()) return client_;
  if (client_ != nullptr) {
    LogLine(LogLevel::kWarning, "kafka producer is made anew");
    // What waits in it is reported as failed.
    rd_kafka_purge(client_->get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                                       RD_KAFKA_PURGE_F_NON_BLOCKING);
    broken = std::exchange(client_, nullptr);
  }
  KafkaClient::Setup setup;
  setup.role = KafkaRole::kProducer;
  setup.delivered = Delivery::OnReport;
  absl::StatusOr<std::unique_ptr<KafkaClient>> made =
      KafkaClient::Make(options_, std::move(setup), metrics_);
  if (!made.ok()) return made.status();
  if (metrics_ != nullptr) metrics_->Add(Metric::kKafkaProducers, {});
  client_ = *std::move(made);
  return client_;
}

absl::Status KafkaProducer::BreakForTest() {
  const absl::StatusOr<SharedClient> client = Current();
  if (!client.ok()) return client.status();
  return KafkaStatus(
      rd_kafka_test_fatal_error((*client)->get(), RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
                                "for a test"),
      "breaking the producer");
}

absl::Status KafkaProducer::TakeRoom(size_t bytes) {
  absl::MutexLock lock(&mutex_);
  // What is larger than all the room goes alone.
  const auto has_room = [&] {
    return waiting_bytes_ == 0 || waiting_bytes_ + bytes <= options_.append_bytes_max;
  };
  const absl::Condition room(&has_room);
  if (!mutex_.AwaitWithTimeout(room, absl::FromChrono(options_.delivery_timeout))) {
    return KafkaStatus(RD_KAFKA_RESP_ERR__QUEUE_FULL, "append",
                       "too many records wait to be acknowledged");
  }
  waiting_bytes_ += bytes;
  return absl::OkStatus();
}

void KafkaProducer::GiveRoom(size_t bytes) {
  absl::MutexLock lock(&mutex_);
  waiting_bytes_ -= bytes;
}

absl::StatusOr<std::vector<int64_t>> KafkaProducer::Append(
    const std::vector<AppendRecord>& records) {
  const absl::Time start = absl::Now();
  size_t bytes = 0;
  for (const AppendRecord& record : records) {
    if (BytesOf(record) > options_.record_bytes_max) {
      return absl::InvalidArgumentError("a record for " + record.to.topic + " has " +
                                        std::to_string(BytesOf(record)) + " bytes, at most " +
                                        std::to_string(options_.record_bytes_max) + " are sent");
    }
    bytes += BytesOf(record) + kRecordOverhead;
  }
  if (absl::Status status = TakeRoom(bytes); !status.ok()) return status;
  absl::StatusOr<std::vector<int64_t>> offsets = Send(records);
  GiveRoom(bytes);
  if (metrics_ != nullptr) {
    metrics_->Observe(Metric::kKafkaAppendSeconds, {}, absl::ToDoubleSeconds(absl::Now() - start));
  }
  return offsets;
}

absl::StatusOr<std::vector<int64_t>> KafkaProducer::Send(const std::vector<AppendRecord>& records) {
  const absl::StatusOr<SharedClient> client = Current();
  if (!client.ok()) return client.status();
  const absl::Time deadline = absl::Now() + absl::FromChrono(options_.delivery_timeout);
  std::map<std::string_view, TopicHandle> topics;
  Delivery delivery(records.size());
  for (size_t i = 0; i < records.size(); ++i) {
    const AppendRecord& record = records[i];
    TopicHandle& topic = topics[record.to.topic];
    if (topic == nullptr) {
      topic.reset(rd_kafka_topic_new((*client)->get(), record.to.topic.c_str(), nullptr));
    }
    delivery.Sent();
    rd_kafka_resp_err_t error = Produce(topic.get(), record, delivery.slot(i));
    while (error == RD_KAFKA_RESP_ERR__QUEUE_FULL && absl::Now() < deadline) {
      absl::SleepFor(kBetweenTries);
      error = Produce(topic.get(), record, delivery.slot(i));
    }
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    delivery.NotSent(error);
    break;
  }
  const rd_kafka_resp_err_t error = delivery.Wait();
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return KafkaStatus(CauseOf((*client)->get(), error), "append");
  }
  return delivery.TakeOffsets();
}

}  // namespace ringfence::runtime
