#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "pipelines/campaigns/campaign_names.h"
#include "pipelines/campaigns/read_view.h"
#include "pipelines/core/id.h"
#include "services/publish/filter.h"
#include "services/publish/messages.h"
#include "services/publish/moment.h"

namespace ringfence::publish {

// Goes through the rows of one moment that come through a filter, and packs them into chunks. Owned
// by one thread at a time.
class ChunkWalk {
 public:
  // `names` must outlive it.
  ChunkWalk(std::shared_ptr<const Moment> moment, const campaigns::CampaignNames& names,
            const Filter& filter, size_t message_bytes_max, const core::Id& from = {});

  // The next chunk; nothing where `rows_max` rows have been looked at, or at the end.
  std::optional<grpc::ByteBuffer> Next(size_t rows_max);
  bool is_at_end() const { return at_end_; }
  // Behind the last chunk: where another walk goes on.
  const core::Id& next() const { return next_; }

 private:
  // False where rows are left, but not for this step.
  bool Walk(size_t rows_max);

  const std::shared_ptr<const Moment> moment_;
  campaigns::ReadView view_;
  const Filter filter_;
  ChunkPacker packer_;
  core::Id next_;
  bool at_end_ = false;
};

// A snapshot that subscribers who begin at about the same time share: each chunk is made and
// serialised once, by the first who comes to it. What does not fit into `budget`, bytes that all
// images together may still hold, each makes for himself. Thread-safe.
class SnapshotImage {
 public:
  struct Options {
    size_t message_bytes_max = 0;
    size_t rows_per_step_max = 0;
  };

  // `names` and `budget` must outlive it.
  SnapshotImage(const Options& options, std::shared_ptr<const Moment> moment,
                const campaigns::CampaignNames& names, const Filter& filter,
                std::chrono::steady_clock::time_point made_at, std::atomic<int64_t>& budget);
  ~SnapshotImage();
  SnapshotImage(const SnapshotImage&) = delete;
  SnapshotImage& operator=(const SnapshotImage&) = delete;

  // One reader's place.
  struct Place {
    size_t chunk = 0;
    // Where he goes on alone.
    std::unique_ptr<ChunkWalk> own;
    bool at_end = false;
  };
  // The chunk at a place, which moves on; nothing where it takes another step, or at the end.
  std::optional<grpc::ByteBuffer> Next(Place& place) ABSL_LOCKS_EXCLUDED(mutex_);

  const std::shared_ptr<const Moment>& moment() const { return moment_; }
  std::chrono::steady_clock::time_point made_at() const { return made_at_; }

 private:
  const Options options_;
  const std::shared_ptr<const Moment> moment_;
  const campaigns::CampaignNames& names_;
  const Filter filter_;
  const std::chrono::steady_clock::time_point made_at_;
  std::atomic<int64_t>& budget_;

  absl::Mutex mutex_;
  std::vector<grpc::ByteBuffer> chunks_ ABSL_GUARDED_BY(mutex_);
  int64_t held_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  // What is behind the chunks; as far as they go.
  ChunkWalk walk_ ABSL_GUARDED_BY(mutex_);
  // No more chunks are kept; a reader goes on alone from where the walk is.
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace ringfence::publish
