#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pipelines/campaigns/read_view.h"
#include "ringfence/v1/indicator_service.pb.h"
#include "services/publish/feed.h"
#include "services/publish/filter.h"
#include "services/publish/messages.h"
#include "services/publish/moment.h"
#include "services/publish/snapshot_image.h"

namespace ringfence::publish {

// One subscriber's way through the set: what to send next, whenever there is room to send. It holds
// a position and at most a few messages, never a queue: who is slow gets what is so by then.
//
//   opening ──▶ snapshot ──▶ live ◀──▶ catching up (too far behind for recent changes)
//      └──────▶ catching up ──┘ └──▶ snapshot (what was removed is not remembered any more)
//
// Used by one thread at a time.
class Subscription {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  struct Send {
    grpc::ByteBuffer message;
  };
  // Nothing to send before the publisher has another moment, or this time.
  struct Wait {
    TimePoint until;
  };
  // The end of the stream, after a last message if there is one. Ok only after Bye.
  struct End {
    std::optional<grpc::ByteBuffer> last;
    absl::Status status;
  };
  using Step = std::variant<Send, Wait, End>;

  // `feed` must outlive it. kInvalidArgument names the field.
  static absl::StatusOr<std::unique_ptr<Subscription>> Open(const v1::SubscribeRequest& request,
                                                            const Viewer& viewer, Feed& feed);

  Step Next(TimePoint now);

  const std::string& consumer() const { return consumer_; }
  const Filter& filter() const { return filter_; }
  // What it is at, as a word for operators, and what has been sent in full; null: nothing yet.
  const char* phase() const;
  const Offsets* sent() const { return position_ ? &position_->offsets : nullptr; }

  // The next step is the end: Bye with a cursor where there is one, else kUnavailable.
  void Close(std::string reason) { closing_ = std::move(reason); }
  // The same as soon as all of a snapshot, or of what was missed, has been sent.
  void CloseWhenLive(std::string reason) { retiring_ = std::move(reason); }

  // Before each snapshot `hold` is asked for a place, which is let go once it has been sent; the
  // stream ends with RESOURCE_EXHAUSTED where it gives null.
  void AskForSnapshots(std::function<std::shared_ptr<const void>()> hold) {
    hold_snapshot_ = std::move(hold);
  }

 private:
  // What the subscriber has been sent in full.
  struct Position {
    Offsets offsets;
    uint64_t changes = 0;
  };
  // A snapshot on its way.
  struct Reading {
    std::shared_ptr<SnapshotImage> image;
    SnapshotImage::Place place;
    TimePoint began;
    // In its caller's quota.
    std::shared_ptr<const void> held;
  };
  // A way through what was missed, in the state at one moment: partition and offsets reached.
  struct Walk {
    std::shared_ptr<const Moment> moment;
    std::unique_ptr<campaigns::ReadView> view;
    TimePoint began;
    size_t partition = 0;
    // All that records below left behind has been packed; of that at it, what comes up to `within`.
    Offsets reached;
    std::optional<core::Id> within;
  };
  struct Pending {
    grpc::ByteBuffer message;
    // Where it leads to; of a bookmark nothing.
    std::optional<Offsets> offsets;
  };
  enum class Phase { kOpening, kSnapshot, kCatchingUp, kLive };

  Subscription(const v1::SubscribeRequest& request, const Filter& filter, Feed& feed)
      : filter_(filter),
        cursor_(request.cursor()),
        consumer_(request.consumer()),
        fail_if_stale_(request.fail_if_stale()),
        feed_(feed) {}

  // Each one step of a phase; nothing where the next phase is to be asked.
  std::optional<Step> Opening(TimePoint now);
  std::optional<Step> Snapshot(TimePoint now);
  std::optional<Step> CatchingUp(TimePoint now);
  std::optional<Step> Live(TimePoint now);

  // `held`: what the subscriber has been sent before, as far as it is known.
  Step BeginSnapshot(std::shared_ptr<const Moment> moment, const char* reason, const Offsets& held,
                     TimePoint now);
  void BeginCatchingUp(std::shared_ptr<const Moment> moment, Offsets from, TimePoint now);
  // Takes up what comes after `offsets`, which may be too long ago.
  std::optional<Step> TakeUp(std::shared_ptr<const Moment> moment, Offsets offsets, TimePoint now);
  Step Bookmark(const Moment& moment, TimePoint now);
  Step SendDelta(grpc::ByteBuffer message);
  Step SayBye(const std::string& reason);
  bool IsTooSlow(TimePoint began, TimePoint now) const;
  // False where rows are left, but not for this step.
  bool WalkChanges(DeltaPacker& packer);

  const Filter filter_;
  const std::string cursor_;
  const std::string consumer_;
  const bool fail_if_stale_;
  std::function<std::shared_ptr<const void>()> hold_snapshot_;
  Feed& feed_;

  Phase phase_ = Phase::kOpening;
  std::optional<std::string> closing_;
  std::optional<std::string> retiring_;
  std::optional<Position> position_;
  std::optional<Reading> reading_;
  std::optional<Walk> walk_;
  DeltaPacker delta_{feed_.options().message_bytes_max};
  // Deltas on the way, and how many changes they lead to; a bookmark behind them where one is due.
  std::deque<Pending> pending_;
  uint64_t changes_ahead_ = 0;
  TimePoint bookmark_due_;
};

}  // namespace ringfence::publish
