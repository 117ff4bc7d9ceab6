#include "services/ringfence/subscriber.h"

#include <gmock/gmock.h>

#include <deque>
#include <vector>

#include "services/ringfence/testing.h"

namespace ringfence::cli {
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

struct Stream {
  std::vector<v1::SubscribeResponse> events;
  absl::Status end;
};

class SubscriberTest : public testing::Test {
 protected:
  // Plays the streams one after the other, then is cancelled.
  absl::Status Run(std::deque<Stream> streams, bool once = false,
                   SubscriptionFile* file = nullptr) {
    Subscriber::Options options;
    options.once = once;
    Subscriber::World world;
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
    Subscriber subscriber(options, std::move(world), file);
    absl::Status status = subscriber.Run();
    members_.assign(subscriber.set().revisions().begin(), subscriber.set().revisions().end());
    return status;
  }

  SubscriptionFile Open() {
    auto file = SubscriptionFile::Open(folder_.Path("cursor"), "all");
    EXPECT_TRUE(file.ok()) << file.status();
    return *std::move(file);
  }

  TemporaryFolder folder_;
  std::vector<std::string> cursors_;
  std::vector<int64_t> waits_;
  int shown_ = 0;
  Members members_;
};

TEST_F(SubscriberTest, HoldsTheSnapshotAndWhatChangesIt) {
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

TEST_F(SubscriberTest, GoesOnFromItsCursorAfterAnInterruption) {
  ASSERT_TRUE(Run({{{Begin(), Chunk({{"a", 1}}), End("1", {{"a", 1}})}, absl::UnavailableError("")},
                   {{}, absl::UnavailableError("")},
                   {{}, absl::UnavailableError("")},
                   {{Delta("2", {{"b", 2}}, {}), Bookmark("2", {{"a", 1}, {"b", 2}})},
                    absl::UnavailableError("")}})
                  .ok());
  EXPECT_THAT(cursors_, ElementsAre("", "1", "1", "1", "2"));
  EXPECT_THAT(waits_, ElementsAre(100, 200, 400, 100)) << "longer each time, until something comes";
}

TEST_F(SubscriberTest, SetThatDiffersIsTakenAnewWithoutACursor) {
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

TEST_F(SubscriberTest, ServerWhoseSetsAreAlwaysWrongIsGivenUp) {
  const Stream wrong{{Begin(), Chunk({{"a", 1}}), End("1", {{"b", 1}})}, absl::OkStatus()};
  EXPECT_EQ(Run({wrong, wrong, wrong, wrong, wrong}).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(cursors_.size(), 4u);
}

TEST_F(SubscriberTest, HalfASnapshotReplacesNothing) {
  ASSERT_TRUE(Run({{{Begin(), Chunk({{"a", 1}}), End("1", {{"a", 1}})}, absl::UnavailableError("")},
                   {{Begin(), Chunk({{"b", 1}})}, absl::UnavailableError("")},
                   {{Bookmark("1", {{"a", 1}})}, absl::CancelledError("")}})
                  .ok());
  EXPECT_THAT(cursors_, ElementsAre("", "1", "1"));
  EXPECT_THAT(members_, ElementsAre(std::pair("a", 1)));
}

TEST_F(SubscriberTest, OnceEndsWithTheFirstWholeSet) {
  ASSERT_TRUE(Run({{{Begin(), Chunk({{"a", 1}}), End("1", {{"a", 1}}), Delta("2", {{"b", 1}}, {})},
                    absl::OkStatus()}},
                  /*once=*/true)
                  .ok());
  EXPECT_THAT(members_, ElementsAre(std::pair("a", 1)));
  EXPECT_EQ(cursors_.size(), 1u);
}

TEST_F(SubscriberTest, OnceDoesNotWaitForEverForAServerThatIsAway) {
  std::deque<Stream> streams(100, Stream{{}, absl::UnavailableError("away")});
  EXPECT_EQ(Run(streams, /*once=*/true).code(), absl::StatusCode::kUnavailable);
  EXPECT_LT(cursors_.size(), 100u);
}

TEST_F(SubscriberTest, ErrorThatDoesNotPassEndsIt) {
  EXPECT_EQ(Run({{{}, absl::InvalidArgumentError("filter")}}).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(waits_, testing::IsEmpty());
}

TEST_F(SubscriberTest, GoodbyeSaysWhenToComeBack) {
  v1::SubscribeResponse bye;
  bye.mutable_bye()->mutable_retry_after()->set_seconds(2);
  ASSERT_TRUE(Run({{{Begin(), End("1", {}), bye}, absl::OkStatus()}}).ok());
  EXPECT_THAT(waits_, ElementsAre(2'000));
  EXPECT_THAT(cursors_, ElementsAre("", "1"));
}

TEST_F(SubscriberTest, NextRunGoesOnWithTheSetOfTheLast) {
  {
    SubscriptionFile file = Open();
    ASSERT_TRUE(Run({{{Begin(), Chunk({{"a", 1}, {"b", 2}}), End("1", {{"a", 1}, {"b", 2}}),
                       Delta("2", {}, {"a"})},
                      absl::CancelledError("")}},
                    false, &file)
                    .ok());
  }
  cursors_.clear();
  SubscriptionFile file = Open();
  ASSERT_TRUE(Run({{{Bookmark("3", {{"b", 2}})}, absl::OkStatus()}}, /*once=*/true, &file).ok());
  EXPECT_THAT(cursors_, ElementsAre("2"));
  EXPECT_EQ(Open().TakeContent().cursor, "3");
}

}  // namespace
}  // namespace ringfence::cli
