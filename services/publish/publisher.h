#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "pipelines/campaigns/campaign_names.h"
#include "pipelines/campaigns/read_model.h"
#include "services/publish/change_ring.h"
#include "services/publish/moment.h"
#include "services/publish/revocations.h"
#include "services/runtime/clock.h"
#include "services/runtime/log/log.h"
#include "services/runtime/metrics.h"
#include "services/runtime/progress.h"
#include "services/runtime/pulse.h"
#include "services/runtime/reaction.h"
#include "services/runtime/rocks/rocks_state.h"

namespace ringfence::publish {

// Reads all partitions of `indicators` in one thread and keeps the read model on a state of its
// own; shows readers one moment of it after the other. Its state may be thrown away: the log has it
// all. It throws it away itself where it has read nothing for so long that what left the set in the
// meantime may be gone from the log. A thread of its own asks how far the log reaches, which may
// take long where a broker is gone.
//
// What it shows was durable in the log first.
class Publisher {
 public:
  struct Options {
    std::string state_dir;
    std::string placement;
    std::shared_ptr<runtime::RocksMemory> memory;
    campaigns::NamingKey naming_key = {};
    campaigns::ReadModel::Options model;
    // As the log's append times.
    runtime::Clock clock = runtime::SystemNow;
    size_t batch_records_max = 8'000;
    size_t batch_bytes_max = size_t{8} << 20;
    // Asked before each batch: false, and nothing is read until there is room for more state. Null:
    // always.
    std::function<bool()> has_room = nullptr;
    // Recent changes that subscribers can follow; who is further behind is served from the state.
    size_t recent_changes_max = 65'536;
    // Recent revocations of each partition, that acknowledgements are held against.
    size_t revocations_max = 16'384;
    // A partition from which nothing comes for so long, though its log ends later, is complete:
    // what is missing there is not in the log any more.
    std::chrono::milliseconds believe_empty_after{5'000};
    // Changes that come within this time of each other are shown together.
    std::chrono::milliseconds coalesce{30};
    // How often the log is asked where its partitions end.
    std::chrono::milliseconds ask_ends_every{1'000};
  };

  // `log`, which must have the topic, and `metrics` must outlive it. Opens the state and starts to
  // read. kOutOfRange or kFailedPrecondition where state and log do not belong together, else what
  // RocksState::Open says.
  static absl::StatusOr<std::unique_ptr<Publisher>> Start(const Options& options, runtime::Log& log,
                                                          runtime::Metrics& metrics);
  // Flushes the state. No moment may be held any more.
  ~Publisher();

  // Never null.
  std::shared_ptr<const Moment> Latest() const ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits until there is another one than `known`, or `timeout`; the latest.
  std::shared_ptr<const Moment> AwaitOther(const Moment* known,
                                           std::chrono::milliseconds timeout) const
      ABSL_LOCKS_EXCLUDED(mutex_);
  const Revocations& revocations() const { return revocations_; }
  // See ChangeRing::Between.
  std::optional<std::vector<RecentChange>> ChangesBetween(uint64_t from, uint64_t until,
                                                          size_t max) const
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Why it reads no more: what it shows gets old then. Ok while it runs. Where runtime::ReactionTo
  // says to try again, the state's disk has failed, and another one on the same state goes on.
  absl::Status Health() const ABSL_LOCKS_EXCLUDED(mutex_);
  // When its loop turned.
  const runtime::Pulse& pulse() const { return pulse_; }
  // One for each partition, for GetStatus and health. Never waits: each end is the last that the
  // log gave, or what has been applied where that is more.
  std::vector<runtime::Progress> progress() const ABSL_LOCKS_EXCLUDED(mutex_);
  // Is an offset beyond what the log holds? Then it is of another log. Asks the log where it is
  // beyond what is known of.
  absl::StatusOr<bool> IsBeyondLog(const Offsets& offsets) const;

  const campaigns::CampaignNames& names() const { return names_; }
  const campaigns::NamingKey& naming_key() const { return options_.naming_key; }
  size_t partitions() const { return partitions_.size(); }
  std::string incarnation() const { return log_.Incarnation(); }

 private:
  Publisher(const Options& options, runtime::Log& log, runtime::Metrics& metrics,
            int32_t partitions);

  absl::Status OpenState();
  absl::Status WithWayOut(const absl::Status& status) const;
  absl::Status OpenModel();
  // May the log have forgotten that something left the set which the state still holds?
  absl::StatusOr<bool> MayHaveMissedRemovals();
  absl::Status OpenPartition(const runtime::TopicPartition& partition);
  void Run(std::stop_token stop);
  // As the log said last, or as far as `moment` is.
  Offsets KnownEnds(const Moment& moment) const ABSL_LOCKS_EXCLUDED(mutex_);
  // Keeps `ends_` and the lag, as far as the log says where it ends.
  void FollowEnds(const std::stop_token& stop) ABSL_LOCKS_EXCLUDED(mutex_);
  // The number of records applied. A partition whose log does not answer is tried again later, and
  // holds up no other. An error is one to stop at; what was applied until then is shown.
  absl::StatusOr<size_t> RunBatch();
  void RetryLater(size_t partition, const absl::Status& status);
  absl::StatusOr<size_t> ApplyPartition(size_t partition);
  void Show() ABSL_LOCKS_EXCLUDED(mutex_);
  void CountNew(const std::string& record);
  void Stop(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);
  void ReportSetIfDue();
  void ReportProgress(const Moment& moment);
  // `records`: how many the read gave.
  void NoteCompleteness(size_t partition, size_t records);
  void CommitFlushed();
  void AwaitFlush();

  const Options options_;
  runtime::Log& log_;
  runtime::Metrics& metrics_;
  const campaigns::CampaignNames names_;
  std::vector<runtime::TopicPartition> partitions_;
  std::unique_ptr<runtime::RocksState> state_;
  std::unique_ptr<campaigns::ReadModel> model_;

  // The thread's own.
  std::vector<RecentChange> batch_changes_;
  std::vector<Revocation> batch_revocations_;
  // When a partition that failed is read again.
  struct Retry {
    runtime::Backoff backoff;
    std::chrono::steady_clock::time_point at;
  };
  std::vector<Retry> retries_;
  // Has everything been read that the log held at the start?
  std::vector<bool> complete_;
  Offsets ends_at_start_;
  // Since when nothing has come, where something should.
  std::vector<std::optional<std::chrono::steady_clock::time_point>> empty_since_;
  int64_t batches_ = 0;
  // What will be flushed once the state has flushed this batch.
  int64_t unflushed_batch_ = 0;
  Offsets unflushed_offsets_;
  bool set_reported_ = false;
  std::chrono::steady_clock::time_point set_reported_at_;

  runtime::Pulse pulse_;
  Revocations revocations_;
  mutable absl::Mutex mutex_;
  std::shared_ptr<const Moment> latest_ ABSL_GUARDED_BY(mutex_);
  ChangeRing recent_ ABSL_GUARDED_BY(mutex_);
  absl::Status stopped_because_ ABSL_GUARDED_BY(mutex_);
  Offsets ends_ ABSL_GUARDED_BY(mutex_);
  std::jthread thread_;
  std::jthread ends_thread_;
};

}  // namespace ringfence::publish
