#pragma once

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
// record that caused them, up to a number; the rest go through the log. Gives places.
class Post {
 public:
  Post(uint32_t partition, uint32_t own_messages_max)
      : partition_(partition), own_messages_max_(own_messages_max) {}

  // `output` must live until the next call, or the end of the batch.
  void Begin(int64_t offset, core::Output& output);

  // Above all earlier ones.
  core::Place NextPlace() { return core::MakePlace(offset_, index_++); }

  void Send(internal::v1::BlockEntry entry);
  void Send(internal::v1::BlockNews news);
  void Send(internal::v1::PeerFacts facts);
  void Send(internal::v1::NodeMessage message);
  void Send(internal::v1::Evidence evidence);
  // To the hold's partition of cluster.
  void Send(internal::v1::ReferralEntry entry);
  void ContinueSweep();
  void ContinueReview();
  void ContinueHolds();
  void ContinueAnnounce(const components::NodeKey& node);

  // The next of the messages to the same partition.
  std::optional<OwnMessage> TakeOwn();

 private:
  // The envelope to `id`'s partition, or null where the message goes to the same one at once.
  internal::v1::Envelope* EnvelopeTo(const core::Id& id);

  const uint32_t partition_;
  const uint32_t own_messages_max_;
  core::Output* output_ = nullptr;
  uint32_t partitions_ = 1;
  uint32_t cluster_partitions_ = 1;
  int64_t offset_ = 0;
  uint32_t index_ = 0;
  uint32_t own_left_ = 0;
  std::deque<OwnMessage> own_;
};

}  // namespace ringfence::dedupe
