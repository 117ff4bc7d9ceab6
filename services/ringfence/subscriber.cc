#include "services/ringfence/subscriber.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "services/ringfence/client.h"

namespace ringfence::cli {
namespace {

constexpr std::chrono::milliseconds kFirstPause{100};
constexpr std::chrono::milliseconds kLongestPause{5'000};

std::chrono::milliseconds Milliseconds(const google::protobuf::Duration& duration) {
  return std::chrono::milliseconds(duration.seconds() * 1'000 + duration.nanos() / 1'000'000);
}

}  // namespace

Subscriber::Subscriber(const Options& options, World world, SubscriptionFile* file)
    : options_(options), world_(std::move(world)), file_(file) {
  if (file_ != nullptr) content_ = file_->TakeContent();
}

absl::Status Subscriber::Run() {
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

bool Subscriber::WaitBeforeNext(const absl::Status& ended, Next next) {
  if (next == Next::kSubscribeAgain) return true;
  pause_ = std::clamp(pause_ * 2, kFirstPause, kLongestPause);
  const std::chrono::milliseconds pause = std::max(pause_, bye_pause_);
  world_.remark(fmt::format("the stream ended ({}); again in {} ms",
                            ended.ok() ? "goodbye" : std::string(ended.message()), pause.count()));
  waited_ += pause;
  return world_.wait(pause);
}

Subscriber::Next Subscriber::Take(const v1::SubscribeResponse& event) {
  world_.show(event);
  pause_ = {};
  switch (event.event_case()) {
    case v1::SubscribeResponse::kSnapshotBegin:
      in_snapshot_ = true;
      incoming_.Clear();
      return Next::kReadOn;
    case v1::SubscribeResponse::kSnapshotChunk:
      for (const v1::Indicator& indicator : event.snapshot_chunk().indicators())
        incoming_.Put(indicator.indicator_id(), indicator.revision());
      return Next::kReadOn;
    case v1::SubscribeResponse::kSnapshotEnd:
      return EndSnapshot(event.snapshot_end());
    case v1::SubscribeResponse::kDelta:
      return TakeDelta(event.delta());
    case v1::SubscribeResponse::kBookmark:
      return Check(event.bookmark().digest(), event.bookmark().cursor());
    case v1::SubscribeResponse::kBye:
      bye_pause_ = Milliseconds(event.bye().retry_after());
      return Next::kReadOn;
    case v1::SubscribeResponse::EVENT_NOT_SET:
      break;
  }
  // Of a later release.
  return Next::kReadOn;
}

Subscriber::Next Subscriber::EndSnapshot(const v1::SnapshotEnd& end) {
  if (!in_snapshot_) {
    status_ = absl::InternalError("the server ended a snapshot that it had not begun");
    return Next::kDone;
  }
  in_snapshot_ = false;
  // The old set stays until the new one is whole.
  content_.set = std::exchange(incoming_, {});
  if (file_ != nullptr) {
    file_->Clear();
    for (const auto& [indicator_id, revision] : content_.set.revisions())
      file_->Put(indicator_id, revision);
  }
  return Check(end.digest(), end.cursor());
}

Subscriber::Next Subscriber::TakeDelta(const v1::Delta& delta) {
  for (const v1::Removal& removal : delta.removals()) {
    content_.set.Remove(removal.indicator_id());
    if (file_ != nullptr) file_->Remove(removal.indicator_id());
  }
  for (const v1::Indicator& indicator : delta.upserts()) {
    content_.set.Put(indicator.indicator_id(), indicator.revision());
    if (file_ != nullptr) file_->Put(indicator.indicator_id(), indicator.revision());
  }
  Keep(delta.cursor());
  return status_.ok() ? Next::kReadOn : Next::kDone;
}

Subscriber::Next Subscriber::Check(const v1::SetDigest& digest, const std::string& cursor) {
  if (content_.set.Equals(digest)) {
    mismatches_ = 0;
    was_whole_ = true;
    Keep(cursor);
    return options_.once || !status_.ok() ? Next::kDone : Next::kReadOn;
  }
  if (++mismatches_ > options_.mismatches_max) {
    status_ = absl::DataLossError("the set differs from the server's, again and again");
    return Next::kDone;
  }
  world_.remark(
      fmt::format("the set differs from the server's ({} indicators here, {} there): taking all "
                  "of it anew",
                  content_.set.size(), digest.count()));
  content_.set.Clear();
  if (file_ != nullptr) file_->Clear();
  Keep("");
  return status_.ok() ? Next::kSubscribeAgain : Next::kDone;
}

void Subscriber::Keep(const std::string& cursor) {
  content_.cursor = cursor;
  if (file_ != nullptr) status_.Update(file_->Commit(cursor, content_.set));
}

}  // namespace ringfence::cli
