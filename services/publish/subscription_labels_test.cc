// A label's record says something else of all that stands on its node: who listens, comes back or
// stops in between hears of all of it.
#include <gtest/gtest.h>

#include <set>

#include "services/publish/subscription.h"
#include "services/publish/subscription_testing.h"

namespace ringfence::publish {
namespace {

using campaigns::kNow;
using campaigns::RecordSpec;
using campaigns::Upsert;

class SubscriptionLabelsTest : public SubscriptionTestBase {
 protected:
  SubscriptionLabelsTest() : SubscriptionTestBase(2) {}
};

// One record of a label changes all hosts of a domain: a message, or a turn, may end among them.
TEST_F(SubscriptionLabelsTest, WhoWasAwayWhileALabelMovedADomainMissesNoneOfItsHosts) {
  feed_options_.rows_per_step_max = 4;
  feed_options_.message_bytes_max = 900;
  RecordSpec host{.type = v1::IDENTIFIER_TYPE_DOMAIN,
                  .value = {},
                  .root = "other.example",
                  .base = "x.example"};
  for (int i = 0; i < 20; ++i) {
    host.value = "h" + std::to_string(i) + ".x.example";
    log_.Append(0, Upsert(host));
  }
  log_.Append(0, Upsert({.value = "+1", .first_seen = kNow - 9 * core::kDay, .root = "+1"}));
  Start();
  Consumer consumer;
  StreamUnderTest(*feed_, Request()).Follow(consumer);
  const campaigns::Label node = campaigns::NodeOf(Upsert(host));
  const campaigns::Label moved{campaigns::IdOf({.value = "+1"}), 0};
  // A host that has changed too stands there as well, and only there.
  log_.Append(0, Upsert({.type = host.type,
                         .value = host.value,
                         .place = 2,
                         .score = 123,
                         .root = host.root,
                         .base = host.base}));
  log_.AppendBytes(0, core::LabelKeyOf(node.root, node.day),
                   campaigns::LabelRecord(node, moved, 3).SerializeAsString());
  publisher_.AwaitApplied();
  const std::string campaign = publisher_->names().NameOf(campaigns::IdOf({.value = "+1"}));
  const auto expect_all = [&](const Consumer& of) {
    EXPECT_TRUE(of.Last().has_bookmark()) << "digest and all";
    EXPECT_EQ(of.set.size(), 21u);
    for (const auto& [id, indicator] : of.set) {
      // Nothing changed of the number itself.
      EXPECT_EQ(indicator.campaign_id() == campaign, indicator.value() != "+1");
      EXPECT_EQ(indicator.score() == 123u, indicator.value() == host.value);
    }
  };
  // And goes on elsewhere after each message.
  StreamUnderTest stream = Stream(Request(consumer.cursor));
  int messages = 0;
  for (; stream.Follow(consumer, 1) == 1 && consumer.Last().has_delta(); ++messages) {
    Consumer other = consumer;
    Stream(Request(consumer.cursor)).Follow(other);
    expect_all(other);
  }
  EXPECT_GT(messages, 3);
  expect_all(consumer);
}

// Also one whose node has more hosts than changes are followed one by one.
TEST_F(SubscriptionLabelsTest, WhoListensWhileALabelMovesADomainHearsOfEachOfItsHostsOnce) {
  const RecordSpec spec{.type = v1::IDENTIFIER_TYPE_DOMAIN,
                        .value = {},
                        .root = "other.example",
                        .base = "x.example"};
  const auto host = [&](int number, core::Place place) {
    RecordSpec of = spec;
    of.value = "h" + std::to_string(number) + ".x.example";
    of.place = place;
    of.score = static_cast<uint32_t>(place);
    return of;
  };
  for (int i = 0; i < 20; ++i) log_.Append(0, Upsert(host(i, 1)));
  log_.Append(0, Upsert({.value = "+1", .first_seen = kNow - 9 * core::kDay, .root = "+1"}));
  log_.Append(0, Upsert({.value = "+2", .first_seen = kNow - 9 * core::kDay, .root = "+2"}));
  const campaigns::Label node = campaigns::NodeOf(Upsert(spec));
  core::Place place = 1;
  for (const size_t live_changes_max : {size_t{4'096}, size_t{10}}) {
    feed_options_.live_changes_max = live_changes_max;
    Restart();
    Consumer consumer;
    StreamUnderTest stream = Stream();
    stream.Follow(consumer);
    const size_t before = consumer.events.size();
    const RecordSpec to{.value = live_changes_max > 20 ? "+1" : "+2"};
    log_.HoldReadsAt(*log_.EndOffset({std::string(runtime::kIndicatorsTopic), 0}));
    const auto own_change = [&](int number) {
      internal::v1::IndicatorRecord record = Upsert(host(number, ++place));
      const std::string key = record.identifier_id();
      record.clear_root_hi();
      record.clear_root_lo();
      log_.AppendBytes(0, key, record.SerializeAsString());
    };
    own_change(3);
    log_.AppendBytes(
        0, core::LabelKeyOf(node.root, node.day),
        campaigns::LabelRecord(node, {campaigns::IdOf(to), 0}, ++place).SerializeAsString());
    own_change(4);
    log_.ReleaseReads();
    publisher_.AwaitApplied();
    stream.Follow(consumer);
    const std::string campaign = publisher_->names().NameOf(campaigns::IdOf(to));
    std::map<std::string, int> told;
    for (size_t i = before; i < consumer.events.size(); ++i) {
      for (const v1::Indicator& indicator : consumer.events[i].delta().upserts()) {
        ++told[indicator.value()];
        EXPECT_EQ(indicator.campaign_id(), campaign);
      }
    }
    EXPECT_EQ(told.size(), 20u);
    for (const auto& [value, times] : told) EXPECT_EQ(times, 1) << value;
  }
}

// The hosts that one label moved stand at one place: who stops among them gets those again.
TEST_F(SubscriptionLabelsTest, WhoStopsBetweenDeltasOfADomainThatMovedMissesNoneOfItsHosts) {
  constexpr size_t kHosts = 20;
  feed_options_.message_bytes_max = 300;
  RecordSpec host{.type = v1::IDENTIFIER_TYPE_DOMAIN,
                  .value = {},
                  .root = "other.example",
                  .base = "x.example"};
  core::Place place = 1;
  const auto say = [&](size_t number, bool with_label) {
    host.value = "h" + std::to_string(number) + ".x.example";
    host.place = ++place;
    internal::v1::IndicatorRecord record = Upsert(host);
    const std::string key = record.identifier_id();
    if (!with_label) {
      record.clear_root_hi();
      record.clear_root_lo();
    }
    log_.AppendBytes(0, key, record.SerializeAsString());
  };
  for (size_t i = 0; i < kHosts; ++i) say(i, true);
  log_.Append(0, Upsert({.value = "+1", .first_seen = kNow - 9 * core::kDay, .root = "+1"}));
  const campaigns::Label node = campaigns::NodeOf(Upsert(host));
  Start();
  Consumer consumer;
  StreamUnderTest stream = Stream();
  stream.Follow(consumer);
  log_.HoldReadsAt(*log_.EndOffset({std::string(runtime::kIndicatorsTopic), 0}));
  say(3, false);
  log_.AppendBytes(0, core::LabelKeyOf(node.root, node.day),
                   campaigns::LabelRecord(node, {campaigns::IdOf({.value = "+1"}), 0}, ++place)
                       .SerializeAsString());
  say(4, false);
  log_.ReleaseReads();
  publisher_.AwaitApplied();
  const std::string campaign = publisher_->names().NameOf(campaigns::IdOf({.value = "+1"}));
  std::set<std::string> told;
  const auto note = [&](const Consumer& from, size_t begin, std::set<std::string>& values) {
    for (size_t i = begin; i < from.events.size(); ++i) {
      for (const v1::Indicator& indicator : from.events[i].delta().upserts()) {
        EXPECT_EQ(indicator.campaign_id(), campaign);
        values.insert(indicator.value());
      }
    }
  };
  int messages = 0;
  while (told.size() < kHosts) {
    const size_t before = consumer.events.size();
    ASSERT_EQ(stream.Follow(consumer, 1), 1);
    note(consumer, before, told);
    Consumer other = consumer;
    other.events.clear();
    Stream(Request(consumer.cursor)).Follow(other);
    std::set<std::string> in_all = told;
    note(other, 0, in_all);
    ++messages;
    EXPECT_EQ(in_all.size(), kHosts) << "after " << messages;
  }
  EXPECT_GT(messages, 3);
}
}  // namespace
}  // namespace ringfence::publish
