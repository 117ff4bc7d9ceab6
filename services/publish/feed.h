#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "pipelines/core/id.h"
#include "pipelines/core/time.h"
#include "ringfence/v1/indicator_service.pb.h"
#include "services/publish/cursor.h"
#include "services/publish/filter.h"
#include "services/publish/lease.h"
#include "services/publish/moment.h"
#include "services/publish/publisher.h"
#include "services/publish/snapshot_image.h"
#include "services/runtime/metrics.h"

namespace ringfence::publish {

// What subscriptions have in common: cursors, digests, and the latest Deltas, each made and
// serialised once for all streams with one filter. Thread-safe.
class Feed {
 public:
  struct Options {
    // Signs cursors; the same on every replica.
    std::string cursor_key;
    // As in canonical-forms, "Indicator id".
    std::string deployment = "local";
    // Nanoseconds since the Unix epoch, as the log's append times.
    std::function<core::Time()> clock;
    std::chrono::milliseconds bookmark_every{10'000};
    std::chrono::seconds valid_for = kValidFor;
    // Messages have at most as many bytes, and a cursor of a few kilobytes beside: 256 KiB is what
    // is promised.
    size_t message_bytes_max = size_t{250} << 10;
    // Who is further behind than this many changes gets them from the state, bit by bit.
    size_t live_changes_max = 4'096;
    // Rows that are looked at between two messages, so that other streams get their turn.
    size_t rows_per_step_max = 20'000;
    // Who asks for a snapshot shares one that another is still reading, if it is no older.
    std::chrono::milliseconds share_snapshot_for{10'000};
    // What shared snapshots may hold in memory, together.
    int64_t shared_snapshot_bytes_max = int64_t{128} << 20;
    // Who has not read a snapshot, or what he missed, by then is sent away.
    std::chrono::milliseconds catch_up_within{600'000};
  };

  // `publisher` and `metrics` must outlive it.
  Feed(const Options& options, const Publisher& publisher, runtime::Metrics& metrics);

  // All Deltas that take those who hold what comes through `filter` after `from_changes` changes to
  // a later moment. Null where that is too far back or too much.
  struct Deltas {
    struct Part {
      grpc::ByteBuffer message;
      // Of its cursor: nothing of what later parts say stands before.
      Offsets offsets;
    };
    std::vector<Part> parts;
    // Of the first record among those that caused them.
    core::Time append_time = 0;
  };
  using TimePoint = std::chrono::steady_clock::time_point;
  // What a snapshot for this filter is to be sent from: one that is young enough and nowhere before
  // `not_before`, so that nobody is led back, or a new one of `latest`.
  std::shared_ptr<SnapshotImage> ImageFor(const Filter& filter,
                                          const std::shared_ptr<const Moment>& latest,
                                          const Offsets& not_before, TimePoint now)
      ABSL_LOCKS_EXCLUDED(mutex_);
  std::shared_ptr<const Deltas> DeltasBetween(const Filter& filter, uint64_t from_changes,
                                              const Moment& until) ABSL_LOCKS_EXCLUDED(mutex_);

  v1::SubscribeResponse MakeBookmark(const Filter& filter, const Moment& moment)
      ABSL_LOCKS_EXCLUDED(mutex_);
  v1::SubscribeResponse MakeSnapshotEnd(const Filter& filter, const Moment& moment)
      ABSL_LOCKS_EXCLUDED(mutex_);
  std::string CursorAt(const Offsets& offsets, const Filter& filter) const {
    return cursors_.Encode(offsets, filter.Key());
  }

  const Options& options() const { return options_; }
  const Publisher& publisher() const { return publisher_; }
  const Cursors& cursors() const { return cursors_; }
  const core::IndicatorNamespace& ids() const { return ids_; }
  runtime::Metrics& metrics() const { return metrics_; }

 private:
  struct Made {
    std::string filter_key;
    uint64_t from = 0;
    uint64_t until = 0;
    std::shared_ptr<const Deltas> deltas;
  };
  std::shared_ptr<const Deltas> Make(const Filter& filter, const std::vector<RecentChange>& changes,
                                     const Moment& until, campaigns::ReadView& view) const;

  // As DigestOf, once for all streams with one filter.
  v1::SetDigest DigestAt(const Filter& filter, const Moment& moment) ABSL_LOCKS_EXCLUDED(mutex_);

  struct KnownDigest {
    std::string filter_key;
    uint64_t changes = 0;
    v1::SetDigest digest;
  };
  struct KnownImage {
    std::string filter_key;
    // Shared by those who read it, and gone with the last.
    std::weak_ptr<SnapshotImage> image;
  };

  const Options options_;
  const Publisher& publisher_;
  runtime::Metrics& metrics_;
  const Cursors cursors_;
  const core::IndicatorNamespace ids_;

  absl::Mutex mutex_;
  // The latest last.
  std::deque<Made> made_ ABSL_GUARDED_BY(mutex_);
  std::deque<KnownDigest> digests_ ABSL_GUARDED_BY(mutex_);
  std::deque<KnownImage> images_ ABSL_GUARDED_BY(mutex_);
  std::atomic<int64_t> image_budget_;
};

}  // namespace ringfence::publish
