#include "services/runtime/kafka/positions.h"

#include <memory>
#include <utility>

#include "services/runtime/kafka/errors.h"
#include "services/runtime/logging.h"
#include "services/runtime/reaction.h"

namespace ringfence::runtime {
namespace {

constexpr std::chrono::milliseconds kBetweenWrites{1'000};

using AlterHandle = std::unique_ptr<rd_kafka_AlterConsumerGroupOffsets_t,
                                    KafkaDeleter<rd_kafka_AlterConsumerGroupOffsets_destroy>>;
using ListHandle = std::unique_ptr<rd_kafka_ListConsumerGroupOffsets_t,
                                   KafkaDeleter<rd_kafka_ListConsumerGroupOffsets_destroy>>;

// Of the one group and its partitions that were asked for: the first error there is.
absl::Status FirstError(const rd_kafka_group_result_t& group, const std::string& tried) {
  if (const rd_kafka_error_t* error = rd_kafka_group_result_error(&group); error != nullptr) {
    return KafkaStatus(rd_kafka_error_code(error), tried, rd_kafka_error_string(error));
  }
  const rd_kafka_topic_partition_list_t* list = rd_kafka_group_result_partitions(&group);
  for (int i = 0; list != nullptr && i < list->cnt; ++i) {
    if (list->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return KafkaStatus(list->elems[i].err, tried);
    }
  }
  return absl::OkStatus();
}

}  // namespace

KafkaPositions::KafkaPositions(const KafkaClient& client, std::chrono::milliseconds timeout,
                               std::chrono::milliseconds end_timeout)
    : client_(client.get()),
      timeout_(timeout),
      end_timeout_(end_timeout),
      writer_([this](const std::stop_token& stop) { Run(stop); }) {}

KafkaPositions::~KafkaPositions() {
  writer_ = {};
  if (absl::Status status = WriteAll(end_timeout_); !status.ok()) {
    // Readers repeat some.
    LogLine(LogLevel::kWarning, "kafka: last positions were not committed",
            {{"error", std::string(status.message())}});
  }
}

void KafkaPositions::Commit(const std::string& group, const TopicPartition& partition,
                            int64_t offset) {
  absl::MutexLock lock(&mutex_);
  unwritten_[group][partition] = offset;
}

absl::StatusOr<std::optional<int64_t>> KafkaPositions::Committed(const std::string& group,
                                                                 const TopicPartition& partition) {
  {
    absl::MutexLock lock(&mutex_);
    for (const auto* groups : {&unwritten_, &writing_}) {
      const auto found = groups->find(group);
      if (found == groups->end()) continue;
      const auto known = found->second.find(partition);
      if (known != found->second.end()) return std::optional(known->second);
    }
  }
  const std::string tried = "committed offset of " + group;
  const PartitionList list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.partition);
  const ListHandle asked(rd_kafka_ListConsumerGroupOffsets_new(group.c_str(), list.get()));
  rd_kafka_ListConsumerGroupOffsets_t* requests[] = {asked.get()};
  const absl::StatusOr<EventHandle> event =
      AskKafka(client_, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, timeout_,
               RD_KAFKA_EVENT_LISTCONSUMERGROUPOFFSETS_RESULT, tried,
               [&](const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                 rd_kafka_ListConsumerGroupOffsets(client_, requests, 1, options, queue);
               });
  if (!event.ok()) return event.status();
  size_t count = 0;
  const rd_kafka_group_result_t** groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
      rd_kafka_event_ListConsumerGroupOffsets_result(event->get()), &count);
  if (count != 1) return absl::InternalError("kafka: " + tried + ": an answer without it");
  if (absl::Status status = FirstError(*groups[0], tried); !status.ok()) return status;
  const rd_kafka_topic_partition_list_t* answer = rd_kafka_group_result_partitions(groups[0]);
  if (answer == nullptr || answer->cnt != 1 || answer->elems[0].offset < 0) {
    return std::optional<int64_t>();
  }
  return std::optional<int64_t>(answer->elems[0].offset);
}

void KafkaPositions::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    SleepUnlessStopped(stop, kBetweenWrites);
    if (stop.stop_requested()) return;
    if (absl::Status status = WriteAll(timeout_); !status.ok()) {
      LogLine(LogLevel::kWarning, "kafka: positions were not committed, trying again",
              {{"error", std::string(status.message())}});
    }
  }
}

absl::Status KafkaPositions::WriteAll(std::chrono::milliseconds timeout) {
  std::map<std::string, Offsets> taken;
  {
    absl::MutexLock lock(&mutex_);
    taken.swap(unwritten_);
    writing_ = taken;
  }
  absl::Status all;
  for (const auto& [group, offsets] : taken) {
    absl::Status status = Write(group, offsets, timeout);
    Finish(group, status.ok());
    all.Update(status);
  }
  return all;
}

void KafkaPositions::Finish(const std::string& group, bool written) {
  absl::MutexLock lock(&mutex_);
  if (!written) {
    // What was committed meanwhile counts.
    unwritten_[group].merge(writing_[group]);
  }
  writing_.erase(group);
}

absl::Status KafkaPositions::Write(const std::string& group, const Offsets& offsets,
                                   std::chrono::milliseconds timeout) {
  const std::string tried = "committing offsets of " + group;
  const PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const auto& [partition, offset] : offsets) {
    rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.partition)
        ->offset = offset;
  }
  const AlterHandle asked(rd_kafka_AlterConsumerGroupOffsets_new(group.c_str(), list.get()));
  rd_kafka_AlterConsumerGroupOffsets_t* requests[] = {asked.get()};
  const absl::StatusOr<EventHandle> event =
      AskKafka(client_, RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS, timeout,
               RD_KAFKA_EVENT_ALTERCONSUMERGROUPOFFSETS_RESULT, tried,
               [&](const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                 rd_kafka_AlterConsumerGroupOffsets(client_, requests, 1, options, queue);
               });
  if (!event.ok()) return event.status();
  size_t count = 0;
  const rd_kafka_group_result_t** groups = rd_kafka_AlterConsumerGroupOffsets_result_groups(
      rd_kafka_event_AlterConsumerGroupOffsets_result(event->get()), &count);
  if (count != 1) return absl::InternalError("kafka: " + tried + ": an answer without it");
  return FirstError(*groups[0], tried);
}

}  // namespace ringfence::runtime
