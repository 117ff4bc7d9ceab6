#include "services/client/follower.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ringfence::client {
namespace {

constexpr std::chrono::milliseconds kFirstPause{100};
constexpr std::chrono::milliseconds kLongestPause{5'000};

std::chrono::milliseconds Milliseconds(const google::protobuf::Duration& duration) {
  return std::chrono::milliseconds(duration.seconds() * 1'000 + duration.nanos() / 1'000'000);
}

}  // namespace

bool IsPassing(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kAborted:
    // The log has no room: an operator can make some.
    case absl::StatusCode::kResourceExhausted:
      return true;
    default:
      return false;
  }
}

Follower::Follower(const Options& options, World world, SetFile* file)
    : options_(options), world_(std::move(world)), file_(file) {
  if (file_ != nullptr) content_ = file_->TakeContent();
}

absl::Status Follower::Run() {
  for (;;) {
    v1::SubscribeRequest request = options_.request;
    request.set_cursor(content_.cursor);
    incoming_.Clear();
    in_snapshot_ = false;
    bye_pause_ = {};
    Next next = Next::kReadOn;
    const absl::Status ended = world_.stream(request, [&](const v1::SubscribeResponse& event) {
      next = Take(event);
      return next == Next::kReadOn;
    });
    if (!status_.ok()) return status_;
    if (next == Next::kDone || absl::IsCancelled(ended)) return absl::OkStatus();
    if (next == Next::kReadOn && !ended.ok() && !IsPassing(ended)) return ended;
    if (!was_whole_ && waited_ >= options_.retry_for) {
      return ended.ok() ? absl::UnavailableError("the server says goodbye all the time") : ended;
    }
    if (!WaitBeforeNext(ended, next)) return absl::OkStatus();
  }
}

bool Follower::WaitBeforeNext(const absl::Status& ended, Next next) {
  if (next == Next::kSubscribeAgain) return true;
  pause_ = std::clamp(pause_ * 2, kFirstPause, kLongestPause);
  std::chrono::milliseconds pause = std::max(pause_, bye_pause_);
  waited_ += pause;
  // What the server asks for at least, and up to half as much again; else half to the whole.
  if (world_.chance) {
    const std::chrono::milliseconds least = bye_pause_ >= pause_ ? bye_pause_ : pause / 2;
    pause = least + std::chrono::milliseconds(static_cast<int64_t>(
                        world_.chance() * static_cast<double>(pause.count() - pause.count() / 2)));
  }
  world_.remark(fmt::format("the stream ended ({}); again in {} ms",
                            ended.ok() ? "goodbye" : std::string(ended.message()), pause.count()));
  return world_.wait(pause);
}

Follower::Next Follower::Take(const v1::SubscribeResponse& event) {
  world_.show(event);
  pause_ = {};
  switch (event.event_case()) {
    case v1::SubscribeResponse::kSnapshotBegin:
      in_snapshot_ = true;
      incoming_.Clear();
      return Next::kReadOn;
    case v1::SubscribeResponse::kSnapshotChunk:
      for (const v1::Indicator& indicator : event.snapshot_chunk().indicators())
        Put(indicator, incoming_);
      return Next::kReadOn;
    case v1::SubscribeResponse::kSnapshotEnd:
      return EndSnapshot(event.snapshot_end());
    case v1::SubscribeResponse::kDelta:
      return TakeDelta(event.delta());
    case v1::SubscribeResponse::kBookmark:
      if (!content_.set.Equals(event.bookmark().digest()))
        return TakeAnew(event.bookmark().digest(), content_.set.size());
      return TakeWhole(event.bookmark().cursor(), event.bookmark().valid_for());
    case v1::SubscribeResponse::kBye:
      bye_pause_ = Milliseconds(event.bye().retry_after());
      return Next::kReadOn;
    case v1::SubscribeResponse::EVENT_NOT_SET:
      break;
  }
  // Of a later release.
  return Next::kReadOn;
}

void Follower::Put(const v1::Indicator& indicator, Set& set) const {
  set.Put(indicator.indicator_id(), indicator.revision(),
          options_.keep_indicators ? indicator.SerializeAsString() : "");
}

Follower::Next Follower::EndSnapshot(const v1::SnapshotEnd& end) {
  if (!in_snapshot_) {
    status_ = absl::InternalError("the server ended a snapshot that it had not begun");
    return Next::kDone;
  }
  in_snapshot_ = false;
  // The old set stays until the new one is whole.
  if (!incoming_.Equals(end.digest())) return TakeAnew(end.digest(), incoming_.size());
  content_.set = std::exchange(incoming_, {});
  if (file_ != nullptr) {
    file_->Clear();
    for (const auto& [indicator_id, member] : content_.set.members())
      file_->Put(indicator_id, member.revision, member.bytes);
  }
  if (world_.replaced) world_.replaced(content_.set);
  return TakeWhole(end.cursor(), end.valid_for());
}

Follower::Next Follower::TakeDelta(const v1::Delta& delta) {
  for (const v1::Removal& removal : delta.removals()) {
    content_.set.Remove(removal.indicator_id());
    if (file_ != nullptr) file_->Remove(removal.indicator_id());
  }
  for (const v1::Indicator& indicator : delta.upserts()) {
    Put(indicator, content_.set);
    if (file_ == nullptr) continue;
    const std::string& id = indicator.indicator_id();
    file_->Put(id, indicator.revision(), content_.set.members().at(id).bytes);
  }
  if (world_.changed) world_.changed(delta, content_.set);
  Keep(delta.cursor());
  if (!status_.ok()) return Next::kDone;
  // What was taken back is waited for.
  if (world_.applied && !delta.removals().empty()) world_.applied(delta.cursor());
  return Next::kReadOn;
}

Follower::Next Follower::TakeWhole(const std::string& cursor,
                                   const google::protobuf::Duration& valid_for) {
  mismatches_ = 0;
  was_whole_ = true;
  lease_until_ =
      (world_.now ? world_.now() : std::chrono::steady_clock::now()) + Milliseconds(valid_for);
  Keep(cursor);
  if (!status_.ok()) return Next::kDone;
  if (world_.applied) world_.applied(cursor);
  return options_.once ? Next::kDone : Next::kReadOn;
}

Follower::Next Follower::TakeAnew(const v1::SetDigest& digest, size_t held) {
  if (++mismatches_ > options_.mismatches_max) {
    status_ = absl::DataLossError("the set differs from the server's, again and again");
    return Next::kDone;
  }
  world_.remark(
      fmt::format("the set differs from the server's ({} indicators here, {} there): taking all "
                  "of it anew",
                  held, digest.count()));
  Keep("");
  return status_.ok() ? Next::kSubscribeAgain : Next::kDone;
}

void Follower::Keep(const std::string& cursor) {
  content_.cursor = cursor;
  if (file_ != nullptr) status_.Update(file_->Commit(cursor, content_.set));
}

}  // namespace ringfence::client
