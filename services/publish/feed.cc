#include "services/publish/feed.h"

#include <algorithm>
#include <functional>
#include <span>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "pipelines/campaigns/read_view.h"
#include "services/publish/difference.h"
#include "services/publish/messages.h"

namespace ringfence::publish {
namespace {

// Puts in place of a node each identifier that stands on it, once and as it is now, but for those
// that have a change of their own. False where they would be more than `max`.
bool SpellOut(campaigns::ReadView& view, size_t max, std::vector<RecentChange>& changes) {
  size_t count = 0;
  absl::flat_hash_set<core::Id> known;
  for (const RecentChange& change : changes) {
    count += change.node ? view.Standers(*change.node) : 1;
    if (!change.node) known.insert(change.id);
  }
  if (count > max) return false;
  if (known.size() == changes.size()) return true;
  std::vector<RecentChange> all;
  for (const RecentChange& change : changes) {
    if (!change.node) {
      all.push_back(change);
      continue;
    }
    view.Standing(*change.node, [&](const core::Id& id, const campaigns::Row& row) {
      if (!known.insert(id).second) return true;
      all.push_back({id, row.listed, change.append_time, change.partition, change.offset});
      return true;
    });
  }
  changes = std::move(all);
  return true;
}

// A few filters, a few moments.
constexpr size_t kMadeMax = 16;
constexpr size_t kImagesMax = 16;

google::protobuf::Duration ToProto(std::chrono::seconds seconds) {
  google::protobuf::Duration duration;
  duration.set_seconds(seconds.count());
  return duration;
}

// How far one has come who has been told all of it but `left`, which is in each partition's order.
Offsets ReachedBut(std::span<const RecentChange> left, const Moment& until) {
  Offsets offsets = until.offsets;
  for (auto change = left.rbegin(); change != left.rend(); ++change)
    offsets[static_cast<size_t>(change->partition)] = change->offset;
  return offsets;
}

}  // namespace

Feed::Feed(const Options& options, const Publisher& publisher, runtime::Metrics& metrics)
    : options_(options),
      publisher_(publisher),
      metrics_(metrics),
      cursors_(options.cursor_key, publisher.incarnation(), publisher.partitions()),
      ids_(options.deployment),
      image_budget_(options.shared_snapshot_bytes_max) {}

std::shared_ptr<const Feed::Deltas> Feed::DeltasBetween(const Filter& filter, uint64_t from_changes,
                                                        const Moment& until) {
  std::string key = filter.Key();
  {
    absl::MutexLock lock(&mutex_);
    for (const Made& made : made_) {
      if (made.from == from_changes && made.until == until.changes && made.filter_key == key)
        return made.deltas;
    }
  }
  std::optional<std::vector<RecentChange>> changes =
      publisher_.ChangesBetween(from_changes, until.changes, options_.live_changes_max);
  campaigns::ReadView view(*until.state, publisher_.names());
  if (!changes || !SpellOut(view, options_.live_changes_max, *changes)) return nullptr;
  std::shared_ptr<const Deltas> deltas = Make(filter, *changes, until, view);
  absl::MutexLock lock(&mutex_);
  made_.push_back({std::move(key), from_changes, until.changes, deltas});
  if (made_.size() > kMadeMax) made_.pop_front();
  return deltas;
}

std::shared_ptr<const Feed::Deltas> Feed::Make(const Filter& filter,
                                               const std::vector<RecentChange>& changes,
                                               const Moment& until,
                                               campaigns::ReadView& view) const {
  Differences differences(view, ids_, filter, until.as_of);
  auto deltas = std::make_shared<Deltas>();
  deltas->append_time = core::kTimeMax;
  DeltaPacker packer(options_.message_bytes_max);
  const auto take = [&](Offsets offsets) {
    grpc::ByteBuffer message = Serialised(packer.Take(CursorAt(offsets, filter)));
    deltas->parts.push_back({std::move(message), std::move(offsets)});
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    Difference difference = differences.Since(changes[i]);
    if (difference.removals.empty() && !difference.upsert) continue;
    deltas->append_time = std::min(deltas->append_time, changes[i].append_time);
    if (packer.TryAdd(std::move(difference))) continue;
    take(ReachedBut(std::span(changes).subspan(i), until));
    (void)packer.TryAdd(std::move(difference));  // An empty one takes anything.
  }
  if (!packer.IsEmpty()) take(until.offsets);
  return deltas;
}

v1::SetDigest Feed::DigestAt(const Filter& filter, const Moment& moment) {
  std::string key = filter.Key();
  {
    const absl::MutexLock lock(&mutex_);
    for (const KnownDigest& known : digests_) {
      if (known.changes == moment.changes && known.filter_key == key) return known.digest;
    }
  }
  campaigns::ReadView view(*moment.state, publisher_.names());
  v1::SetDigest digest = DigestOf(view, filter);
  const absl::MutexLock lock(&mutex_);
  digests_.push_back({std::move(key), moment.changes, digest});
  if (digests_.size() > kMadeMax) digests_.pop_front();
  return digest;
}

std::shared_ptr<SnapshotImage> Feed::ImageFor(const Filter& filter,
                                              const std::shared_ptr<const Moment>& latest,
                                              const Offsets& not_before, TimePoint now) {
  std::string key = filter.Key();
  const absl::MutexLock lock(&mutex_);
  std::erase_if(images_, [](const KnownImage& known) { return known.image.expired(); });
  for (const KnownImage& known : images_) {
    std::shared_ptr<SnapshotImage> image = known.image.lock();
    if (!image || known.filter_key != key || now - image->made_at() > options_.share_snapshot_for)
      continue;
    // What was removed since must still be there to be told of.
    const Offsets& offsets = image->moment()->offsets;
    const auto reaches = [&](const Offsets& others) {
      return std::equal(offsets.begin(), offsets.end(), others.begin(), std::greater_equal<>());
    };
    if (reaches(latest->remembered_from) && reaches(not_before)) return image;
  }
  auto image = std::make_shared<SnapshotImage>(
      SnapshotImage::Options{options_.message_bytes_max, options_.rows_per_step_max}, latest,
      publisher_.names(), filter, now, image_budget_);
  images_.push_back({std::move(key), image});
  if (images_.size() > kImagesMax) images_.pop_front();
  return image;
}

v1::SubscribeResponse Feed::MakeBookmark(const Filter& filter, const Moment& moment) {
  v1::SubscribeResponse response;
  v1::Bookmark& bookmark = *response.mutable_bookmark();
  bookmark.set_cursor(CursorAt(moment.offsets, filter));
  *bookmark.mutable_digest() = DigestAt(filter, moment);
  if (moment.as_of != core::kTimeMin) *bookmark.mutable_as_of() = core::ToProto(moment.as_of);
  *bookmark.mutable_valid_for() = ToProto(LeaseOf(moment, options_.clock(), options_.valid_for));
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
