#include "services/client/follower.h"

#include <gmock/gmock.h>

#include <deque>
#include <functional>
#include <map>
#include <vector>

#include "services/runtime/temporary_folder_testing.h"

namespace ringfence::client {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

using Members = std::vector<std::pair<std::string, uint64_t>>;

v1::SetDigest DigestOf(const Members& members) {
  core::SetSum sum;
  for (const auto& [id, revision] : members) sum.Add(core::SetSum::DigestMember(id, revision));
  v1::SetDigest digest;
  digest.set_count(members.size());
  digest.set_sum(sum.Bytes());
  return digest;
}

v1::SubscribeResponse Begin() {
  v1::SubscribeResponse event;
  event.mutable_snapshot_begin()->set_reason("none");
  return event;
}

v1::SubscribeResponse Chunk(const Members& members) {
  v1::SubscribeResponse event;
  for (const auto& [id, revision] : members) {
    v1::Indicator& indicator = *event.mutable_snapshot_chunk()->add_indicators();
    indicator.set_indicator_id(id);
    indicator.set_revision(revision);
  }
  return event;
}

v1::SubscribeResponse End(const std::string& cursor, const Members& members) {
  v1::SubscribeResponse event;
  event.mutable_snapshot_end()->set_cursor(cursor);
  *event.mutable_snapshot_end()->mutable_digest() = DigestOf(members);
  return event;
}

v1::SubscribeResponse Bookmark(const std::string& cursor, const Members& members) {
  v1::SubscribeResponse event;
  event.mutable_bookmark()->set_cursor(cursor);
  *event.mutable_bookmark()->mutable_digest() = DigestOf(members);
  return event;
}

v1::SubscribeResponse Delta(const std::string& cursor, const Members& upserts,
                            const std::vector<std::string>& removals) {
  v1::SubscribeResponse event;
  event.mutable_delta()->set_cursor(cursor);
  for (const auto& [id, revision] : upserts) {
    v1::Indicator& indicator = *event.mutable_delta()->add_upserts();
    indicator.set_indicator_id(id);
    indicator.set_revision(revision);
  }
  for (const std::string& id : removals)
    event.mutable_delta()->add_removals()->set_indicator_id(id);
  return event;
}

constexpr Follower::TimePoint kNow{std::chrono::hours(1'000)};

struct Stream {
  std::vector<v1::SubscribeResponse> events;
  absl::Status end;
};

class FollowerTest : public testing::Test {
 protected:
  // Plays the streams one after the other, then is cancelled.
  absl::Status Run(std::deque<Stream> streams, bool once = false, SetFile* file = nullptr) {
    Follower::Options options;
    options.once = once;
    Follower::World world;
    world.stream = [&](const v1::SubscribeRequest& request,
                       const std::function<bool(const v1::SubscribeResponse&)>& visit) {
      cursors_.push_back(request.cursor());
      if (streams.empty()) return absl::CancelledError("the test is over");
      const Stream stream = std::move(streams.front());
      streams.pop_front();
      for (const v1::SubscribeResponse& event : stream.events) {
        if (!visit(event)) return absl::OkStatus();
      }
      return stream.end;
    };
    world.wait = [this](std::chrono::milliseconds time) {
      waits_.push_back(time.count());
      return true;
    };
    world.show = [this](const v1::SubscribeResponse&) { ++shown_; };
    world.remark = [](const std::string&) {};
    world.applied = [this](const std::string& cursor) { applied_.push_back(cursor); };
    world.chance = chance_;
    world.now = [] { return kNow; };
    options.keep_indicators = keep_indicators_;
    Follower follower(options, std::move(world), file);
    absl::Status status = follower.Run();
    const std::map<std::string, uint64_t> held = follower.set().Revisions();
    lease_until_ = follower.lease_until();
    follower.set().ForEach([this](const v1::Indicator& indicator) {
      values_.push_back(indicator.value());
      return true;
    });
    members_.assign(held.begin(), held.end());
    return status;
  }

  SetFile Open() {
    auto file = SetFile::Open(folder_.Path("cursor"), "all");
    EXPECT_TRUE(file.ok()) << file.status();
    return *std::move(file);
  }

  runtime::TemporaryFolder folder_;
  std::vector<std::string> cursors_;
  std::vector<int64_t> waits_;
  int shown_ = 0;
  std::vector<std::string> applied_;
  std::function<double()> chance_;
  bool keep_indicators_ = false;
  Follower::TimePoint lease_until_;
  std::vector<std::string> values_;
  Members members_;
};

TEST_F(FollowerTest, HoldsTheSnapshotAndWhatChangesIt) {
  ASSERT_TRUE(
      Run({{{Begin(), Chunk({{"a", 1}, {"b", 2}}), Chunk({{"c", 3}}),
             End("1", {{"a", 1}, {"b", 2}, {"c", 3}}), Delta("2", {{"b", 5}, {"d", 6}}, {"a"}),
             Bookmark("3", {{"b", 5}, {"c", 3}, {"d", 6}})},
            absl::CancelledError("")}})
          .ok());
  EXPECT_THAT(members_,
              UnorderedElementsAre(std::pair("b", 5), std::pair("c", 3), std::pair("d", 6)));
  EXPECT_EQ(shown_, 6);
}

TEST_F(FollowerTest, GoesOnFromItsCursorAfterAnInterruption) {
  ASSERT_TRUE(Run({{{Begin(), Chunk({{"a", 1}}), End("1", {{"a", 1}})}, absl::UnavailableError("")},
                   {{}, absl::UnavailableError("")},
                   {{}, absl::UnavailableError("")},
                   {{Delta("2", {{"b", 2}}, {}), Bookmark("2", {{"a", 1}, {"b", 2}})},
                    absl::UnavailableError("")}})
                  .ok());
  EXPECT_THAT(cursors_, ElementsAre("", "1", "1", "1", "2"));
  EXPECT_THAT(waits_, ElementsAre(100, 200, 400, 100)) << "longer each time, until something comes";
}

TEST_F(FollowerTest, SetThatDiffersIsTakenAnewWithoutACursor) {
  ASSERT_TRUE(
      Run({{{Begin(), Chunk({{"a", 1}}), End("1", {{"a", 1}}),
             Bookmark("2", {{"a", 1}, {"missed", 2}}), Delta("3", {{"x", 9}}, {})},
            absl::OkStatus()},
           {{Begin(), Chunk({{"a", 1}, {"missed", 2}}), End("4", {{"a", 1}, {"missed", 2}})},
            absl::CancelledError("")}})
          .ok());
  EXPECT_THAT(cursors_, ElementsAre("", ""));
  EXPECT_THAT(waits_, testing::IsEmpty());
  EXPECT_THAT(members_, UnorderedElementsAre(std::pair("a", 1), std::pair("missed", 2)));
}

TEST_F(FollowerTest, WhatItHeldStaysUntilASetThatIsRightTakesItsPlace) {
  const Stream first{{Begin(), Chunk({{"a", 1}}), End("1", {{"a", 1}})},
                     absl::UnavailableError("")};
  // A bookmark, then the end of a snapshot, of another set than was sent.
  ASSERT_TRUE(Run({first,
                   {{Bookmark("2", {{"missed", 2}})}, absl::OkStatus()},
                   {{Begin(), Chunk({{"x", 3}}), End("3", {{"y", 3}})}, absl::OkStatus()},
                   {{Begin(), Chunk({{"x", 3}})}, absl::CancelledError("")}})
                  .ok());
  EXPECT_THAT(cursors_, ElementsAre("", "1", "", ""));
  EXPECT_THAT(members_, ElementsAre(std::pair("a", 1)));
}

TEST_F(FollowerTest, TheLeaseRunsFromTheLastWordOfTheServer) {
  v1::SubscribeResponse bookmark = Bookmark("2", {});
  bookmark.mutable_bookmark()->mutable_valid_for()->set_seconds(300);
  ASSERT_TRUE(Run({{{Begin(), End("1", {}), bookmark}, absl::CancelledError("")}}).ok());
  EXPECT_EQ(lease_until_, kNow + std::chrono::seconds(300));
  ASSERT_TRUE(Run({{{Begin()}, absl::CancelledError("")}}).ok());
  EXPECT_EQ(lease_until_, Follower::TimePoint::min()) << "nothing has been whole yet";
}

TEST_F(FollowerTest, SaysWhatItHasAppliedAndRemovalsAtOnce) {
  ASSERT_TRUE(Run({{{Begin(), Chunk({{"a", 1}}), End("1", {{"a", 1}}), Delta("2", {{"b", 2}}, {}),
                     Delta("3", {}, {"a"}), Bookmark("4", {{"b", 2}})},
                    absl::CancelledError("")}})
                  .ok());
  EXPECT_THAT(applied_, ElementsAre("1", "3", "4"));
}

TEST_F(FollowerTest, ReconnectionsAreSpreadAndNeverBeforeTheServerWantsThem) {
  v1::SubscribeResponse bye;
  bye.mutable_bye()->mutable_retry_after()->set_seconds(2);
  for (const double chance : {0.0, 1.0}) {
    waits_.clear();
    chance_ = [=] { return chance; };
    ASSERT_TRUE(Run({{{Begin(), End("1", {}), bye}, absl::OkStatus()},
                     {{}, absl::UnavailableError("")},
                     {{}, absl::UnavailableError("")}})
                    .ok());
    EXPECT_THAT(waits_,
                chance == 0.0 ? ElementsAre(2'000, 100, 200) : ElementsAre(3'000, 200, 400));
  }
}

TEST_F(FollowerTest, IndicatorsThatAreKeptSurviveARestart) {
  keep_indicators_ = true;
  v1::SubscribeResponse chunk = Chunk({{"a", 1}, {"b", 2}});
  chunk.mutable_snapshot_chunk()->mutable_indicators(0)->set_value("a.example");
  chunk.mutable_snapshot_chunk()->mutable_indicators(1)->set_value("b.example");
  v1::SubscribeResponse delta = Delta("2", {{"c", 3}}, {"a"});
  delta.mutable_delta()->mutable_upserts(0)->set_value("c.example");
  {
    SetFile file = Open();
    ASSERT_TRUE(
        Run({{{Begin(), chunk, End("1", {{"a", 1}, {"b", 2}}), delta}, absl::CancelledError("")}},
            false, &file)
            .ok());
  }
  EXPECT_THAT(values_, UnorderedElementsAre("b.example", "c.example"));
  values_.clear();
  SetFile file = Open();
  ASSERT_TRUE(Run({{{}, absl::CancelledError("")}}, false, &file).ok());
  EXPECT_THAT(values_, UnorderedElementsAre("b.example", "c.example"));
}

TEST_F(FollowerTest, WhatHasExpiredOrCannotBeRetractedIsNoReasonToBlock) {
  v1::Indicator indicator;
  indicator.set_action(v1::ACTION_BLOCK);
  indicator.mutable_expires_at()->set_seconds(100);
  EXPECT_EQ(ActionNow(indicator, 99, true), v1::ACTION_BLOCK);
  EXPECT_EQ(ActionNow(indicator, 99, false), v1::ACTION_MONITOR);
  EXPECT_EQ(ActionNow(indicator, 100, true), v1::ACTION_UNSPECIFIED);
}

TEST_F(FollowerTest, ServerWhoseSetsAreAlwaysWrongIsGivenUp) {
  const Stream wrong{{Begin(), Chunk({{"a", 1}}), End("1", {{"b", 1}})}, absl::OkStatus()};
  EXPECT_EQ(Run({wrong, wrong, wrong, wrong, wrong}).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(cursors_.size(), 4u);
}

TEST_F(FollowerTest, HalfASnapshotReplacesNothing) {
  ASSERT_TRUE(Run({{{Begin(), Chunk({{"a", 1}}), End("1", {{"a", 1}})}, absl::UnavailableError("")},
                   {{Begin(), Chunk({{"b", 1}})}, absl::UnavailableError("")},
                   {{Bookmark("1", {{"a", 1}})}, absl::CancelledError("")}})
                  .ok());
  EXPECT_THAT(cursors_, ElementsAre("", "1", "1"));
  EXPECT_THAT(members_, ElementsAre(std::pair("a", 1)));
}

TEST_F(FollowerTest, OnceEndsWithTheFirstWholeSet) {
  ASSERT_TRUE(Run({{{Begin(), Chunk({{"a", 1}}), End("1", {{"a", 1}}), Delta("2", {{"b", 1}}, {})},
                    absl::OkStatus()}},
                  /*once=*/true)
                  .ok());
  EXPECT_THAT(members_, ElementsAre(std::pair("a", 1)));
  EXPECT_EQ(cursors_.size(), 1u);
}

TEST_F(FollowerTest, OnceDoesNotWaitForEverForAServerThatIsAway) {
  std::deque<Stream> streams(100, Stream{{}, absl::UnavailableError("away")});
  EXPECT_EQ(Run(streams, /*once=*/true).code(), absl::StatusCode::kUnavailable);
  EXPECT_LT(cursors_.size(), 100u);
}

TEST_F(FollowerTest, ErrorThatDoesNotPassEndsIt) {
  EXPECT_EQ(Run({{{}, absl::InvalidArgumentError("filter")}}).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(waits_, testing::IsEmpty());
}

TEST_F(FollowerTest, GoodbyeSaysWhenToComeBack) {
  v1::SubscribeResponse bye;
  bye.mutable_bye()->mutable_retry_after()->set_seconds(2);
  ASSERT_TRUE(Run({{{Begin(), End("1", {}), bye}, absl::OkStatus()}}).ok());
  EXPECT_THAT(waits_, ElementsAre(2'000));
  EXPECT_THAT(cursors_, ElementsAre("", "1"));
}

TEST_F(FollowerTest, NextRunGoesOnWithTheSetOfTheLast) {
  {
    SetFile file = Open();
    ASSERT_TRUE(Run({{{Begin(), Chunk({{"a", 1}, {"b", 2}}), End("1", {{"a", 1}, {"b", 2}}),
                       Delta("2", {}, {"a"})},
                      absl::CancelledError("")}},
                    false, &file)
                    .ok());
  }
  cursors_.clear();
  SetFile file = Open();
  ASSERT_TRUE(Run({{{Bookmark("3", {{"b", 2}})}, absl::OkStatus()}}, /*once=*/true, &file).ok());
  EXPECT_THAT(cursors_, ElementsAre("2"));
  EXPECT_EQ(Open().TakeContent().cursor, "3");
}

}  // namespace
}  // namespace ringfence::client
