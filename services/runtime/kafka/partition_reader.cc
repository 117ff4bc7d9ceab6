#include "services/runtime/kafka/partition_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/time/clock.h"
#include "services/runtime/kafka/errors.h"

namespace ringfence::runtime {
namespace {

constexpr size_t kPulledAtOnce = 64;
// The signal comes for every record; should one be missed, it is found so late.
constexpr absl::Duration kWait = absl::Milliseconds(100);
constexpr absl::Duration kUntilKnown = absl::Seconds(3);
constexpr absl::Duration kBetweenTries = absl::Milliseconds(20);
constexpr core::Time kMillisecond = core::kSecond / 1'000;

void OnArrival(rd_kafka_t*, void* signal) { static_cast<ArrivalSignal*>(signal)->Raise(); }

QueueHandle OwnQueue(rd_kafka_t* client, const TopicPartition& partition, ArrivalSignal* signal) {
  QueueHandle queue(
      rd_kafka_queue_get_partition(client, partition.topic.c_str(), partition.partition));
  if (queue == nullptr) return queue;
  // By default all partitions' records go to one queue.
  rd_kafka_queue_forward(queue.get(), nullptr);
  rd_kafka_queue_cb_event_enable(queue.get(), OnArrival, signal);
  return queue;
}

PartitionList ListOf(const TopicPartition& partition, int64_t offset) {
  PartitionList list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.partition)
      ->offset = offset;
  return list;
}

std::string Bytes(const void* data, size_t size) {
  return data == nullptr ? std::string() : std::string(static_cast<const char*>(data), size);
}

}  // namespace

void ArrivalSignal::Raise() {
  absl::MutexLock lock(&mutex_);
  ++count_;
}

uint64_t ArrivalSignal::Count() {
  absl::MutexLock lock(&mutex_);
  return count_;
}

void ArrivalSignal::Wait(uint64_t seen, absl::Time deadline) {
  absl::MutexLock lock(&mutex_);
  const auto raised = [&] { return count_ != seen; };
  mutex_.AwaitWithDeadline(absl::Condition(&raised), deadline);
}

PartitionReader::PartitionReader(const KafkaClient& reader, const KafkaClient& asker,
                                 TopicPartition partition, std::chrono::milliseconds timeout,
                                 std::shared_ptr<ArrivalSignal> signal)
    : client_(reader.get()),
      asker_(asker.get()),
      partition_(std::move(partition)),
      timeout_(timeout),
      signal_(std::move(signal)) {}

PartitionReader::~PartitionReader() {
  absl::MutexLock lock(&mutex_);
  LeaveQueue();
}

void PartitionReader::LeaveQueue() {
  if (queue_ != nullptr) rd_kafka_queue_cb_event_enable(queue_.get(), nullptr, nullptr);
  queue_.reset();
}

std::string PartitionReader::Name() const {
  return partition_.topic + "/" + std::to_string(partition_.partition);
}

void PartitionReader::Raise(int64_t end) {
  int64_t known = known_end_;
  while (known < end && !known_end_.compare_exchange_weak(known, end)) {
  }
}

absl::StatusOr<PartitionReader::Bounds> PartitionReader::AskBounds() {
  absl::MutexLock lock(&mutex_);
  return AskBoundsLocked();
}

absl::StatusOr<PartitionReader::Bounds> PartitionReader::AskBoundsLocked() {
  Bounds bounds;
  const absl::Time start = absl::Now();
  while (true) {
    const rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(
        asker_, partition_.topic.c_str(), partition_.partition, &bounds.start, &bounds.end,
        static_cast<int>(timeout_.count()));
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) break;
    absl::Status status = KafkaStatus(error, "offsets of " + Name());
    absl::Duration patience = absl::ZeroDuration();
    // Leaders move; and the topic is there, but not all brokers have heard of a new one.
    if (KafkaReactionTo(error) == KafkaReaction::kRetry) patience = absl::FromChrono(timeout_);
    if (absl::IsNotFound(status)) patience = kUntilKnown;
    if (absl::Now() - start > patience) return status;
    absl::SleepFor(kBetweenTries);
  }
  Raise(bounds.end);
  return bounds;
}

