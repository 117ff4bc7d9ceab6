#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "services/runtime/metrics.h"

namespace ringfence::runtime {

// What matters of librdkafka's statistics (its STATISTICS.md), over all brokers.
struct KafkaStatistics {
  // Brokers whose connection is up.
  int64_t brokers_up = 0;
  // Records and bytes that wait to be sent or acknowledged; of readers: records that were fetched.
  int64_t queued_records = 0;
  int64_t queued_bytes = 0;
  // Of the slowest broker, 99 of 100 requests took at most so long, in the last interval.
  double request_seconds = 0;
  // Requests that failed or timed out, since the start.
  int64_t failed_requests = 0;
};

// kInvalidArgument for what is none.
absl::StatusOr<KafkaStatistics> ReadKafkaStatistics(std::string_view json);

// `client` is what the client is for.
void ReportKafkaStatistics(const KafkaStatistics& statistics, std::string_view client,
                           Metrics& metrics);

}  // namespace ringfence::runtime
