#include "pipelines/cluster/packed_messages.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace ringfence::cluster {
namespace {

using components::NodeKey;

// Messages of every shape, the same for the same seed.
class Messages {
 public:
  explicit Messages(uint64_t seed) : random_(seed) {}

  components::Message Label() {
    components::Message message;
    message.from = Key();
    message.to = Key();
    message.place = random_();
    message.labelled = Maybe();
    message.hello = Maybe();
    if (message.hello) message.since = random_();
    message.confirmed = Maybe() ? random_() : 0;
    if (message.labelled) {
      message.root = Maybe() ? message.from : Key();
      message.distance = static_cast<uint32_t>(random_());
    } else {
      message.epoch = random_();
      message.detached_for = Maybe() ? random_() : 0;
    }
    return message;
  }

  ties::Message Ties() {
    ties::Message message;
    message.from = Key();
    message.to = Key();
    message.place = random_() % 1000;
    message.vouched = Maybe();
    message.wants_sketch = Maybe();
    message.hello = Maybe();
    if (message.hello) message.since = random_();
    if (Maybe()) message.facts = Facts();
    if (Maybe()) message.sketch = ties::Sketch(random_() % 18, Key());
    return message;
  }

 private:
  bool Maybe() { return random_() % 2 == 0; }
  NodeKey Key() { return {{random_(), random_()}, Maybe() ? 0 : static_cast<int32_t>(random_())}; }
  ties::NodeFacts Facts() {
    ties::NodeFacts facts;
    facts.established = Maybe();
    facts.many_neighbours = Maybe();
    facts.few_neighbours = Maybe();
    facts.home_in_doubt = Maybe();
    facts.log2_incidents = static_cast<uint8_t>(random_());
    facts.organisations = static_cast<uint8_t>(random_());
    facts.reach = static_cast<uint8_t>(random_());
    facts.infrastructure = static_cast<ties::Infrastructure>(random_() % 3);
    for (uint64_t anchors = random_() % 4; anchors > 0; --anchors) {
      facts.anchors.push_back({Key(), random_()});
    }
    if (Maybe()) facts.home = Key();
    if (Maybe() && !facts.anchors.empty()) facts.home = facts.anchors.front().key;
    return facts;
  }

  std::mt19937_64 random_;
};

bool Same(const components::Message& a, const components::Message& b) {
  return a.from == b.from && a.to == b.to && a.place == b.place && a.labelled == b.labelled &&
         a.root == b.root && a.distance == b.distance && a.epoch == b.epoch &&
         a.confirmed == b.confirmed && a.detached_for == b.detached_for && a.hello == b.hello &&
         a.since == b.since;
}

bool Same(const ties::Message& a, const ties::Message& b) {
  return a.from == b.from && a.to == b.to && a.place == b.place && a.facts == b.facts &&
         a.vouched == b.vouched && a.wants_sketch == b.wants_sketch && a.sketch == b.sketch &&
         a.hello == b.hello && a.since == b.since;
}

// Many in a row come back, and any shorter bytes are damaged at the last.
template <typename Message>
void ExpectBack(const std::vector<Message>& sent) {
  std::string packed;
  size_t last = 0;
  for (const Message& message : sent) {
    last = packed.size();
    Pack(message, packed);
  }
  core::Unpacker in(packed);
  // What a message held before does not show.
  Message read = sent.front();
  for (const Message& message : sent) {
    ASSERT_FALSE(in.empty());
    ASSERT_TRUE(Unpack(in, read));
    EXPECT_TRUE(Same(read, message));
  }
  EXPECT_TRUE(in.empty());
  for (size_t size = last + 1; size < packed.size(); ++size) {
    core::Unpacker cut(std::string_view(packed).substr(last, size - last));
    EXPECT_FALSE(Unpack(cut, read)) << size;
  }
}

TEST(PackedMessages, ComeBackAsTheyWere) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Messages messages(seed);
    std::vector<components::Message> labels;
    std::vector<ties::Message> ties;
    for (int i = 0; i < 5; ++i) {
      labels.push_back(messages.Label());
      ties.push_back(messages.Ties());
    }
    ExpectBack(labels);
    ExpectBack(ties);
  }
}

TEST(PackedMessages, DamagedBytesEndAndAreToldFromSoundOnes) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 2'000; ++round) {
    std::string bytes;
    for (uint64_t size = random() % 300; size > 0; --size) {
      bytes.push_back(static_cast<char>(random()));
    }
    core::Unpacker in(bytes);
    ties::Message message;
    bool sound = true;
    while (!in.empty() && sound) sound = Unpack(in, message);
    EXPECT_EQ(sound, in.ok());
    EXPECT_TRUE(in.empty());
  }
}

TEST(PackedMessages, ANumberThatDoesNotFitIsDamage) {
  std::string bytes;
  core::Packer out(bytes);
  out.Number(uint64_t{1} << 32);
  core::Unpacker in(bytes);
  EXPECT_EQ(in.Number32(), 0u);
  EXPECT_FALSE(in.ok());
  core::Unpacker endless(std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12));
  EXPECT_EQ(endless.Number(), 0u);
  EXPECT_FALSE(endless.ok());
}

}  // namespace
}  // namespace ringfence::cluster
