#include "services/runtime/kafka/kafka_log.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "services/runtime/kafka/client.h"
#include "services/runtime/kafka/errors.h"
#include "services/runtime/kafka/incarnation.h"
#include "services/runtime/kafka/partition_reader.h"
#include "services/runtime/kafka/positions.h"
#include "services/runtime/kafka/producer.h"
#include "services/runtime/kafka/topic_catalog.h"
#include "services/runtime/log/retention.h"
#include "services/runtime/logging.h"

namespace ringfence::runtime {
namespace {

// As in the embedded log.
constexpr int32_t kPartitionsMax = 4'096;

}  // namespace

class KafkaLog::Impl {
 public:
  Impl(const KafkaOptions& options, Metrics* metrics)
      : options_(options), metrics_(metrics), producer_(options, metrics) {}
  ~Impl();

  absl::Status Open();
  absl::Status OpenIncarnation(Log& log);
  // Notes `topic` where it was made here, and reads which incarnation it is now.
  absl::Status FollowIncarnation(Log& log, const std::string& topic);

  absl::Status CreateTopic(const std::string& topic, const TopicOptions& options);
  absl::StatusOr<std::vector<std::string>> Topics(std::string_view prefix);
  absl::StatusOr<int32_t> Partitions(const std::string& topic);
  absl::StatusOr<std::vector<int64_t>> Append(std::vector<AppendRecord> records);
  absl::StatusOr<std::vector<LogRecord>> Read(const TopicPartition& from, int64_t offset,
                                              size_t records_max, size_t bytes_max);
  absl::StatusOr<PartitionReader::Bounds> Bounds(const TopicPartition& partition);
  absl::StatusOr<int64_t> OffsetAt(const TopicPartition& partition, core::Time time);
  bool WaitForAny(std::span<const Position> positions, std::chrono::milliseconds timeout);
  absl::Status Commit(const std::string& reader, const TopicPartition& partition, int64_t offset);
  absl::StatusOr<std::optional<int64_t>> Committed(const std::string& reader,
                                                   const TopicPartition& partition);
  std::string incarnation() const {
    absl::MutexLock lock(&mutex_);
    return incarnation_;
  }
  KafkaProducer& producer() { return producer_; }

 private:
  TopicPartition Named(const TopicPartition& partition) const {
    return {options_.prefix + partition.topic, partition.partition};
  }
  std::string GroupOf(const std::string& reader) const {
    return options_.prefix + "ringfence." + reader;
  }
  // By the name that Kafka has for it.
  absl::StatusOr<PartitionReader*> Reader(const TopicPartition& partition);
  void OnUnexpected(const rd_kafka_message_t& message);

  const KafkaOptions options_;
  Metrics* const metrics_;
  std::string cluster_;
  const std::shared_ptr<ArrivalSignal> signal_ = std::make_shared<ArrivalSignal>();

  absl::Status ReadIncarnation(Log& log);