absl::StatusOr<int64_t> PartitionReader::AskOffsetAt(core::Time time) {
  const absl::StatusOr<Bounds> bounds = AskBounds();
  if (!bounds.ok()) return bounds.status();
  // Kafka keeps milliseconds; a negative one would be a question of another kind.
  const core::Time milliseconds = std::max<core::Time>(0, (time + kMillisecond - 1) / kMillisecond);
  const PartitionList list = ListOf(partition_, milliseconds);
  const rd_kafka_resp_err_t error =
      rd_kafka_offsets_for_times(asker_, list.get(), static_cast<int>(timeout_.count()));
  const std::string tried = "offset by time of " + Name();
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return KafkaStatus(error, tried);
  if (list->elems[0].err != RD_KAFKA_RESP_ERR_NO_ERROR)
    return KafkaStatus(list->elems[0].err, tried);
  const int64_t offset = list->elems[0].offset;
  return offset < 0 ? bounds->end : std::max(bounds->start, offset);
}

absl::Status PartitionReader::Assign(int64_t offset) {
  Unassign();
  // Of a topic that was made anew the library has another partition, with another queue.
  LeaveQueue();
  queue_ = OwnQueue(client_, partition_, signal_.get());
  if (queue_ == nullptr) return absl::InternalError("kafka: no queue for " + Name());
  if (!std::exchange(introduced_, true)) Introduce();
  const PartitionList list = ListOf(partition_, offset);
  const ErrorHandle error(rd_kafka_incremental_assign(client_, list.get()));
  if (error != nullptr) {
    return KafkaStatus(rd_kafka_error_code(error.get()), "reading " + Name(),
                       rd_kafka_error_string(error.get()));
  }
  follows_ = true;
  position_ = next_ = empty_below_ = offset;
  doubts_end_ = false;
  return absl::OkStatus();
}

void PartitionReader::Introduce() {
  const TopicHandle topic(rd_kafka_topic_new(client_, partition_.topic.c_str(), nullptr));
  const rd_kafka_metadata_t* metadata = nullptr;
  if (rd_kafka_metadata(client_, 0, topic.get(), &metadata, static_cast<int>(timeout_.count())) ==
      RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_metadata_destroy(metadata);
  }
}

void PartitionReader::Unassign() {
  ahead_.clear();
  if (!std::exchange(follows_, false)) return;
  const PartitionList list = ListOf(partition_, RD_KAFKA_OFFSET_INVALID);
  // An error can only be that it was not assigned.
  const ErrorHandle error(rd_kafka_incremental_unassign(client_, list.get()));
}

void PartitionReader::Reset() {
  absl::MutexLock lock(&mutex_);
  Unassign();
}

absl::Status PartitionReader::Follow(int64_t offset) {
  if (follows_ && offset == position_) return absl::OkStatus();
  if (follows_ && offset > position_ && !ahead_.empty() && offset <= ahead_.back().offset) {
    while (ahead_.front().offset < offset) ahead_.pop_front();
    position_ = offset;
    return absl::OkStatus();
  }
  int64_t known = known_end_;
  const absl::StatusOr<Bounds> bounds = AskBoundsLocked();
  if (!bounds.ok()) return bounds.status();
  // A topic that was made anew ends earlier; what was appended meanwhile counts.
  if (bounds->end < known) known_end_.compare_exchange_strong(known, bounds->end);
  if (offset < bounds->start) {
    return absl::OutOfRangeError(Name() + " begins at offset " + std::to_string(bounds->start) +
                                 ", " + std::to_string(offset) + " is gone");
  }
  if (offset > bounds->end) {
    Unassign();
    return absl::OkStatus();
  }
  return Assign(offset);
}

bool PartitionReader::IsAtEnd() const {
  return !follows_ || std::max(position_, empty_below_) >= known_end_;
}

