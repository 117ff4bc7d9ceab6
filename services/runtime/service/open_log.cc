#include "services/runtime/service/open_log.h"

#include <unistd.h>

#include <thread>
#include <utility>
#include <vector>

#include "services/runtime/kafka/kafka_log.h"
#include "services/runtime/log/retention.h"
#include "services/runtime/logging.h"
#include "services/runtime/reaction.h"
#include "services/runtime/rocks/embedded_log.h"
#include "services/runtime/service/kafka_ownership.h"

namespace ringfence::runtime {
namespace {

constexpr std::chrono::minutes kRetentionEvery{10};

// All of it is this process's.
class OpenedEmbeddedLog : public OpenedLog {
 public:
  explicit OpenedEmbeddedLog(std::unique_ptr<EmbeddedLog> log)
      : log_(std::move(log)), keeper_([this](const std::stop_token& stop) { Keep(stop); }) {}

  Log& log() override { return *log_; }
  absl::StatusOr<std::unique_ptr<Ownership>> Share(const std::string&,
                                                   const std::string& topic) override {
    const absl::StatusOr<int32_t> partitions = log_->Partitions(topic);
    if (!partitions.ok()) return partitions.status();
    std::vector<int32_t> all;
    for (int32_t partition = 0; partition < *partitions; ++partition) all.push_back(partition);
    return std::make_unique<FixedOwnership>(std::move(all));
  }

 private:
  void Keep(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      SleepUnlessStopped(stop, kRetentionEvery);
      if (stop.stop_requested()) return;
      if (absl::Status status = log_->ApplyRetention(); !status.ok()) {
        LogLine(LogLevel::kWarning, "retention failed", {{"error", std::string(status.message())}});
      }
    }
  }

  const std::unique_ptr<EmbeddedLog> log_;
  std::jthread keeper_;
};

// Shared with the other members of the stage's group.
class OpenedKafkaLog : public OpenedLog {
 public:
  OpenedKafkaLog(const internal::v1::KafkaConfig& config, std::unique_ptr<KafkaLog> log,
                 Metrics& metrics)
      : config_(config), log_(std::move(log)), metrics_(metrics) {}

  Log& log() override { return *log_; }
  absl::StatusOr<std::unique_ptr<Ownership>> Share(const std::string& stage,
                                                   const std::string& topic) override {
    Membership::Options options;
    options.kafka = KafkaOptionsOf(config_);
    // Readers' positions are groups too, under names of their own.
    options.group = "ringfence.members." + stage;
    options.topics = {topic};
    options.instance = config_.instance_id().empty() ? HostName() : config_.instance_id();
    return std::make_unique<KafkaOwnership>(std::move(options), metrics_);
  }

 private:
  static std::string HostName() {
    char name[256] = "";
    gethostname(name, sizeof(name) - 1);
    return name;
  }

  const internal::v1::KafkaConfig config_;
  const std::unique_ptr<KafkaLog> log_;
  Metrics& metrics_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<OpenedLog>> OpenLog(const Config& config,
                                                   std::shared_ptr<RocksMemory> memory,
                                                   const Clock& clock, Metrics& metrics) {
  if (config.log().has_kafka()) {
    auto log = KafkaLog::Open(KafkaOptionsOf(config.log().kafka()), &metrics);
    if (!log.ok()) return log.status();
    return std::make_unique<OpenedKafkaLog>(config.log().kafka(), *std::move(log), metrics);
  }
  EmbeddedLog::Options options;
  options.dir = config.log().embedded().folder();
  options.memory = std::move(memory);
  options.clock = clock;
  options.report_retention = kReportRetention;
  absl::StatusOr<std::unique_ptr<EmbeddedLog>> log = EmbeddedLog::Open(options);
  if (!log.ok()) return log.status();
  return std::make_unique<OpenedEmbeddedLog>(*std::move(log));
}

absl::Status MakeTopics(Log& log, uint32_t partitions) {
  for (const auto& [topic, compacted] :
       {std::pair(kDedupeTopic, false), std::pair(kClusterTopic, false),
        std::pair(kIndicatorsTopic, true)}) {
    TopicOptions options;
    options.partitions = static_cast<int32_t>(partitions);
    options.compacted = compacted;
    if (absl::Status status = log.CreateTopic(std::string(topic), options); !status.ok())
      return status;
  }
  TopicOptions decisions;
  decisions.compacted = true;
  return log.CreateTopic(std::string(kOverridesTopic), decisions);
}

}  // namespace ringfence::runtime
