#include "services/runtime/kafka/topic_catalog.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "services/runtime/kafka/errors.h"

namespace ringfence::runtime {
namespace {

using MetadataHandle =
    std::unique_ptr<const rd_kafka_metadata_t, KafkaDeleter<rd_kafka_metadata_destroy>>;
using NewTopicHandle =
    std::unique_ptr<rd_kafka_NewTopic_t, KafkaDeleter<rd_kafka_NewTopic_destroy>>;
using ConfigHandle =
    std::unique_ptr<rd_kafka_ConfigResource_t, KafkaDeleter<rd_kafka_ConfigResource_destroy>>;

constexpr absl::Duration kMissingFor = absl::Seconds(10);
constexpr absl::Duration kBetweenLooks = absl::Milliseconds(50);

// Of one topic, or of all where it is empty.
absl::StatusOr<MetadataHandle> AskMetadata(rd_kafka_t* client, const std::string& topic,
                                           std::chrono::milliseconds timeout) {
  const TopicHandle handle(topic.empty() ? nullptr
                                         : rd_kafka_topic_new(client, topic.c_str(), nullptr));
  const rd_kafka_metadata_t* metadata = nullptr;
  const rd_kafka_resp_err_t error = rd_kafka_metadata(client, topic.empty() ? 1 : 0, handle.get(),
                                                      &metadata, static_cast<int>(timeout.count()));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return KafkaStatus(error, "metadata of " + topic);
  return MetadataHandle(metadata);
}

}  // namespace

absl::StatusOr<KafkaTopic> TopicCatalog::Describe(const std::string& topic) {
  const absl::StatusOr<MetadataHandle> metadata = AskMetadata(client_, topic, timeout_);
  if (!metadata.ok()) return metadata.status();
  if ((*metadata)->topic_cnt != 1) return absl::NotFoundError("there is no topic " + topic);
  const rd_kafka_metadata_topic_t& found = (*metadata)->topics[0];
  if (found.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
    return absl::NotFoundError("there is no topic " + topic);
  }
  // Without a leader its partitions are known nevertheless.
  if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR && found.partition_cnt == 0) {
    return KafkaStatus(found.err, "metadata of " + topic);
  }
  KafkaTopic described{.name = topic, .partitions = found.partition_cnt};
  for (int p = 0; p < found.partition_cnt; ++p) {
    const int32_t replicas = found.partitions[p].replica_cnt;
    described.replication = p == 0 ? replicas : std::min(described.replication, replicas);
  }
  return described;
}

absl::StatusOr<int32_t> TopicCatalog::Partitions(const std::string& topic) {
  {
    absl::MutexLock lock(&mutex_);
    if (const auto known = partitions_.find(topic); known != partitions_.end()) {
      return known->second;
    }
  }
  const absl::StatusOr<KafkaTopic> described = Describe(topic);
  if (!described.ok()) return described.status();
  absl::MutexLock lock(&mutex_);
  return partitions_[topic] = described->partitions;
}

absl::Status TopicCatalog::Check(const TopicPartition& partition) {
  const absl::StatusOr<int32_t> partitions = Partitions(partition.topic);
  if (!partitions.ok()) return partitions.status();
  if (partition.partition >= 0 && partition.partition < *partitions) return absl::OkStatus();
  return absl::NotFoundError("there is no partition " + partition.topic + "/" +
                             std::to_string(partition.partition));
}

absl::Status TopicCatalog::Doubt(const absl::Status& status, const std::string& topic) {
  if (!absl::IsNotFound(status)) return status;
  const bool is_there = Describe(topic).ok();
  const absl::Time now = absl::Now();
  absl::MutexLock lock(&mutex_);
  if (is_there) {
    missing_.erase(topic);
  } else {
    Missing& missing = missing_.try_emplace(topic, Missing{now, now}).first->second;
    if (now - missing.last > kMissingFor) missing.first = now;
    missing.last = now;
    if (now - missing.first > kMissingFor) {
      partitions_.erase(topic);
      missing_.erase(topic);
      return status;
    }
  }
  return absl::UnavailableError("kafka: not all brokers know topic " + topic);
}

