#include "services/publish/snapshot_image.h"

#include <utility>

namespace ringfence::publish {
namespace {

constexpr core::Id kAfterAllRows{~uint64_t{0}, 0};

core::Id After(const core::Id& id) {
  return id.lo == ~uint64_t{0} ? core::Id{id.hi + 1, 0} : core::Id{id.hi, id.lo + 1};
}

core::Id FirstOfNextType(const core::Id& id) { return {((id.hi >> 56) + 1) << 56, 0}; }

}  // namespace

ChunkWalk::ChunkWalk(std::shared_ptr<const Moment> moment, const campaigns::CampaignNames& names,
                     const Filter& filter, size_t message_bytes_max, const core::Id& from)
    : moment_(std::move(moment)),
      view_(*moment_->state, names),
      filter_(filter),
      packer_(message_bytes_max),
      next_(from) {}

std::optional<grpc::ByteBuffer> ChunkWalk::Next(size_t rows_max) {
  if (at_end_) return std::nullopt;
  at_end_ = Walk(rows_max);
  if (packer_.IsFull() || (at_end_ && !packer_.IsEmpty())) return Serialised(packer_.Take());
  return std::nullopt;
}

bool ChunkWalk::Walk(size_t rows_max) {
  bool skips_type = true;
  while (skips_type) {
    skips_type = false;
    bool stopped = false;
    view_.Rows(next_, kAfterAllRows, [&](const core::Id& id, const campaigns::Row& row) {
      const v1::IdentifierType type = core::TypeOf(id);
      if (!filter_.WantsType(type)) {
        next_ = FirstOfNextType(id);
        skips_type = true;
        return false;
      }
      stopped = rows_max == 0;
      if (stopped) return false;
      --rows_max;
      if (!row.removed && filter_.Wants(type, row.listed))
        stopped = !packer_.TryAdd(filter_.Shown(*view_.Lookup(id)));
      if (!stopped) next_ = After(id);
      return !stopped;
    });
    if (stopped) return false;
  }
  next_ = kAfterAllRows;
  return true;
}

SnapshotImage::SnapshotImage(const Options& options, std::shared_ptr<const Moment> moment,
                             const campaigns::CampaignNames& names, const Filter& filter,
                             std::chrono::steady_clock::time_point made_at,
                             std::atomic<int64_t>& budget)
    : options_(options),
      moment_(std::move(moment)),
      names_(names),
      filter_(filter),
      made_at_(made_at),
      budget_(budget),
      walk_(moment_, names_, filter_, options_.message_bytes_max) {}

SnapshotImage::~SnapshotImage() {
  const absl::MutexLock lock(&mutex_);
  budget_ += held_bytes_;
}

std::optional<grpc::ByteBuffer> SnapshotImage::Next(Place& place) {
  if (place.own) {
    std::optional<grpc::ByteBuffer> chunk = place.own->Next(options_.rows_per_step_max);
    place.at_end = !chunk && place.own->is_at_end();
    return chunk;
  }
  const absl::MutexLock lock(&mutex_);
  if (place.chunk < chunks_.size()) return chunks_[place.chunk++];
  if (closed_) {
    place.own = std::make_unique<ChunkWalk>(moment_, names_, filter_, options_.message_bytes_max,
                                            walk_.next());
    return std::nullopt;
  }
  std::optional<grpc::ByteBuffer> chunk = walk_.Next(options_.rows_per_step_max);
  if (chunk) {
    const auto bytes = static_cast<int64_t>(chunk->Length());
    held_bytes_ += bytes;
    closed_ = (budget_ -= bytes) < 0;
    chunks_.push_back(*chunk);
    ++place.chunk;
  }
  place.at_end = !chunk && walk_.is_at_end();
  return chunk;
}

}  // namespace ringfence::publish
