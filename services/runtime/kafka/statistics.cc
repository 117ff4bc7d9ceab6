#include "services/runtime/kafka/statistics.h"

#include <simdjson.h>

#include <algorithm>

namespace ringfence::runtime {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

int64_t Number(const element& from, const char* name) {
  int64_t value = 0;
  return from[name].get(value) == simdjson::SUCCESS ? value : 0;
}

void AddBroker(const element& broker, KafkaStatistics& statistics) {
  std::string_view state;
  if (broker["state"].get(state) == simdjson::SUCCESS && state == "UP") ++statistics.brokers_up;
  statistics.failed_requests += Number(broker, "txerrs") + Number(broker, "req_timeouts");
  element rtt;
  if (broker["rtt"].get(rtt) != simdjson::SUCCESS) return;
  const double seconds = static_cast<double>(Number(rtt, "p99")) / 1e6;
  statistics.request_seconds = std::max(statistics.request_seconds, seconds);
}

}  // namespace

absl::StatusOr<KafkaStatistics> ReadKafkaStatistics(std::string_view json) {
  simdjson::dom::parser parser;
  element root;
  object brokers;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS ||
      root["brokers"].get(brokers) != simdjson::SUCCESS) {
    return absl::InvalidArgumentError("no statistics of librdkafka");
  }
  KafkaStatistics statistics;
  statistics.queued_records = Number(root, "msg_cnt");
  statistics.queued_bytes = Number(root, "msg_size");
  for (const auto& [name, broker] : brokers) {
    // What only stands for a name in the configuration is the same broker again.
    if (Number(broker, "nodeid") >= 0) AddBroker(broker, statistics);
  }
  return statistics;
}

void ReportKafkaStatistics(const KafkaStatistics& statistics, std::string_view client,
                           Metrics& metrics) {
  const auto set = [&](Metric metric, double value) {
    metrics.Set(metric, {{"client", client}}, value);
  };
  set(Metric::kKafkaBrokersUp, static_cast<double>(statistics.brokers_up));
  set(Metric::kKafkaQueuedRecords, static_cast<double>(statistics.queued_records));
  set(Metric::kKafkaQueuedBytes, static_cast<double>(statistics.queued_bytes));
  set(Metric::kKafkaRequestSeconds, statistics.request_seconds);
  set(Metric::kKafkaFailedRequests, static_cast<double>(statistics.failed_requests));
}

}  // namespace ringfence::runtime
