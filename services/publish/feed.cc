#include "services/publish/feed.h"

#include <algorithm>
#include <utility>

#include "pipelines/campaigns/read_view.h"
#include "services/publish/difference.h"
#include "services/publish/messages.h"

namespace ringfence::publish {
namespace {

// A few filters, a few moments.
constexpr size_t kMadeMax = 16;

google::protobuf::Duration ToProto(std::chrono::seconds seconds) {
  google::protobuf::Duration duration;
  duration.set_seconds(seconds.count());
  return duration;
}

}  // namespace

Feed::Feed(const Options& options, const Publisher& publisher, runtime::Metrics& metrics)
    : options_(options),
      publisher_(publisher),
      metrics_(metrics),
      cursors_(options.cursor_key, publisher.incarnation(), publisher.partitions()),
      ids_(options.deployment) {}

std::shared_ptr<const Feed::Deltas> Feed::DeltasBetween(const Filter& filter, uint64_t from_changes,
                                                        const Offsets& from, const Moment& until) {
  std::string key = filter.Key();
  {
    absl::MutexLock lock(&mutex_);
    for (const Made& made : made_) {
      if (made.from == from_changes && made.until == until.changes && made.filter_key == key)
        return made.deltas;
    }
  }
  const std::optional<std::vector<RecentChange>> changes =
      publisher_.ChangesBetween(from_changes, until.changes, options_.live_changes_max);
  if (!changes) return nullptr;
  std::shared_ptr<const Deltas> deltas = Make(filter, *changes, from, until);
  absl::MutexLock lock(&mutex_);
  made_.push_back({std::move(key), from_changes, until.changes, deltas});
  if (made_.size() > kMadeMax) made_.pop_front();
  return deltas;
}

std::shared_ptr<const Feed::Deltas> Feed::Make(const Filter& filter,
                                               const std::vector<RecentChange>& changes,
                                               const Offsets& from, const Moment& until) const {
  campaigns::ReadView view(*until.state, publisher_.names());
  Differences differences(view, ids_, filter, until.as_of);
  auto deltas = std::make_shared<Deltas>();
  deltas->append_time = core::kTimeMax;
  DeltaPacker packer(options_.message_bytes_max);
  for (const RecentChange& change : changes) {
    // Only the last of several has all that its cursor says.
    if (packer.IsFull())
      deltas->messages.push_back(Serialised(packer.Take(CursorAt(from, filter))));
    Difference difference = differences.Since(change);
    if (difference.removals.empty() && !difference.upsert) continue;
    deltas->append_time = std::min(deltas->append_time, change.append_time);
    packer.Add(std::move(difference));
  }
  if (!packer.IsEmpty())
    deltas->messages.push_back(Serialised(packer.Take(CursorAt(until.offsets, filter))));
  return deltas;
}

v1::SubscribeResponse Feed::MakeBookmark(const Filter& filter, const Moment& moment) {
  v1::SubscribeResponse response;
  v1::Bookmark& bookmark = *response.mutable_bookmark();
  campaigns::ReadView view(*moment.state, publisher_.names());
  bookmark.set_cursor(CursorAt(moment.offsets, filter));
  *bookmark.mutable_digest() = DigestOf(view, filter);
  if (moment.as_of != core::kTimeMin) *bookmark.mutable_as_of() = core::ToProto(moment.as_of);
  *bookmark.mutable_valid_for() = ToProto(options_.valid_for);
  return response;
}

v1::SubscribeResponse Feed::MakeSnapshotEnd(const Filter& filter, const Moment& moment) {
  v1::SubscribeResponse response;
  v1::Bookmark bookmark = std::move(*MakeBookmark(filter, moment).mutable_bookmark());
  v1::SnapshotEnd& end = *response.mutable_snapshot_end();
  end.set_cursor(bookmark.cursor());
  *end.mutable_digest() = std::move(*bookmark.mutable_digest());
  if (bookmark.has_as_of()) *end.mutable_as_of() = bookmark.as_of();
  *end.mutable_valid_for() = bookmark.valid_for();
  return response;
}

}  // namespace ringfence::publish
