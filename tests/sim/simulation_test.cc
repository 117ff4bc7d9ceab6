#include "tests/sim/simulation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipelines/core/id.h"
#include "pipelines/core/record_format.h"
#include "tests/sim/random.h"
#include "tests/sim/reader.h"
#include "tests/sim/simulated_log.h"
#include "tests/sim/versions.h"
#include "tests/sim/world.h"

namespace ringfence::sim {
namespace {

using core::Mailbox;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> Values(const SimulatedLog& log, const PartitionName& partition) {
  std::vector<std::string> values;
  for (const LogRecord& record : log.Records(partition)) values.push_back(record.value);
  return values;
}

constexpr PartitionName kHere{Mailbox::kCluster, 0};

TEST(SimulatedLog, KeepsTheOrderOfOneSender) {
  Random random(1);
  SimulatedLog log(/*repeat=*/0, core::kHour);
  for (const char* value : {"a", "b", "c"}) log.Send(1, kHere, value);
  while (log.DeliverOne(random)) {
  }
  EXPECT_THAT(Values(log, kHere), ElementsAre("a", "b", "c"));
}

TEST(SimulatedLog, RepeatsOnlyWhatIsNotLate) {
  Random random(1);
  SimulatedLog log(/*repeat=*/1, core::kHour);
  log.AdvanceTo(0);
  log.Send(1, kHere, "a");
  log.DeliverAllOf(1, random);
  EXPECT_TRUE(log.DeliverOne(random));
  EXPECT_THAT(Values(log, kHere), ElementsAre("a", "a"));
  log.Send(1, kHere, "b");
  log.DeliverAllOf(1, random);
  log.AdvanceTo(2 * core::kHour);
  EXPECT_FALSE(log.DeliverOne(random));
  EXPECT_THAT(Values(log, kHere), ElementsAre("a", "a", "b"));
}

TEST(SimulatedLog, CrashLeavesNothingThatMustArrive) {
  Random random(1);
  SimulatedLog log(/*repeat=*/0, core::kHour);
  log.AdvanceTo(0);
  for (int i = 0; i < 100; ++i) log.Send(1, kHere, std::to_string(i));
  log.Crash(1, random);
  EXPECT_FALSE(log.HasLate(1));
  log.AdvanceTo(2 * core::kHour);
  EXPECT_FALSE(log.DeliverOne(random));
  EXPECT_THAT(Values(log, kHere), IsEmpty());
}

TEST(Versions, NoticesOnePlaceWithTwoContents) {
  Versions versions;
  internal::v1::Envelope envelope;
  internal::v1::Evidence& evidence = *envelope.add_evidence();
  evidence.set_place(7);
  const PartitionName from{Mailbox::kDedupe, 0};
  EXPECT_TRUE(versions.Check(from, kHere, envelope).ok());
  EXPECT_TRUE(versions.Check(from, kHere, envelope).ok());
  evidence.set_partner("acme");
  EXPECT_FALSE(versions.Check(from, kHere, envelope).ok());
  evidence.set_place(8);
  EXPECT_TRUE(versions.Check(from, kHere, envelope).ok());
}

TEST(Reader, NoticesOnePlaceWithTwoContentsAndWhatIsUnderAnotherKey) {
  const std::string key = core::IdentifierId(v1::IDENTIFIER_TYPE_WALLET, "w").Bytes();
  internal::v1::IndicatorRecord record;
  record.set_format(core::kRecordFormat);
  record.set_place(7);
  record.set_identifier_id(key);
  record.set_base_id(key);
  record.mutable_removed()->set_type(v1::IDENTIFIER_TYPE_WALLET);
  record.mutable_removed()->set_value("w");
  record.mutable_removed()->set_revision(7);
  Reader reader;
  EXPECT_TRUE(reader.Read(0, key, record.SerializeAsString()).ok());
  EXPECT_TRUE(reader.Read(0, key, record.SerializeAsString()).ok());
  record.mutable_removed()->set_reason("expired");
  EXPECT_THAT(std::string(reader.Read(0, key, record.SerializeAsString()).message()),
              HasSubstr("one place, two contents"));
  record.set_identifier_id("another");
  EXPECT_FALSE(reader.Read(0, key, record.SerializeAsString()).ok());
}

TEST(RandomWorld, IsAsIntakeWouldAcceptIt) {
  size_t retractions = 0;
  size_t revisions = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    const WorldPlan world = RandomWorld(random);
    ASSERT_FALSE(world.arrivals.empty());
    core::Time latest = core::kTimeMin;
    for (const WorldPlan::Arrival& arrival : world.arrivals) {
      ASSERT_LE(latest, arrival.at);
      latest = arrival.at;
      ASSERT_EQ(arrival.revision.arrival(), arrival.at);
      ++revisions;
      retractions += arrival.revision.retracted() ? 1 : 0;
      for (const auto& named : arrival.revision.identifiers()) {
        ASSERT_GE(named.observed_at(), arrival.at - 400 * core::kDay);
        ASSERT_LE(named.observed_at(), arrival.at + core::kDay);
      }
    }
    ASSERT_LE(latest, world.as_of);
  }
  EXPECT_GT(retractions, revisions / 10);
}

struct FailedOnce {
  uint64_t seed;
  const char* what;
  bool policies = false;
  bool more_chaos = false;
  bool purges = false;
};

constexpr FailedOnce kFailedOnce[] = {
    {4, "a removal's revision was that of a later record of the batch"},
    {43, "what was remembered of a listing depended on where a batch ended"},
    {275, "no mark where a stage began anew while it swept"},
    {395, "neighbours that came while a hub waited were not told of it"},
    {788, "a late copy brought back a report whose hold was lifted"},
    {3311, "dedupe forgot a report while lower revisions of it still came"},
    {3473, "dedupe forgot a retraction while lower revisions of it still came"},
    {6183, "a timer of an empty base stayed, and a sweep never ended"},
    {6286, "evidence that had expired on arrival did not outlive copies of what it replaced"},
    {7918, "a domain stood for a host that an operator spared and no report named", true, true},
    {8545, "the same, in a campaign"},
    {14464, "listings in memory were brought up to date by other rules before those that were not",
     true},
    {14617, "what was decided about held reports was forgotten before the reports", true},
    {37837, "a hub that was read anew looked at all its neighbours once more", true},
    {50167, "a hold that was lifted and forgotten was frozen anew when it came again"},
    {78720, "what the others of an incident bear was by spans of a policy before", true},
    {80229, "the same of a hub", true},
    {84097, "the same of a hub", true},
    {114406, "the same of a hub, seen in a campaign", true},
};

TEST(Simulation, SeedsThatFailedOnce) {
  for (const FailedOnce& failed : kFailedOnce) {
    EXPECT_EQ(Simulate({.seed = failed.seed,
                        .policies = failed.policies,
                        .more_chaos = failed.more_chaos,
                        .purges = failed.purges}),
              "")
        << "seed " << failed.seed << ": " << failed.what;
  }
}

TEST(Simulation, NoticesReportsThatAreNotToldOfDecisions) {
  int noticed = 0;
  for (uint64_t seed = 0; seed < 500 && noticed == 0; ++seed) {
    if (!Simulate({.seed = seed, .broken = Break::kMarks}).empty()) ++noticed;
  }
  EXPECT_GT(noticed, 0);
}

TEST(Simulation, NoticesAClusterThatHearsOfNoPolicy) {
  int noticed = 0;
  for (uint64_t seed = 0; seed < 500 && noticed == 0; ++seed) {
    if (!Simulate({.seed = seed, .broken = Break::kPolicies}).empty()) ++noticed;
  }
  EXPECT_GT(noticed, 0);
}

TEST(Simulation, NoticesThatNobodyMendsWhatALateWriterLeftInTheTopic) {
  int noticed = 0;
  for (uint64_t seed = 0; seed < 500 && noticed == 0; ++seed) {
    if (!Simulate({.seed = seed, .broken = Break::kRechecks}).empty()) ++noticed;
  }
  EXPECT_GT(noticed, 0);
}

// Without the confirmations of a detach, a cut-off part can take back its own old label.
TEST(Simulation, NoticesADetachThatDoesNotWait) {
  int noticed = 0;
  for (uint64_t seed = 0; seed < 500 && noticed == 0; ++seed) {
    if (!Simulate({.seed = seed, .broken = Break::kDetach}).empty()) ++noticed;
  }
  EXPECT_GT(noticed, 0);
}

}  // namespace
}  // namespace ringfence::sim