  mutable absl::Mutex mutex_;
  std::string incarnation_ ABSL_GUARDED_BY(mutex_);
  // By topic without the prefix: who made it, as incarnation.h names one.
  std::map<std::string, std::string> made_ ABSL_GUARDED_BY(mutex_);
  std::map<TopicPartition, std::unique_ptr<PartitionReader>> readers_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<KafkaClient> asker_;
  std::unique_ptr<KafkaClient> reader_;
  std::unique_ptr<TopicCatalog> catalog_;
  std::unique_ptr<KafkaPositions> positions_;
  KafkaProducer producer_;
};

// The client's queues go before the client, and before them what its thread calls.
KafkaLog::Impl::~Impl() {
  positions_.reset();
  if (reader_ != nullptr) reader_->StopPolling();
  absl::MutexLock lock(&mutex_);
  readers_.clear();
}

absl::Status KafkaLog::Impl::Open() {
  KafkaClient::Setup asker;
  asker.role = KafkaRole::kAsker;
  KafkaClient::Setup reader;
  reader.role = KafkaRole::kReader;
  // Never joined: librdkafka wants a name to assign partitions.
  reader.properties["group.id"] = options_.prefix + "ringfence.reader";
  reader.unexpected = [this](const rd_kafka_message_t& message) { OnUnexpected(message); };
  for (auto [setup, client] : {std::pair(&asker, &asker_), std::pair(&reader, &reader_)}) {
    absl::StatusOr<std::unique_ptr<KafkaClient>> made =
        KafkaClient::Make(options_, std::move(*setup), metrics_);
    if (!made.ok()) return made.status();
    *client = *std::move(made);
  }
  catalog_ = std::make_unique<TopicCatalog>(*asker_, options_.request_timeout);
  if (absl::Status status = producer_.Start(); !status.ok()) return status;
  char* cluster =
      rd_kafka_clusterid(asker_->get(), static_cast<int>(options_.request_timeout.count()));
  if (cluster == nullptr) {
    return absl::UnavailableError("kafka: no broker of " + options_.brokers + " answers");
  }
  cluster_ = cluster;
  rd_kafka_mem_free(asker_->get(), cluster);
  positions_ = std::make_unique<KafkaPositions>(options_);
  return absl::OkStatus();
}

absl::Status KafkaLog::Impl::OpenIncarnation(Log& log) {
  const std::string name = options_.prefix + std::string(kIncarnationTopic);
  absl::Status known = catalog_->Partitions(name).status();
  if (absl::IsNotFound(known)) {
    KafkaTopic topic{.name = name, .replication = options_.replication};
    topic.config = KafkaTopicConfig({}, options_.min_insync_replicas);
    topic.config["retention.ms"] = "-1";
    known = catalog_->Create(topic);
    if (absl::IsAlreadyExists(known)) known = absl::OkStatus();
  }
  if (!known.ok()) return known;
  return ReadIncarnation(log);
}

absl::Status KafkaLog::Impl::ReadIncarnation(Log& log) {
  const absl::StatusOr<std::string> read = ReadOrBeginIncarnation(log);
  if (!read.ok()) return read.status();
  // It is not read on.
  if (const auto reader = Reader(Named({std::string(kIncarnationTopic), 0})); reader.ok())
    (*reader)->Reset();
  absl::MutexLock lock(&mutex_);
  incarnation_ = cluster_ + "." + *read;
  return absl::OkStatus();
}

absl::Status KafkaLog::Impl::FollowIncarnation(Log& log, const std::string& topic) {
  if (!BelongsToIncarnation(topic)) return absl::OkStatus();
  std::string maker;
  {
    absl::MutexLock lock(&mutex_);
    if (const auto made = made_.find(topic); made != made_.end()) maker = made->second;
  }
  if (!maker.empty()) {
    if (absl::Status status = NoteTopicMade(log, topic, maker); !status.ok()) return status;
    absl::MutexLock lock(&mutex_);
    made_.erase(topic);
  }
  // Another process may have made it.
  return ReadIncarnation(log);
}

absl::Status KafkaLog::Impl::CreateTopic(const std::string& topic, const TopicOptions& options) {
  const std::string name = options_.prefix + topic;
  if (absl::Status status = CheckTopicName(name); !status.ok()) return status;
  if (options.partitions < 1 || options.partitions > kPartitionsMax) {
    return absl::InvalidArgumentError(topic + ": a topic has 1 to " +
                                      std::to_string(kPartitionsMax) + " partitions");
  }
  absl::StatusOr<int32_t> partitions = catalog_->Partitions(name);
  if (absl::IsNotFound(partitions.status())) {
    TopicOptions made = options;
    made.retention = RetentionOf(
        topic, (topic.starts_with(kReportsPrefix) ? options_.report_retention : options_.retention)
                   .value_or(options.retention));
    const absl::Status created =
        catalog_->Create({.name = name,
                          .partitions = options.partitions,
                          .replication = options_.replication,
                          .config = KafkaTopicConfig(made, options_.min_insync_replicas)});
    // Another process may have been first, with other partitions.
    if (created.ok()) {
      absl::MutexLock lock(&mutex_);
      made_[topic] = RandomDigits();
    }
    if (!absl::IsAlreadyExists(created)) return created;
    partitions = catalog_->Partitions(name);
  }
  if (!partitions.ok()) return partitions.status();
  if (*partitions == options.partitions) return absl::OkStatus();
  return absl::FailedPreconditionError(
      name + " has " + std::to_string(*partitions) + " partitions, not " +
      std::to_string(options.partitions) +
      ": keys would move to others. Replay the reports into topics with another prefix to "
      "change it");
}

absl::StatusOr<std::vector<std::string>> KafkaLog::Impl::Topics(std::string_view prefix) {
  absl::StatusOr<std::vector<std::string>> names =
      catalog_->Names(options_.prefix + std::string(prefix));
  if (!names.ok()) return names;
  for (std::string& name : *names) name.erase(0, options_.prefix.size());
  return names;
}

absl::StatusOr<int32_t> KafkaLog::Impl::Partitions(const std::string& topic) {
  return catalog_->Partitions(options_.prefix + topic);
}

absl::StatusOr<std::vector<int64_t>> KafkaLog::Impl::Append(std::vector<AppendRecord> records) {
  for (AppendRecord& record : records) {
    record.to = Named(record.to);
    if (absl::Status status = catalog_->Check(record.to); !status.ok()) return status;
  }
  if (records.empty()) return std::vector<int64_t>();
  absl::StatusOr<std::vector<int64_t>> offsets = producer_.Append(records);
  if (!offsets.ok()) return catalog_->Doubt(offsets.status(), records.front().to.topic);
  for (size_t i = 0; i < records.size(); ++i) {
    const absl::StatusOr<PartitionReader*> reader = Reader(records[i].to);
    if (reader.ok()) (*reader)->Raise((*offsets)[i] + 1);
  }
  signal_->Raise();
  return offsets;
}

absl::StatusOr<PartitionReader*> KafkaLog::Impl::Reader(const TopicPartition& partition) {
  if (absl::Status status = catalog_->Check(partition); !status.ok()) return status;
  absl::MutexLock lock(&mutex_);
  std::unique_ptr<PartitionReader>& reader = readers_[partition];
  if (reader == nullptr) {
    reader = std::make_unique<PartitionReader>(*reader_, *asker_, partition,
                                               options_.request_timeout, signal_);
  }
  return reader.get();
}

absl::StatusOr<std::vector<LogRecord>> KafkaLog::Impl::Read(const TopicPartition& from,
                                                            int64_t offset, size_t records_max,
                                                            size_t bytes_max) {
  const TopicPartition named = Named(from);
  const absl::StatusOr<PartitionReader*> reader = Reader(named);
  if (!reader.ok()) return reader.status();
  absl::StatusOr<std::vector<LogRecord>> records = (*reader)->Read(offset, records_max, bytes_max);
  if (!records.ok()) return catalog_->Doubt(records.status(), named.topic);
  return records;
}

absl::StatusOr<PartitionReader::Bounds> KafkaLog::Impl::Bounds(const TopicPartition& partition) {
  const TopicPartition named = Named(partition);
  const absl::StatusOr<PartitionReader*> reader = Reader(named);
  if (!reader.ok()) return reader.status();
  absl::StatusOr<PartitionReader::Bounds> bounds = (*reader)->AskBounds();
  if (!bounds.ok()) return catalog_->Doubt(bounds.status(), named.topic);
  return bounds;
}

absl::StatusOr<int64_t> KafkaLog::Impl::OffsetAt(const TopicPartition& partition, core::Time time) {
  const TopicPartition named = Named(partition);
  const absl::StatusOr<PartitionReader*> reader = Reader(named);
  if (!reader.ok()) return reader.status();
  absl::StatusOr<int64_t> offset = (*reader)->AskOffsetAt(time);
  if (!offset.ok()) return catalog_->Doubt(offset.status(), named.topic);
  return offset;
}

bool KafkaLog::Impl::WaitForAny(std::span<const Position> positions,
                                std::chrono::milliseconds timeout) {
  const absl::Time deadline = absl::Now() + absl::FromChrono(timeout);
  std::vector<std::pair<PartitionReader*, int64_t>> waited;
  for (const Position& position : positions) {
    const absl::StatusOr<PartitionReader*> reader = Reader(Named(position.partition));
    if (reader.ok()) waited.emplace_back(*reader, position.offset);
  }
  while (true) {
    const uint64_t seen = signal_->Count();
    for (const auto& [reader, offset] : waited) {
      if (reader->HasAt(offset)) return true;
    }
    if (absl::Now() >= deadline) return false;
    signal_->Wait(seen, deadline);
  }
}

absl::Status KafkaLog::Impl::Commit(const std::string& reader, const TopicPartition& partition,
                                    int64_t offset) {
  const TopicPartition named = Named(partition);
  if (absl::Status status = catalog_->Check(named); !status.ok()) return status;
  positions_->Commit(GroupOf(reader), named, offset);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<int64_t>> KafkaLog::Impl::Committed(const std::string& reader,
                                                                 const TopicPartition& partition) {
  const TopicPartition named = Named(partition);
  if (absl::Status status = catalog_->Check(named); !status.ok()) return status;
  return positions_->Committed(GroupOf(reader), named);
}

// Errors were counted. A record here was not given to its reader: it is fetched again.
void KafkaLog::Impl::OnUnexpected(const rd_kafka_message_t& message) {
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR || message.rkt == nullptr) return;
  const TopicPartition partition{rd_kafka_topic_name(message.rkt), message.partition};
  LogLine(LogLevel::kWarning, "kafka: a record went past its reader",
          {{"topic", partition.topic}, {"partition", int64_t{partition.partition}}});
  if (const absl::StatusOr<PartitionReader*> reader = Reader(partition); reader.ok()) {
    (*reader)->Reset();
  }
}

absl::StatusOr<std::unique_ptr<KafkaLog>> KafkaLog::Open(const KafkaOptions& options,
                                                         Metrics* metrics) {
  std::unique_ptr<KafkaLog> log(new KafkaLog(std::make_unique<Impl>(options, metrics)));
  if (absl::Status status = log->impl_->Open(); !status.ok()) return status;
  if (absl::Status status = log->impl_->OpenIncarnation(*log); !status.ok()) return status;
  return log;
}

KafkaLog::KafkaLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
KafkaLog::~KafkaLog() = default;

absl::Status KafkaLog::CreateTopic(const std::string& topic, const TopicOptions& options) {
  absl::Status status = impl_->CreateTopic(topic, options);
  return status.ok() ? impl_->FollowIncarnation(*this, topic) : status;
}
absl::StatusOr<std::vector<std::string>> KafkaLog::Topics(std::string_view prefix) {
  return impl_->Topics(prefix);
}
absl::StatusOr<int32_t> KafkaLog::Partitions(const std::string& topic) {
  return impl_->Partitions(topic);
}
absl::StatusOr<std::vector<int64_t>> KafkaLog::Append(std::vector<AppendRecord> records) {
  return impl_->Append(std::move(records));
}
absl::StatusOr<std::vector<LogRecord>> KafkaLog::Read(const TopicPartition& from, int64_t offset,
                                                      size_t records_max, size_t bytes_max) {
  return impl_->Read(from, offset, records_max, bytes_max);
}
absl::StatusOr<int64_t> KafkaLog::EndOffset(const TopicPartition& partition) {
  const absl::StatusOr<PartitionReader::Bounds> bounds = impl_->Bounds(partition);
  if (!bounds.ok()) return bounds.status();
  return bounds->end;
}
absl::StatusOr<int64_t> KafkaLog::StartOffset(const TopicPartition& partition) {
  const absl::StatusOr<PartitionReader::Bounds> bounds = impl_->Bounds(partition);
  if (!bounds.ok()) return bounds.status();
  return bounds->start;
}
absl::StatusOr<int64_t> KafkaLog::OffsetAt(const TopicPartition& partition, core::Time time) {
  return impl_->OffsetAt(partition, time);
}
bool KafkaLog::WaitForAny(std::span<const Position> positions, std::chrono::milliseconds timeout) {
  return impl_->WaitForAny(positions, timeout);
}
absl::Status KafkaLog::Commit(const std::string& reader, const TopicPartition& partition,
                              int64_t offset) {
  return impl_->Commit(reader, partition, offset);
}
absl::StatusOr<std::optional<int64_t>> KafkaLog::Committed(const std::string& reader,
                                                           const TopicPartition& partition) {
  return impl_->Committed(reader, partition);
}
std::string KafkaLog::Incarnation() const { return impl_->incarnation(); }
absl::Status KafkaLog::BreakProducerForTest() { return impl_->producer().BreakForTest(); }

}  // namespace ringfence::runtime