absl::StatusOr<std::vector<std::string>> TopicCatalog::Names(std::string_view prefix) {
  const absl::StatusOr<MetadataHandle> metadata = AskMetadata(client_, "", timeout_);
  if (!metadata.ok()) return metadata.status();
  std::vector<std::string> names;
  absl::MutexLock lock(&mutex_);
  for (int i = 0; i < (*metadata)->topic_cnt; ++i) {
    const std::string_view name = (*metadata)->topics[i].topic;
    if (!name.starts_with(prefix)) continue;
    names.emplace_back(name);
    // Never down: a broker that is behind does not know of new ones yet.
    const auto known = partitions_.find(names.back());
    if (known == partitions_.end()) continue;
    known->second = std::max<int32_t>(known->second, (*metadata)->topics[i].partition_cnt);
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<std::map<std::string, std::string>> TopicCatalog::Config(const std::string& topic) {
  const std::string tried = "configuration of " + topic;
  const ConfigHandle resource(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
  rd_kafka_ConfigResource_t* asked[] = {resource.get()};
  const absl::StatusOr<EventHandle> event = AskKafka(
      client_, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout_, RD_KAFKA_EVENT_DESCRIBECONFIGS_RESULT,
      tried, [&](const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
        rd_kafka_DescribeConfigs(client_, asked, 1, options, queue);
      });
  if (!event.ok()) return event.status();
  size_t count = 0;
  const rd_kafka_ConfigResource_t** answers = rd_kafka_DescribeConfigs_result_resources(
      rd_kafka_event_DescribeConfigs_result(event->get()), &count);
  if (count != 1) return absl::InternalError("kafka: " + tried + ": an answer without it");
  if (const auto error = rd_kafka_ConfigResource_error(answers[0]);
      error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* text = rd_kafka_ConfigResource_error_string(answers[0]);
    return KafkaStatus(error, tried, text == nullptr ? "" : text);
  }
  std::map<std::string, std::string> config;
  const rd_kafka_ConfigEntry_t** entries = rd_kafka_ConfigResource_configs(answers[0], &count);
  for (size_t i = 0; i < count; ++i) {
    const char* value = rd_kafka_ConfigEntry_value(entries[i]);
    config[rd_kafka_ConfigEntry_name(entries[i])] = value == nullptr ? "" : value;
  }
  return config;
}

absl::Status TopicCatalog::Create(const KafkaTopic& topic) {
  const absl::Status created = AskToCreate(topic);
  if (!created.ok() && !absl::IsAlreadyExists(created)) return created;
  if (absl::Status status = WaitForLeaders(topic.name); !status.ok()) return status;
  return created;
}

absl::Status TopicCatalog::AskToCreate(const KafkaTopic& topic) {
  const std::string tried = "creating topic " + topic.name;
  char text[512] = "";
  const NewTopicHandle wanted(rd_kafka_NewTopic_new(topic.name.c_str(), topic.partitions,
                                                    topic.replication, text, sizeof(text)));
  if (wanted == nullptr) return absl::InvalidArgumentError("kafka: " + tried + ": " + text);
  for (const auto& [name, value] : topic.config) {
    const auto error = rd_kafka_NewTopic_set_config(wanted.get(), name.c_str(), value.c_str());
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return KafkaStatus(error, tried, name);
  }
  rd_kafka_NewTopic_t* asked[] = {wanted.get()};
  const absl::StatusOr<EventHandle> event = AskKafka(
      client_, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout_, RD_KAFKA_EVENT_CREATETOPICS_RESULT, tried,
      [&](const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
        rd_kafka_CreateTopics(client_, asked, 1, options, queue);
      });
  if (!event.ok()) return event.status();
  size_t count = 0;
  const rd_kafka_topic_result_t** results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event->get()), &count);
  if (count != 1) return absl::InternalError("kafka: " + tried + ": an answer without it");
  if (const auto error = rd_kafka_topic_result_error(results[0]);
      error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* why = rd_kafka_topic_result_error_string(results[0]);
    return KafkaStatus(error, tried, why == nullptr ? "" : why);
  }
  return absl::OkStatus();
}

// Brokers learn of a topic one after the other.
absl::Status TopicCatalog::WaitForLeaders(const std::string& topic) {
  const absl::Time deadline = absl::Now() + absl::FromChrono(timeout_);
  while (true) {
    const absl::StatusOr<MetadataHandle> metadata = AskMetadata(client_, topic, timeout_);
    if (metadata.ok() && (*metadata)->topic_cnt == 1) {
      const rd_kafka_metadata_topic_t& found = (*metadata)->topics[0];
      const auto led = [](const rd_kafka_metadata_partition_t& each) { return each.leader >= 0; };
      if (found.partition_cnt > 0 &&
          std::all_of(found.partitions, found.partitions + found.partition_cnt, led)) {
        absl::MutexLock lock(&mutex_);
        partitions_[topic] = found.partition_cnt;
        return absl::OkStatus();
      }
    }
    if (absl::Now() > deadline) {
      return absl::UnavailableError("kafka: topic " + topic + " was made, but has no leaders");
    }
    absl::SleepFor(kBetweenLooks);
  }
}

}  // namespace ringfence::runtime
