#include "pipelines/cluster/base_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace ringfence::cluster {
namespace {

using components::NodeKey;

TEST(BaseCodec, ANeighbourThatCountsIsReadAsItWasStored) {
  const NodeOptions options;
  const NodeKey key{{1, 2}, 0};
  const NodeKey other{{3, 4}, 0};
  for (const bool flag : {false, true}) {
    LinkNode link(key, options);
    ties::Neighbour tied;
    tied.active = true;
    link.ties.RestoreNeighbour(other, std::move(tied));
    components::Neighbour& label = link.node.neighbours[other];
    label.place = 5;
    label.greeted = 6;
    label.epoch = 7;
    label.confirmed = 8;
    label.root = {{9, 10}, 0};
    label.distance = 11;
    label.labelled = flag;
    label.withheld = flag;
    label.waiting = !flag;
    std::string stored;
    StoreNeighbour(other, link, stored);

    LinkNode read(key, options);
    core::Unpacker in(stored);
    ASSERT_TRUE(LoadNeighbour(in, read));
    EXPECT_TRUE(in.empty());
    const components::Neighbour& after = read.node.neighbours.at(other);
    EXPECT_EQ(after.place, 5u);
    EXPECT_EQ(after.greeted, 6u);
    EXPECT_EQ(after.epoch, 7u);
    EXPECT_EQ(after.confirmed, 8u);
    EXPECT_EQ(after.root, label.root);
    EXPECT_EQ(after.distance, 11u);
    EXPECT_EQ(after.labelled, flag);
    EXPECT_EQ(after.withheld, flag);
    EXPECT_EQ(after.waiting, !flag);
    EXPECT_EQ(read.node.waiting, flag ? 0u : 1u);
  }
}

}  // namespace
}  // namespace ringfence::cluster
