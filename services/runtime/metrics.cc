#include "services/runtime/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <map>
#include <type_traits>

#include "absl/synchronization/mutex.h"

namespace ringfence::runtime {
namespace {

enum class Kind { kCounter, kGauge, kHistogram };

struct Row {
  Metric metric;
  Kind kind;
  const char* name;
  const char* help;
};

constexpr auto kRows = std::to_array<Row>({
    {Metric::kReports, Kind::kCounter, "ringfence_reports_total",
     "Reports by partner and outcome."},
    {Metric::kProblems, Kind::kCounter, "ringfence_problems_total",
     "Problems found in reports, by code."},
    {Metric::kUnknownFields, Kind::kCounter, "ringfence_unknown_fields_total",
     "Fields of reports that this release does not know and ignored."},
    {Metric::kStageRecords, Kind::kCounter, "ringfence_stage_records_total",
     "Log records applied."},
    {Metric::kStageMessages, Kind::kCounter, "ringfence_stage_messages_total",
     "Messages sent, by kind."},
    {Metric::kStageLag, Kind::kGauge, "ringfence_stage_lag_records",
     "Log records that wait to be applied."},
    {Metric::kStageBatchRecords, Kind::kHistogram, "ringfence_stage_batch_records",
     "Log records in a batch."},
    {Metric::kStageBatchSeconds, Kind::kHistogram, "ringfence_stage_batch_seconds",
     "Seconds that a batch took, waiting for the log included."},
    {Metric::kStageErrors, Kind::kCounter, "ringfence_stage_errors_total",
     "Errors of a stage's surroundings, by what was done about them."},
    {Metric::kStageStopped, Kind::kGauge, "ringfence_stage_stopped",
     "1 where a partition was stopped by damage or a bug and needs an operator, else 0."},
    {Metric::kStageTime, Kind::kGauge, "ringfence_stage_time_seconds",
     "Pipeline time of a partition: all that expires by then has expired. Seconds since the Unix "
     "epoch."},
    {Metric::kStageEvents, Kind::kCounter, "ringfence_stage_events_total",
     "What a stage met that an operator should know of: flood_begun, flood_report (incidents.md)."},
    {Metric::kInputStopped, Kind::kGauge, "ringfence_input_stopped",
     "1 while intake cannot read a partition of a partner's topic until somebody has put it "
     "right."},
    {Metric::kLostOffsets, Kind::kCounter, "ringfence_lost_offsets_total",
     "Offsets of a partner's topic that retention removed before intake had read them."},
    {Metric::kIndicators, Kind::kGauge, "ringfence_indicators",
     "Indicators in the set, by type and action."},
    {Metric::kCampaigns, Kind::kGauge, "ringfence_campaigns",
     "Campaigns of two or more link nodes."},
    {Metric::kSubscribers, Kind::kGauge, "ringfence_subscribers",
     "Streams of Subscribe that are open."},
    {Metric::kDeltas, Kind::kCounter, "ringfence_deltas_total", "Deltas sent to subscribers."},
    {Metric::kSnapshots, Kind::kCounter, "ringfence_snapshots_total",
     "Snapshots sent to subscribers, by reason."},
    {Metric::kDeliverySeconds, Kind::kHistogram, "ringfence_delivery_seconds",
     "Seconds from the append of an indicator's record to its being sent."},
    {Metric::kRevocationSeconds, Kind::kHistogram, "ringfence_revocation_seconds",
     "Seconds from the append of a revocation to its acknowledgement by a consumer."},
    {Metric::kConsumerLag, Kind::kGauge, "ringfence_consumer_revocation_lag_seconds",
     "Age of the oldest revocation that a consumer has not acknowledged; 0 where it has all."},
    {Metric::kFeedback, Kind::kCounter, "ringfence_feedback_total",
     "Feedback of consumers, owners and custodians, by kind and what was done about it."},
    {Metric::kHits, Kind::kCounter, "ringfence_hits_total",
     "Times that consumers met an indicator, as they say, by its type."},
    {Metric::kStateSnapshots, Kind::kCounter, "ringfence_state_snapshots_total",
     "Snapshots of state, by outcome: made, no_room, failed, restored, refused."},
    {Metric::kStateSnapshotTime, Kind::kGauge, "ringfence_state_snapshot_time_seconds",
     "When a partition's newest snapshot was made. Seconds since the Unix epoch."},
    {Metric::kStateReopened, Kind::kCounter, "ringfence_state_reopened_total",
     "States that were closed and opened again after an error of the disk."},
    {Metric::kDiskFreeBytes, Kind::kGauge, "ringfence_disk_free_bytes",
     "Free bytes of the disk that holds state, or snapshots."},
    {Metric::kDiskShort, Kind::kGauge, "ringfence_disk_short",
     "1 while a disk has too little room: with state's no record is taken, with snapshots' none is "
     "made."},
    {Metric::kRechecks, Kind::kCounter, "ringfence_indicator_rechecks_total",
     "Records of indicators that another owner of the partition wrote, and that were compared with "
     "the state."},
    {Metric::kHttpRequests, Kind::kCounter, "ringfence_http_requests_total",
     "Requests over HTTP, by what was asked for and the status of the answer."},
    {Metric::kRefusedCalls, Kind::kCounter, "ringfence_refused_calls_total",
     "Calls of who is not known or may not, by reason: no_identity, bad_name, bad_token, "
     "unknown_name, role, no_row."},
    {Metric::kReloads, Kind::kCounter, "ringfence_file_reloads_total",
     "Files of certificates, identities and tokens that changed, by whether they were used or "
     "refused."},
    {Metric::kFileRefused, Kind::kGauge, "ringfence_file_refused",
     "1 while a file of certificates, identities or tokens could not be used when it was last "
     "read, so that what was read before is in force; else 0."},
    {Metric::kQuotaRefusals, Kind::kCounter, "ringfence_quota_refusals_total",
     "Calls past a quota of their caller: reports, lookups, calls, streams, snapshots."},
    {Metric::kKafkaBrokersUp, Kind::kGauge, "ringfence_kafka_brokers_up",
     "Brokers that a Kafka client is connected with."},
    {Metric::kKafkaQueuedRecords, Kind::kGauge, "ringfence_kafka_queued_records",
     "Records that wait in a Kafka client to be sent and acknowledged."},
    {Metric::kKafkaQueuedBytes, Kind::kGauge, "ringfence_kafka_queued_bytes",
     "Bytes of records that wait in a Kafka client to be sent and acknowledged."},
    {Metric::kKafkaRequestSeconds, Kind::kGauge, "ringfence_kafka_request_seconds",
     "Seconds that 99 of 100 requests to the slowest Kafka broker took at most, lately."},
    {Metric::kKafkaFailedRequests, Kind::kGauge, "ringfence_kafka_failed_requests",
     "Requests to Kafka brokers that failed or timed out, since the client was made."},
    {Metric::kKafkaErrors, Kind::kCounter, "ringfence_kafka_errors_total",
     "Errors that a Kafka client reported, by what is done about them."},
    {Metric::kKafkaProducers, Kind::kCounter, "ringfence_kafka_producers_total",
     "Kafka producers made: one at the start, one more after each fatal error."},
    {Metric::kKafkaAppendSeconds, Kind::kHistogram, "ringfence_kafka_append_seconds",
     "Seconds until Kafka had acknowledged all records of an append."},
    {Metric::kBuildInfo, Kind::kGauge, "ringfence_build_info",
     "1: which release runs, with which RocksDB, and whether that was built with its assertions."},
    {Metric::kPartitions, Kind::kGauge, "ringfence_partitions",
     "Partitions of each mailbox, as configured: each should have one owner."},
    {Metric::kCalls, Kind::kCounter, "ringfence_calls_total",
     "gRPC calls that ended, by method and by the code of their answer."},
    {Metric::kCallSeconds, Kind::kHistogram, "ringfence_call_seconds",
     "Seconds that gRPC calls with one answer took, from their first byte to the answer."},
    {Metric::kNewIndicators, Kind::kCounter, "ringfence_new_indicators_total",
     "Indicators that came into the set and bear incidents, by each partner that reported these; "
     "what came while publish was behind at its start is not counted."},
    {Metric::kCertificateExpiry, Kind::kGauge, "ringfence_certificate_expiry_time_seconds",
     "When the first certificate in a file of this process expires. Seconds since the Unix epoch."},
});

prometheus::Histogram::BucketBoundaries Buckets(Metric metric) {
  if (metric == Metric::kRevocationSeconds)
    return {0.01, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 1'800, 3'600, 86'400};
  if (metric == Metric::kStageBatchRecords) return {1, 2, 5, 10, 20, 50, 100, 200, 500};
  return {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10};
}

// One metric: its series, by their labels. Thread-safe.
template <typename Instrument>
class Series {
 public:
  Series(prometheus::Family<Instrument>& family, Metric metric)
      : family_(family), metric_(metric) {}

  // Lives as long as this: only gauges, which are set under the lock, are ever removed.
  Instrument& With(Labels labels) {
    const absl::MutexLock lock(&mutex_);
    return Find(labels);
  }

  void Set(Labels labels, double value) {
    const absl::MutexLock lock(&mutex_);
    Find(labels).Set(value);
  }

  void Remove(Labels labels) {
    const absl::MutexLock lock(&mutex_);
    const auto known = series_.find(KeyOf(labels));
    if (known == series_.end()) return;
    family_.Remove(known->second);
    series_.erase(known);
  }

 private:
  static std::map<std::string, std::string> KeyOf(Labels labels) {
    std::map<std::string, std::string> key;
    for (const auto& [name, value] : labels) key.emplace(name, value);
    return key;
  }

  Instrument& Find(Labels labels) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::map<std::string, std::string> key = KeyOf(labels);
    if (const auto known = series_.find(key); known != series_.end()) return *known->second;
    if (series_.size() >= Metrics::kSeriesMax) {
      for (auto& [name, value] : key) value = "other";
    }
    return *series_.try_emplace(key, &Add(key)).first->second;
  }

  // Gives the one that is there, if there is.
  Instrument& Add(const std::map<std::string, std::string>& labels) {
    if constexpr (std::is_same_v<Instrument, prometheus::Histogram>) {
      return family_.Add(labels, Buckets(metric_));
    } else {
      return family_.Add(labels);
    }
  }

  prometheus::Family<Instrument>& family_;
  const Metric metric_;
  absl::Mutex mutex_;
  std::map<std::map<std::string, std::string>, Instrument*> series_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

struct Metrics::Impl {
  std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();
  // Filled once.
  std::map<Metric, Series<prometheus::Counter>> counters;
  std::map<Metric, Series<prometheus::Gauge>> gauges;
  std::map<Metric, Series<prometheus::Histogram>> histograms;

  void Register(const Row& row) {
    const auto add = [&](auto builder, auto& series) {
      series.try_emplace(row.metric, builder.Name(row.name).Help(row.help).Register(*registry),
                         row.metric);
    };
    switch (row.kind) {
      case Kind::kCounter:
        return add(prometheus::BuildCounter(), counters);
      case Kind::kGauge:
        return add(prometheus::BuildGauge(), gauges);
      case Kind::kHistogram:
        return add(prometheus::BuildHistogram(), histograms);
    }
  }
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {
  for (const Row& row : kRows) impl_->Register(row);
}

Metrics::~Metrics() = default;

void Metrics::Add(Metric metric, Labels labels, double amount) {
  impl_->counters.at(metric).With(labels).Increment(amount);
}

void Metrics::Set(Metric metric, Labels labels, double value) {
  impl_->gauges.at(metric).Set(labels, value);
}

void Metrics::Observe(Metric metric, Labels labels, double value) {
  impl_->histograms.at(metric).With(labels).Observe(value);
}

void Metrics::Remove(Metric metric, Labels labels) { impl_->gauges.at(metric).Remove(labels); }

std::string Metrics::Text() const {
  return prometheus::TextSerializer().Serialize(impl_->registry->Collect());
}

}  // namespace ringfence::runtime