absl::StatusOr<std::vector<LogRecord>> PartitionReader::Read(int64_t offset, size_t records_max,
                                                             size_t bytes_max) {
  std::vector<LogRecord> records;
  absl::MutexLock lock(&mutex_);
  if (absl::Status status = Follow(offset); !status.ok()) return status;
  if (records_max == 0) return records;
  const absl::Time deadline = absl::Now() + absl::FromChrono(timeout_);
  uint64_t seen = signal_->Count();
  absl::Status status = Pull();
  while (status.ok() && ahead_.empty() && !IsAtEnd()) {
    if (absl::Now() > deadline) {
      return absl::UnavailableError("kafka: records of " + Name() + " do not come");
    }
    signal_->Wait(seen, std::min(deadline, absl::Now() + kWait));
    seen = signal_->Count();
    status = Pull();
  }
  size_t bytes = 0;
  while (status.ok() && records.size() < records_max) {
    if (ahead_.empty()) status = Pull();
    if (ahead_.empty()) break;
    bytes += ahead_.front().value.size();
    if (!records.empty() && bytes > bytes_max) break;
    records.push_back(std::move(ahead_.front()));
    ahead_.pop_front();
    position_ = records.back().offset + 1;
  }
  // An error behind records shows with the next read.
  if (records.empty() && !status.ok()) return status;
  return records;
}

bool PartitionReader::HasAt(int64_t offset) {
  absl::MutexLock lock(&mutex_);
  if (const bool elsewhere = !follows_ || offset != position_; elsewhere) {
    if (known_end_ > offset) return true;
    // An error shows with the read.
    if (!Follow(offset).ok()) return known_end_ > offset;
  }
  if (ahead_.empty() && !Pull().ok()) return true;
  return !ahead_.empty() || !IsAtEnd();
}

absl::Status PartitionReader::Pull() {
  if (!follows_) return absl::OkStatus();
  if (doubts_end_ && ahead_.empty()) {
    const int64_t anew = next_;
    if (absl::Status status = Assign(anew); !status.ok()) return status;
    asked_anew_ = anew;
  }
  std::array<rd_kafka_message_t*, kPulledAtOnce> pulled{};
  // With a timeout it would wait for as many as there is room for.
  const ssize_t count = rd_kafka_consume_batch_queue(queue_.get(), 0, pulled.data(), pulled.size());
  if (count < 0) return KafkaStatus(rd_kafka_last_error(), "reading " + Name());
  absl::Status status;
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    const MessageHandle message(pulled[i]);
    if (status.ok()) status = Take(*message);
  }
  // The library may go on or not: begin anew with the next call.
  if (!status.ok()) Unassign();
  return status;
}

absl::Status PartitionReader::Take(const rd_kafka_message_t& message) {
  switch (message.err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      break;
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      if (message.offset <= next_ || asked_anew_ == next_) {
        if (message.offset >= next_) empty_below_ = std::max(empty_below_, message.offset);
      } else {
        doubts_end_ = true;
      }
      return absl::OkStatus();
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
      return OutOfRange();
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
      // A broker that has not heard of a new topic says so too: asked for its bounds, it tells.
      if (const absl::StatusOr<Bounds> bounds = AskBoundsLocked(); !bounds.ok()) {
        return bounds.status();
      }
      return absl::UnavailableError("kafka: " + Name() + " is not known to all brokers yet");
    default:
      return KafkaStatus(message.err, "reading " + Name(), rd_kafka_message_errstr(&message));
  }
  if (message.offset < next_) return absl::OkStatus();
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  const int64_t milliseconds = rd_kafka_message_timestamp(&message, &type);
  if (type != RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME) {
    return absl::FailedPreconditionError(
        partition_.topic +
        " does not keep the brokers' time of appending: set its "
        "message.timestamp.type to LogAppendTime (see ringfence topics check)");
  }
  ahead_.push_back({message.offset, milliseconds * kMillisecond,
                    Bytes(message.key, message.key_len), Bytes(message.payload, message.len)});
  next_ = message.offset + 1;
  Raise(next_);
  return absl::OkStatus();
}

absl::Status PartitionReader::OutOfRange() {
  const int64_t asked = next_;
  const absl::StatusOr<Bounds> bounds = AskBoundsLocked();
  if (!bounds.ok()) return bounds.status();
  if (asked < bounds->start) {
    return absl::OutOfRangeError(Name() + " begins at offset " + std::to_string(bounds->start) +
                                 ", " + std::to_string(asked) + " is gone");
  }
  if (asked > bounds->end) {
    return absl::DataLossError(Name() + " ends at offset " + std::to_string(bounds->end) + ", " +
                               std::to_string(asked) + " was there before: the log lost records");
  }
  return absl::UnavailableError("kafka: " + Name() + " is being moved");
}

}  // namespace ringfence::runtime
