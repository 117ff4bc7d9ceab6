#include "services/runtime/log_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ringfence::runtime {
namespace {

using core::Mailbox;

internal::v1::Envelope Parsed(const AppendRecord& record) {
  internal::v1::Envelope envelope;
  EXPECT_TRUE(envelope.ParseFromString(record.value));
  return envelope;
}

TEST(LogOutput, GathersMessagesOfOneTargetInOneRecord) {
  LogOutput output({.source_partition = 3, .dedupe_partitions = 4, .cluster_partitions = 5});
  EXPECT_EQ(output.Partitions(Mailbox::kDedupe), 4u);
  EXPECT_EQ(output.Partitions(Mailbox::kCluster), 5u);
  output.To(Mailbox::kCluster, 1).add_nodes()->set_place(7);
  output.To(Mailbox::kDedupe, 1).add_continues()->set_day(8);
  output.To(Mailbox::kCluster, 1).add_nodes()->set_place(9);
  output.Indicator("k", "v");
  const std::vector<AppendRecord> records = output.Take();
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[0].to, (TopicPartition{"ringfence.indicators", 3}));
  EXPECT_EQ(records[0].key, "k");
  EXPECT_EQ(records[0].value, "v");
  EXPECT_EQ(records[1].to, (TopicPartition{"ringfence.dedupe", 1}));
  EXPECT_EQ(records[2].to, (TopicPartition{"ringfence.cluster", 1}));
  const internal::v1::Envelope envelope = Parsed(records[2]);
  EXPECT_EQ(envelope.format(), core::kEnvelopeFormat);
  EXPECT_EQ(envelope.source_partition(), 3u);
  ASSERT_EQ(envelope.nodes_size(), 2);
  EXPECT_EQ(envelope.nodes(1).place(), 9u);
}

TEST(LogOutput, IsEmptyAfterItWasTaken) {
  LogOutput output({});
  EXPECT_TRUE(output.Take().empty());
  output.To(Mailbox::kCluster, 0).add_nodes();
  EXPECT_EQ(output.Take().size(), 1u);
  EXPECT_TRUE(output.Take().empty());
  output.To(Mailbox::kCluster, 0).add_nodes()->set_place(1);
  const std::vector<AppendRecord> records = output.Take();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(Parsed(records[0]).nodes_size(), 1);
}

TEST(LogOutput, EnvelopesHaveBoundedMessagesInOrder) {
  LogOutput output({});
  for (uint64_t place = 0; place < 4'500; ++place) {
    output.To(Mailbox::kCluster, 0).add_nodes()->set_place(place);
  }
  const std::vector<AppendRecord> records = output.Take();
  ASSERT_EQ(records.size(), 3u);
  uint64_t next = 0;
  for (const AppendRecord& record : records) {
    const internal::v1::Envelope envelope = Parsed(record);
    EXPECT_LE(static_cast<size_t>(envelope.nodes_size()), LogOutput::kEnvelopeMessagesMax);
    for (const internal::v1::NodeMessage& node : envelope.nodes()) EXPECT_EQ(node.place(), next++);
  }
  EXPECT_EQ(next, 4'500u);
}

TEST(LogOutput, EnvelopesHaveBoundedBytes) {
  LogOutput output({});
  const std::string partner(10'000, 'x');
  for (int i = 0; i < 100; ++i) {
    output.To(Mailbox::kDedupe, 0).add_revisions()->set_partner(partner);
    output.To(Mailbox::kDedupe, 0).add_evidence()->set_partner(partner);
  }
  const std::vector<AppendRecord> records = output.Take();
  EXPECT_EQ(records.size(), 8u);
  for (const AppendRecord& record : records) {
    EXPECT_LE(record.value.size(), LogOutput::kEnvelopeBytesMax + 11'000);
  }
}

// Of whatever a stage may send many.
TEST(LogOutput, EnvelopesOfEveryKindAreBounded) {
  using internal::v1::Envelope;
  static const std::string kBytes(10'000, 'x');
  constexpr void (*kAdd[])(Envelope&) = {
      [](Envelope& envelope) { envelope.add_block_entries()->set_place(1); },
      [](Envelope& envelope) {
        internal::v1::BlockNews& news = *envelope.add_block_news();
        for (int i = 0; i < 1'250; ++i) news.add_members(1);
      },
      [](Envelope& envelope) { envelope.add_facts()->set_facts(kBytes); },
      [](Envelope& envelope) { envelope.add_referral_entries()->set_hold_id(kBytes); },
  };
  for (const auto add : kAdd) {
    LogOutput output({});
    for (int i = 0; i < 4'500; ++i) add(output.To(Mailbox::kDedupe, 0));
    const std::vector<AppendRecord> records = output.Take();
    EXPECT_GE(records.size(), 3u);
    for (const AppendRecord& record : records) {
      EXPECT_LE(record.value.size(), LogOutput::kEnvelopeBytesMax + 11'000);
    }
  }
}

}  // namespace
}  // namespace ringfence::runtime
