#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "pipelines/components/components.h"
#include "pipelines/core/id.h"
#include "pipelines/core/place.h"
#include "pipelines/core/stage.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::dedupe {

// What dedupe says to itself.
using OwnMessage = std::variant<internal::v1::BlockEntry, internal::v1::BlockNews,
                                internal::v1::PeerFacts, internal::v1::NodeMessage>;

// Where the messages of one record go: those to the same partition are applied right after the
// record that caused them, up to a number, and until `places_soft_max` places are used up; the rest
// go through the log. Gives places.
class Post {
 public:
  Post(uint32_t partition, uint32_t own_messages_max, uint32_t places_soft_max)
      : partition_(partition),
        own_messages_max_(own_messages_max),
        places_soft_max_(places_soft_max) {}

  // `output` must live until the next call, or the end of the batch.
  void Begin(int64_t offset, core::Output& output);

  // Above all earlier ones. Of a record that ran out of places every further one is its last, and
  // an error.
  core::Place NextPlace() {
    return core::MakePlace(offset_, std::min(index_++, core::kPlaceIndexMax));
  }
  bool ran_out() const { return index_ > core::kPlaceIndexMax + 1; }

  void Send(internal::v1::BlockEntry entry);
  // To reports of that partition.
  void Send(internal::v1::BlockNews news, uint32_t partition);
  void Send(internal::v1::PeerFacts facts);
  void Send(internal::v1::NodeMessage message);
  void Send(internal::v1::Evidence evidence);
  // To the hold's partition of cluster.
  void Send(internal::v1::ReferralEntry entry);
  void ContinueSweep();
  void ContinueReview();
  void ContinueHolds();
  void ContinueAnnounce(const components::NodeKey& node);

  // Of dedupe, where what is told to a report or a block goes.
  uint32_t PartitionOf(const core::Id& id) const { return core::PartitionOf(id, partitions_); }

  // The next of the messages to the same partition.
  std::optional<OwnMessage> TakeOwn();

 private:
  static void Add(internal::v1::BlockEntry message, internal::v1::Envelope& envelope);
  static void Add(internal::v1::BlockNews message, internal::v1::Envelope& envelope);
  static void Add(internal::v1::PeerFacts message, internal::v1::Envelope& envelope);
  static void Add(internal::v1::NodeMessage message, internal::v1::Envelope& envelope);

  template <typename Message>
  void SendTo(internal::v1::Envelope* envelope, Message message) {
    if (envelope == nullptr) {
      own_.emplace_back(std::move(message));
    } else {
      Add(std::move(message), *envelope);
    }
  }

  // The envelope to the partition, or null where the message goes to the same one at once, to so
  // many entries.
  internal::v1::Envelope* EnvelopeTo(uint32_t partition, uint32_t entries = 1);
  internal::v1::Envelope* EnvelopeTo(const core::Id& id) { return EnvelopeTo(PartitionOf(id)); }

  const uint32_t partition_;
  const uint32_t own_messages_max_;
  const uint32_t places_soft_max_;
  core::Output* output_ = nullptr;
  uint32_t partitions_ = 1;
  uint32_t cluster_partitions_ = 1;
  int64_t offset_ = 0;
  uint32_t index_ = 0;
  uint32_t own_left_ = 0;
  std::deque<OwnMessage> own_;
};

}  // namespace ringfence::dedupe
