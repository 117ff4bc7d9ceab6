#include "services/runtime/kafka/positions.h"

#include <thread>
#include <utility>
#include <vector>

#include "services/runtime/kafka/errors.h"
#include "services/runtime/logging.h"
#include "services/runtime/reaction.h"

namespace ringfence::runtime {
namespace {

constexpr std::chrono::milliseconds kBetweenWrites{1'000};

// The first error there is among partitions that were asked for, but for those that are not there.
absl::Status FirstError(const rd_kafka_topic_partition_list_t* list, const std::string& tried) {
  for (int i = 0; list != nullptr && i < list->cnt; ++i) {
    const rd_kafka_resp_err_t error = list->elems[i].err;
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR && error != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
      return KafkaStatus(error, tried);
    }
  }
  return absl::OkStatus();
}

}  // namespace

KafkaPositions::KafkaPositions(const KafkaOptions& options)
    : options_(options), writer_([this](const std::stop_token& stop) { Run(stop); }) {}

KafkaPositions::~KafkaPositions() {
  writer_ = {};
  if (absl::Status status = WriteAll(options_.close_timeout); !status.ok()) {
    // Readers repeat some.
    LogLine(LogLevel::kWarning, "kafka: last positions were not committed",
            {{"error", std::string(status.message())}});
  }
  // Each may take the close timeout: all at once.
  absl::MutexLock lock(&mutex_);
  std::vector<std::jthread> closing;
  for (auto& [group, client] : clients_) {
    closing.emplace_back([&client] { client.reset(); });
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
  const absl::StatusOr<rd_kafka_t*> client = ClientOf(group);
  if (!client.ok()) return client.status();
  const PartitionList list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.partition);
  const rd_kafka_resp_err_t error =
      rd_kafka_committed(*client, list.get(), static_cast<int>(options_.request_timeout.count()));
  if (absl::Status status = KafkaStatus(error, tried); !status.ok()) return status;
  if (absl::Status status = FirstError(list.get(), tried); !status.ok()) return status;
  const int64_t offset = list->elems[0].offset;
  return offset < 0 ? std::optional<int64_t>() : std::optional(offset);
}

void KafkaPositions::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    SleepUnlessStopped(stop, kBetweenWrites);
    if (stop.stop_requested()) return;
    if (absl::Status status = WriteAll(options_.request_timeout); !status.ok()) {
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

absl::StatusOr<rd_kafka_t*> KafkaPositions::ClientOf(const std::string& group) {
  absl::MutexLock lock(&mutex_);
  std::unique_ptr<KafkaClient>& client = clients_[group];
  if (client == nullptr) {
    KafkaClient::Setup setup;
    setup.role = KafkaRole::kReader;
    setup.properties["group.id"] = group;
    absl::StatusOr<std::unique_ptr<KafkaClient>> made =
        KafkaClient::Make(options_, std::move(setup), nullptr);
    if (!made.ok()) return made.status();
    client = *std::move(made);
  }
  return client->get();
}

absl::Status KafkaPositions::Write(const std::string& group, const Offsets& offsets,
                                   std::chrono::milliseconds timeout) {
  const std::string tried = "committing offsets of " + group;
  const absl::StatusOr<rd_kafka_t*> client = ClientOf(group);
  if (!client.ok()) return client.status();
  const PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const auto& [partition, offset] : offsets) {
    rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.partition)
        ->offset = offset;
  }
  const QueueHandle queue(rd_kafka_queue_new(*client));
  const rd_kafka_resp_err_t sent =
      rd_kafka_commit_queue(*client, list.get(), queue.get(), nullptr, nullptr);
  if (absl::Status status = KafkaStatus(sent, tried); !status.ok()) return status;
  const EventHandle event(rd_kafka_queue_poll(queue.get(), static_cast<int>(timeout.count())));
  if (event == nullptr) return KafkaStatus(RD_KAFKA_RESP_ERR__TIMED_OUT, tried);
  // Of a topic that was deleted there is nothing to keep: one of that name would begin anew. A
  // broker that does not know the topic yet costs a reader some repeated work at most.
  const rd_kafka_resp_err_t error = rd_kafka_event_error(event.get());
  if (error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return absl::OkStatus();
  if (absl::Status status = KafkaStatus(error, tried); !status.ok()) return status;
  return FirstError(rd_kafka_event_topic_partition_list(event.get()), tried);
}

}  // namespace ringfence::runtime
