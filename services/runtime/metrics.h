#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace ringfence::runtime {

// Every metric of Ringfence, one row each in metrics.cc: name, help, kind, labels. Names are
// ringfence_<what>_<unit>_total for counters; labels take values from bounded sets only (partners,
// codes, types), never an identifier's.
enum class Metric {
  kReports,              // partner, outcome
  kProblems,             // code
  kUnknownFields,        // partner
  kStageRecords,         // stage
  kStageMessages,        // stage, kind
  kStageLag,             // stage, partition
  kStageBatchRecords,    // stage
  kStageBatchSeconds,    // stage
  kStageErrors,          // stage, reaction
  kStageStopped,         // stage, partition
  kStageTime,            // stage, partition
  kStageEvents,          // stage, event
  kInputStopped,         // partner, partition
  kLostOffsets,          // partner
  kIndicators,           // type, action
  kCampaigns,            //
  kSubscribers,          //
  kDeltas,               //
  kSnapshots,            // reason
  kDeliverySeconds,      //
  kRevocationSeconds,    // consumer
  kConsumerLag,          // consumer
  kFeedback,             // kind, outcome
  kHits,                 // type
  kStateSnapshots,       // stage, outcome
  kStateSnapshotTime,    // stage, partition
  kStateReopened,        // stage
  kDiskFreeBytes,        // disk
  kDiskShort,            // disk
  kRechecks,             // stage
  kHttpRequests,         // route, status
  kRefusedCalls,         // reason
  kReloads,              // file, outcome
  kQuotaRefusals,        // quota, identity
  kKafkaBrokersUp,       // client
  kKafkaQueuedRecords,   // client
  kKafkaQueuedBytes,     // client
  kKafkaRequestSeconds,  // client
  kKafkaFailedRequests,  // client
  kKafkaErrors,          // client, reaction
  kKafkaProducers,       //
  kKafkaAppendSeconds,   //
  kBuildInfo,            // version, rocksdb, rocksdb_assertions
  kPartitions,           //
  kCalls,                // method, code
  kCallSeconds,          // method
  kNewIndicators,        // partner
  kCertificateExpiry,    // certificate
  kFileRefused,          // file
};

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

// The metrics of a process, for Prometheus. Thread-safe; must outlive who counts in it.
class Metrics {
 public:
  Metrics();
  ~Metrics();

  // Of one metric, this many different values of its labels are told apart; all further ones are
  // counted with "other" in place of each value, so that nobody can make metrics grow.
  static constexpr size_t kSeriesMax = 2'000;

  // For counters, gauges and histograms, in this order. Using a metric as what it is not is a bug
  // and ends the process.
  void Add(Metric metric, Labels labels, double amount = 1);
  void Set(Metric metric, Labels labels, double value);
  void Observe(Metric metric, Labels labels, double value);
  // Of a gauge, the one series: what it spoke of is not here any more. Nothing where there is none.
  void Remove(Metric metric, Labels labels);

  // The text exposition format (text/plain; version=0.0.4), as /metrics gives it.
  std::string Text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ringfence::runtime
