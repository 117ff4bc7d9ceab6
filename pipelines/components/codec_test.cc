#include "pipelines/components/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringfence::components {
namespace {

TEST(Codec, ANeighbourIsReadAsItWasStored) {
  const NodeKey other{{3, 4}, 5};
  for (const bool flag : {false, true}) {
    Neighbour before;
    before.place = 6;
    before.epoch = 7;
    before.confirmed = 8;
    before.root = {{9, 10}, 11};
    before.distance = 12;
    before.labelled = flag;
    before.withheld = flag;
    before.waiting = !flag;
    internal::v1::StoredNeighbour stored;
    Store(other, before, stored);

    Node node({{1, 2}, 0});
    Load(stored, node);
    const Neighbour& after = node.neighbours.at(other);
    EXPECT_EQ(after.place, 6u);
    EXPECT_EQ(after.epoch, 7u);
    EXPECT_EQ(after.confirmed, 8u);
    EXPECT_EQ(after.root, before.root);
    EXPECT_EQ(after.distance, 12u);
    EXPECT_EQ(after.labelled, flag);
    EXPECT_EQ(after.withheld, flag);
    EXPECT_EQ(after.waiting, !flag);
    EXPECT_EQ(node.waiting, flag ? 0u : 1u);
  }
}

TEST(Codec, ALeafsMessageIsReadAsItWasSent) {
  Message message;
  message.from = {{1, 2}, 3};
  message.to = {{4, 5}, 6};
  message.place = 7;
  message.epoch = 8;
  message.confirmed = 9;
  message.detached_for = 10;
  internal::v1::NodeMessage sent;
  ToProto(message, sent);
  const Message read = FromProto(sent);
  EXPECT_EQ(read.from, message.from);
  EXPECT_EQ(read.to, message.to);
  EXPECT_EQ(read.place, 7u);
  EXPECT_FALSE(read.labelled);
  EXPECT_EQ(read.epoch, 8u);
  EXPECT_EQ(read.confirmed, 9u);
  EXPECT_EQ(read.detached_for, 10u);
}

}  // namespace
}  // namespace ringfence::components
