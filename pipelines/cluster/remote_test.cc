#include "pipelines/cluster/remote.h"

#include <gtest/gtest.h>

namespace ringfence::cluster {
namespace {

using components::Message;
using core::Place;

Message At(Place place, uint32_t distance, Place hello_since = 0) {
  Message message;
  message.from = {{1, 1}, 0};
  message.to = {{2, 2}, 0};
  message.place = place;
  message.distance = distance;
  message.hello = hello_since != 0;
  if (message.hello) message.since = hello_since;
  return message;
}

Message Merged(const Message& first, const Message& second) {
  Remote<Message> remote;
  remote.Add(first, 3);
  remote.Add(second, 3);
  const auto messages = remote.Take();
  EXPECT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages.front().second, 3u);
  return messages.front().first;
}

TEST(Remote, TheLaterPlaceStaysWhicheverComesFirst) {
  for (const Message& merged : {Merged(At(7, 70), At(5, 50)), Merged(At(5, 50), At(7, 70))}) {
    EXPECT_EQ(merged.place, 7u);
    EXPECT_EQ(merged.distance, 70u);
    EXPECT_FALSE(merged.hello);
    EXPECT_EQ(merged.since, components::kPlaceMax);
  }
}

TEST(Remote, AHelloStaysAndTheLaterOnesSince) {
  for (const Message& merged : {Merged(At(7, 70), At(5, 50, 2)), Merged(At(5, 50, 2), At(7, 70))}) {
    EXPECT_EQ(merged.distance, 70u);
    EXPECT_TRUE(merged.hello);
    EXPECT_EQ(merged.since, 2u);
  }
  EXPECT_EQ(Merged(At(7, 70, 4), At(5, 50, 2)).since, 4u);
  EXPECT_EQ(Merged(At(5, 50, 2), At(7, 70, 4)).since, 4u);
}

}  // namespace
}  // namespace ringfence::cluster
