#include "pipelines/dedupe/post.h"

namespace ringfence::dedupe {

using core::Id;
using core::Mailbox;
using internal::v1::Continue;

namespace {

// Places that one record may use up before its own messages go through the log too.
constexpr uint32_t kPlacesSoftMax = core::kPlaceIndexMax / 2;

}  // namespace

void Post::Begin(int64_t offset, core::Output& output) {
  output_ = &output;
  partitions_ = output.Partitions(Mailbox::kDedupe);
  cluster_partitions_ = output.Partitions(Mailbox::kCluster);
  offset_ = offset;
  index_ = 0;
  own_left_ = own_messages_max_;
}

internal::v1::Envelope* Post::EnvelopeTo(const Id& id) {
  const uint32_t partition = core::PartitionOf(id, partitions_);
  if (partition == partition_ && own_left_ > 0 && index_ < kPlacesSoftMax) {
    --own_left_;
    return nullptr;
  }
  return &output_->To(Mailbox::kDedupe, partition);
}

void Post::Send(internal::v1::BlockEntry entry) {
  auto* envelope = EnvelopeTo({entry.block_hi(), entry.block_lo()});
  if (envelope == nullptr) {
    own_.emplace_back(std::move(entry));
  } else {
    *envelope->add_block_entries() = std::move(entry);
  }
}

void Post::Send(internal::v1::BlockNews news) {
  auto* envelope = EnvelopeTo({news.report_hi(), news.report_lo()});
  if (envelope == nullptr) {
    own_.emplace_back(std::move(news));
  } else {
    *envelope->add_block_news() = std::move(news);
  }
}

void Post::Send(internal::v1::PeerFacts facts) {
  auto* envelope = EnvelopeTo({facts.to_hi(), facts.to_lo()});
  if (envelope == nullptr) {
    own_.emplace_back(std::move(facts));
  } else {
    *envelope->add_facts() = std::move(facts);
  }
}

void Post::Send(internal::v1::NodeMessage message) {
  auto* envelope = EnvelopeTo({message.to_hi(), message.to_lo()});
  if (envelope == nullptr) {
    own_.emplace_back(std::move(message));
  } else {
    *envelope->add_nodes() = std::move(message);
  }
}

void Post::Send(internal::v1::Evidence evidence) {
  evidence.set_place(NextPlace());
  const uint32_t partition =
      core::PartitionOf(Id{evidence.base_hi(), evidence.base_lo()}, cluster_partitions_);
  *output_->To(Mailbox::kCluster, partition).add_evidence() = std::move(evidence);
}

void Post::Send(internal::v1::ReferralEntry entry) {
  const uint32_t partition = core::PartitionOf(Id::FromBytes(entry.hold_id()), cluster_partitions_);
  *output_->To(Mailbox::kCluster, partition).add_referral_entries() = std::move(entry);
}

void Post::ContinueHolds() {
  output_->To(Mailbox::kDedupe, partition_).add_continues()->set_work(Continue::WORK_HOLD);
}

void Post::ContinueSweep() {
  output_->To(Mailbox::kDedupe, partition_).add_continues()->set_work(Continue::WORK_SWEEP);
}

void Post::ContinueReview() {
  output_->To(Mailbox::kDedupe, partition_).add_continues()->set_work(Continue::WORK_REVIEW);
}

void Post::ContinueAnnounce(const components::NodeKey& node) {
  Continue& go_on = *output_->To(Mailbox::kDedupe, partition_).add_continues();
  go_on.set_work(Continue::WORK_ANNOUNCE);
  go_on.set_base_hi(node.id.hi);
  go_on.set_base_lo(node.id.lo);
  go_on.set_day(node.day);
}

std::optional<OwnMessage> Post::TakeOwn() {
  if (own_.empty()) return std::nullopt;
  OwnMessage message = std::move(own_.front());
  own_.pop_front();
  return message;
}

}  // namespace ringfence::dedupe
