#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "pipelines/core/time.h"
#include "services/runtime/log/log.h"
#include "services/runtime/metrics.h"
#include "services/runtime/progress.h"
#include "services/runtime/reaction.h"

namespace ringfence::intake_service {

// "acme" of "reports.acme".
std::string PartnerOf(const std::string& reports_topic);

// The partitions of partners' topics that one share of intake reads, its inputs, and how far it is
// in each. They do not depend on each other: an error of one is told in the log and in metrics, and
// stays with it.
//
// - What may pass (reaction.h) is tried again later: after up to five seconds, or four times as
//   long as the failure took, so that waiting for one does not keep the others from being read.
// - What needs an operator stops the input; it is looked at again after `look_again`.
// - Records that retention removed before they were read are counted, and it goes on with what is
//   left.
// - An input whose topic is gone is dropped; it begins anew should the topic come back.
//
// One thread uses it; progress may be asked for by any.
class ReportInputs {
 public:
  struct Options {
    // Of each topic, partitions whose number modulo `partitions` is `partition`.
    int32_t partition = 0;
    int32_t partitions = 1;
    std::chrono::milliseconds look_again{60'000};
  };

  // `log` and `metrics` must outlive it.
  ReportInputs(const Options& options, runtime::Log& log, runtime::Metrics& metrics)
      : options_(options), log_(log), metrics_(metrics) {}
  ~ReportInputs();

  // Finds topics and partitions that are new. Errors are of the log as a whole.
  absl::Status Find();
  // Those whose turn it is; of those that failed before, one: the one that has waited longest.
  std::vector<runtime::TopicPartition> Due() const;
  // Learns where its reader is, once, and every half second its end. False: it has failed.
  bool Look(const runtime::TopicPartition& input);
  // As Log::Read, from where its reader is; to be called after Look. Empty also where it fails.
  std::vector<runtime::LogRecord> Read(const runtime::TopicPartition& input, size_t records_max,
                                       size_t bytes_max);
  // What came of all records before `next` is in the log; `taken`: the last one's append time.
  void Advance(const runtime::TopicPartition& input, int64_t next, core::Time taken);
  // What came of its records could not be kept, for a reason that concerns it alone.
  void Fail(const runtime::TopicPartition& input, const absl::Status& error);

  // Where a new record would be read at once.
  std::vector<runtime::Log::Position> Positions() const;
  // Records that wait, and since when; without those that are stopped.
  struct Lag {
    int64_t records = 0;
    // All that came by then has been taken; kTimeMin where that is not known.
    core::Time reached = core::kTimeMin;
  };
  Lag LagAt(core::Time now) const;

  // Of those whose reader's place is known, or that are stopped. Waits for nothing: ends are as of
  // the last answer. Any thread.
  std::vector<runtime::Progress> progress() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Input {
    std::optional<int64_t> next;
    int64_t end = 0;
    // Append time of the last record taken.
    std::optional<core::Time> taken;
    bool failing = false;
    std::string stopped_because;
    Clock::time_point tried_at;
    Clock::time_point try_at;
    Clock::time_point ask_end_at;
    runtime::Backoff backoff;
  };

  // Where its reader is; kOutOfRange where that lies beyond the end.
  absl::StatusOr<int64_t> Place(const runtime::TopicPartition& input, int64_t start, int64_t end);
  absl::Status Open(const runtime::TopicPartition& input);
  absl::Status AskEnd(const runtime::TopicPartition& input);
  // Goes on at `start`, where what is left begins.
  absl::Status SkipLost(const runtime::TopicPartition& input, int64_t next, int64_t start);
  void Stop(const runtime::TopicPartition& input, const std::string& why);
  void Recover(const runtime::TopicPartition& input);
  void Drop(const runtime::TopicPartition& input);
  bool IsListed(const runtime::TopicPartition& input) const;
  void ReportFailure(const runtime::TopicPartition& input, runtime::Reaction reaction,
                     const absl::Status& error);

  const Options options_;
  runtime::Log& log_;
  runtime::Metrics& metrics_;

  // The thread's own: partitions of the topics that there are, and topics that are no partner's.
  std::map<std::string, int32_t> listed_;
  std::set<std::string> foreign_;

  mutable absl::Mutex mutex_;
  // Written by the thread alone.
  std::map<runtime::TopicPartition, Input> inputs_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ringfence::intake_service
