#include "services/publish/subscription.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "services/publish/consumers.h"
#include "services/publish/difference.h"
#include "services/runtime/logging.h"

namespace ringfence::publish {
namespace {

using runtime::Metric;

constexpr std::chrono::milliseconds kAskAgain{100};
constexpr int64_t kRetryAfterSeconds = 1;

bool IsAhead(const Offsets& offsets, const Offsets& of) {
  return !std::equal(offsets.begin(), offsets.end(), of.begin(), std::less_equal<>());
}

}  // namespace

absl::StatusOr<std::unique_ptr<Subscription>> Subscription::Open(
    const v1::SubscribeRequest& request, const Viewer& viewer, Feed& feed) {
  if (absl::Status status = CheckConsumerName(request.consumer()); !status.ok()) return status;
  const absl::StatusOr<Filter> filter = MakeFilter(request.filter(), viewer);
  if (!filter.ok()) return filter.status();
  return std::unique_ptr<Subscription>(new Subscription(request, *filter, feed));
}

const char* Subscription::phase() const {
  switch (phase_) {
    case Phase::kOpening:
      return "opening";
    case Phase::kSnapshot:
      return "snapshot";
    case Phase::kCatchingUp:
      return "catching_up";
    case Phase::kLive:
      break;
  }
  return "live";
}

Subscription::Step Subscription::Next(TimePoint now) {
  if (closing_) return SayBye(*closing_);
  if (absl::Status health = feed_.publisher().Health(); !health.ok()) {
    return End{{}, absl::UnavailableError("the set is not kept up to date here any more")};
  }
  for (;;) {
    std::optional<Step> step;
    switch (phase_) {
      case Phase::kOpening:
        step = Opening(now);
        break;
      case Phase::kSnapshot:
        step = Snapshot(now);
        break;
      case Phase::kCatchingUp:
        step = CatchingUp(now);
        break;
      case Phase::kLive:
        step = Live(now);
        break;
    }
    if (step) return *std::move(step);
  }
}

std::optional<Subscription::Step> Subscription::Opening(TimePoint now) {
  std::shared_ptr<const Moment> moment = feed_.publisher().Latest();
  // A short list is worse than none.
  if (!moment->complete) return Wait{now + kAskAgain};
  const Offsets nothing(moment->offsets.size(), 0);
  if (cursor_.empty()) return BeginSnapshot(moment, "none", nothing, now);
  std::optional<Cursor> cursor = feed_.cursors().Decode(cursor_);
  if (!cursor) return BeginSnapshot(moment, "invalid", moment->offsets, now);
  if (cursor->filter_hash != Cursors::HashOf(filter_.Key()))
    return BeginSnapshot(moment, "filter_changed", moment->offsets, now);
  if (!IsAhead(cursor->offsets, moment->offsets))
    return TakeUp(std::move(moment), std::move(cursor->offsets), now);
  const absl::StatusOr<bool> is_beyond = feed_.publisher().IsBeyondLog(cursor->offsets);
  if (is_beyond.ok() && *is_beyond) return BeginSnapshot(moment, "invalid", moment->offsets, now);
  // From a replica that is ahead of this one.
  return Wait{now + kAskAgain};
}

std::optional<Subscription::Step> Subscription::TakeUp(std::shared_ptr<const Moment> moment,
                                                       Offsets offsets, TimePoint now) {
  if (IsAhead(moment->remembered_from, offsets)) {
    if (!fail_if_stale_) return BeginSnapshot(std::move(moment), "stale", offsets, now);
    return End{{}, absl::OutOfRangeError("cursor: older than what is remembered of removals")};
  }
  BeginCatchingUp(std::move(moment), std::move(offsets), now);
  return std::nullopt;
}

Subscription::Step Subscription::BeginSnapshot(std::shared_ptr<const Moment> moment,
                                               const char* reason, const Offsets& held,
                                               TimePoint now) {
  std::shared_ptr<const void> place;
  if (hold_snapshot_) {
    place = hold_snapshot_();
    if (!place)
      return End{{}, absl::ResourceExhaustedError("past the caller's quota of snapshots")};
  }
  reading_ = Reading{feed_.ImageFor(filter_, moment, held, now), {}, now, std::move(place)};
  phase_ = Phase::kSnapshot;
  position_.reset();
  feed_.metrics().Add(Metric::kSnapshots, {{"reason", reason}});
  runtime::LogLine(runtime::LogLevel::kInfo, "snapshot begins",
                   {{"consumer", consumer_}, {"reason", std::string(reason)}});
  v1::SubscribeResponse response;
  response.mutable_snapshot_begin()->set_reason(reason);
  return Send{Serialised(response)};
}

void Subscription::BeginCatchingUp(std::shared_ptr<const Moment> moment, Offsets from,
                                   TimePoint now) {
  Walk walk;
  walk.view = std::make_unique<campaigns::ReadView>(*moment->state, feed_.publisher().names());
  walk.moment = std::move(moment);
  walk.began = now;
  walk.reached = from;
  walk_ = std::move(walk);
  phase_ = Phase::kCatchingUp;
  position_ = Position{std::move(from), 0};
}

bool Subscription::IsTooSlow(TimePoint began, TimePoint now) const {
  return now - began > feed_.options().catch_up_within;
}

std::optional<Subscription::Step> Subscription::Snapshot(TimePoint now) {
  if (IsTooSlow(reading_->began, now))
    return End{{}, absl::AbortedError("the snapshot was read too slowly")};
  if (std::optional<grpc::ByteBuffer> chunk = reading_->image->Next(reading_->place))
    return Send{*std::move(chunk)};
  if (!reading_->place.at_end) return Wait{now};
  const std::shared_ptr<const Moment> moment = reading_->image->moment();
  reading_.reset();
  phase_ = Phase::kLive;
  position_ = Position{moment->offsets, moment->changes};
  bookmark_due_ = now + feed_.options().bookmark_every;
  return Send{Serialised(feed_.MakeSnapshotEnd(filter_, *moment))};
}

std::optional<Subscription::Step> Subscription::CatchingUp(TimePoint now) {
  if (IsTooSlow(walk_->began, now)) return SayBye("slow");
  const bool is_done = WalkChanges(delta_);
  if (is_done) walk_->reached = walk_->moment->offsets;
  if (delta_.IsFull() || (is_done && !delta_.IsEmpty())) {
    position_->offsets = walk_->reached;
    return SendDelta(Serialised(delta_.Take(feed_.CursorAt(walk_->reached, filter_))));
  }
  if (!is_done) return Wait{now};
  position_ = Position{walk_->moment->offsets, walk_->moment->changes};
  walk_.reset();
  phase_ = Phase::kLive;
  // At once.
  bookmark_due_ = now;
  return std::nullopt;
}

bool Subscription::WalkChanges(DeltaPacker& packer) {
  size_t left = feed_.options().rows_per_step_max;
  const Moment& moment = *walk_->moment;
  Differences differences(*walk_->view, feed_.ids(), filter_, moment.as_of);
  for (; walk_->partition < moment.offsets.size(); ++walk_->partition) {
    int64_t& reached = walk_->reached[walk_->partition];
    bool stopped = false;
    const auto pack = [&](const core::Id& id, const campaigns::Row& row) {
      if (row.offset > reached) walk_->within.reset();
      reached = row.offset;
      stopped = left-- == 0 || !packer.TryAdd(differences.SinceSomeTime(id, row));
      if (!stopped) walk_->within = id;
      return !stopped;
    };
    const std::optional<core::Id> within = walk_->within;
    walk_->view->Changes(static_cast<int32_t>(walk_->partition), reached, pack, within);
    if (stopped) return false;
    reached = moment.offsets[walk_->partition];
    walk_->within.reset();
  }
  return true;
}

std::optional<Subscription::Step> Subscription::Live(TimePoint now) {
  if (!pending_.empty()) {
    Pending next = std::move(pending_.front());
    pending_.pop_front();
    // A bookmark behind the last delta says no more.
    if (pending_.empty() || !pending_.front().offsets) position_->changes = changes_ahead_;
    if (!next.offsets) return Send{std::move(next.message)};
    position_->offsets = *std::move(next.offsets);
    return SendDelta(std::move(next.message));
  }
  if (retiring_) return SayBye(*retiring_);
  std::shared_ptr<const Moment> moment = feed_.publisher().Latest();
  if (moment->changes == position_->changes) {
    if (now >= bookmark_due_) return Bookmark(*moment, now);
    return Wait{bookmark_due_};
  }
  // What was removed since is still there to be told of?
  const bool is_remembered = !IsAhead(moment->remembered_from, position_->offsets);
  std::shared_ptr<const Feed::Deltas> deltas;
  if (is_remembered) {
    deltas = feed_.DeltasBetween(filter_, position_->changes, *moment);
  }
  if (!deltas) return TakeUp(std::move(moment), position_->offsets, now);
  if (deltas->parts.empty()) {
    position_ = Position{moment->offsets, moment->changes};
    return std::nullopt;
  }
  changes_ahead_ = moment->changes;
  for (const Feed::Deltas::Part& part : deltas->parts)
    pending_.push_back({part.message, part.offsets});
  // One who reads slower than changes come would never have them all.
  if (now >= bookmark_due_) {
    pending_.push_back({Serialised(feed_.MakeBookmark(filter_, *moment)), std::nullopt});
    bookmark_due_ = now + feed_.options().bookmark_every;
  }
  const core::Time took = feed_.options().clock() - deltas->append_time;
  feed_.metrics().Observe(Metric::kDeliverySeconds, {},
                          static_cast<double>(took) / static_cast<double>(core::kSecond));
  return std::nullopt;
}

Subscription::Step Subscription::Bookmark(const Moment& moment, TimePoint now) {
  position_->offsets = moment.offsets;
  bookmark_due_ = now + feed_.options().bookmark_every;
  return Send{Serialised(feed_.MakeBookmark(filter_, moment))};
}

Subscription::Step Subscription::SendDelta(grpc::ByteBuffer message) {
  feed_.metrics().Add(Metric::kDeltas, {});
  return Send{std::move(message)};
}

Subscription::Step Subscription::SayBye(const std::string& reason) {
  if (!position_) return End{{}, absl::UnavailableError("no set could be sent: " + reason)};
  v1::SubscribeResponse response;
  v1::Bye& bye = *response.mutable_bye();
  bye.set_cursor(feed_.CursorAt(position_->offsets, filter_));
  bye.mutable_retry_after()->set_seconds(kRetryAfterSeconds);
  bye.set_reason(reason);
  return End{Serialised(response), absl::OkStatus()};
}

}  // namespace ringfence::publish
