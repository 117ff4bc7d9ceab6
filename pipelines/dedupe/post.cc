#include "pipelines/dedupe/post.h"

#include <algorithm>

namespace ringfence::dedupe {

using core::Id;
using core::Mailbox;
using internal::v1::Continue;
using internal::v1::Envelope;

void Post::Begin(int64_t offset, core::Output& output) {
  output_ = &output;
  partitions_ = output.Partitions(Mailbox::kDedupe);
  cluster_partitions_ = output.Partitions(Mailbox::kCluster);
  offset_ = offset;
  index_ = 0;
  own_left_ = own_messages_max_;
}

Envelope* Post::EnvelopeTo(uint32_t partition, uint32_t entries) {
  if (partition == partition_ && own_left_ > 0 && index_ < places_soft_max_) {
    own_left_ -= std::min(own_left_, entries);
    return nullptr;
  }
  return &output_->To(Mailbox::kDedupe, partition);
}

void Post::Add(internal::v1::BlockEntry message, Envelope& envelope) {
  *envelope.add_block_entries() = std::move(message);
}
void Post::Add(internal::v1::BlockNews message, Envelope& envelope) {
  *envelope.add_block_news() = std::move(message);
}
void Post::Add(internal::v1::PeerFacts message, Envelope& envelope) {
  *envelope.add_facts() = std::move(message);
}
void Post::Add(internal::v1::NodeMessage message, Envelope& envelope) {
  *envelope.add_nodes() = std::move(message);
}

void Post::Send(internal::v1::BlockEntry entry) {
  Envelope* envelope = EnvelopeTo({entry.block_hi(), entry.block_lo()});
  SendTo(envelope, std::move(entry));
}

void Post::Send(internal::v1::BlockNews news, uint32_t partition) {
  Envelope* envelope = EnvelopeTo(partition, static_cast<uint32_t>(news.to_size()));
  SendTo(envelope, std::move(news));
}

void Post::Send(internal::v1::PeerFacts facts) {
  Envelope* envelope = EnvelopeTo({facts.to_hi(), facts.to_lo()});
  SendTo(envelope, std::move(facts));
}

void Post::Send(internal::v1::NodeMessage message) {
  Envelope* envelope = EnvelopeTo({message.to_hi(), message.to_lo()});
  SendTo(envelope, std::move(message));
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
