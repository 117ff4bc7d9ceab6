#include "services/ringfence/position_file.h"

#include <gtest/gtest.h>

#include "services/runtime/temporary_folder_testing.h"

namespace ringfence::cli {
namespace {

const PositionFile::Owner kOwner{"acme", "127.0.0.1:7733"};

TEST(PositionFile, KeepsPositionsOfSeveralInputs) {
  const runtime::TemporaryFolder folder;
  auto positions = PositionFile::Load(folder.Path("state"), kOwner);
  ASSERT_TRUE(positions.ok());
  EXPECT_EQ(positions->Get("/a").lines, 0u);
  ASSERT_TRUE(positions->Put("/a", {3, 0xdeadbeef}).ok());
  ASSERT_TRUE(positions->Put("/b\twith tab", {4, 1}).ok());
  ASSERT_TRUE(positions->Put("/a", {5, 0xfeedface}).ok());
  const auto again = PositionFile::Load(folder.Path("state"), kOwner);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->Get("/a").lines, 5u);
  EXPECT_EQ(again->Get("/a").checksum, 0xfeedfaceu);
  EXPECT_EQ(again->Get("/b\twith tab").lines, 4u);
}

TEST(PositionFile, ThoseOfAnotherPartnerOrServerAreNone) {
  const runtime::TemporaryFolder folder;
  auto positions = PositionFile::Load(folder.Path("state"), kOwner);
  ASSERT_TRUE(positions.ok());
  ASSERT_TRUE(positions->Put("/a", {3, 7}).ok());
  EXPECT_EQ(PositionFile::Load(folder.Path("state"), {"other", kOwner.server})->Get("/a").lines,
            0u);
  EXPECT_EQ(PositionFile::Load(folder.Path("state"), {"acme", "other:1"})->Get("/a").lines, 0u);
}

TEST(PositionFile, IsGoneOnceAllIsAnswered) {
  const runtime::TemporaryFolder folder;
  auto positions = PositionFile::Load(folder.Path("state"), kOwner);
  ASSERT_TRUE(positions->Put("/a", {3, 7}).ok());
  positions->Remove();
  EXPECT_FALSE(std::filesystem::exists(folder.Path("state")));
}

TEST(PositionFile, LeavesAFileOfSomethingElseAlone) {
  const runtime::TemporaryFolder folder;
  folder.Write("state", "{\"reportId\":\"r-1\"}\n");
  EXPECT_EQ(PositionFile::Load(folder.Path("state"), kOwner).status().code(),
            absl::StatusCode::kDataLoss);
  EXPECT_EQ(folder.Read("state"), "{\"reportId\":\"r-1\"}\n");
}

TEST(PositionFile, SaysWhenItCannotBeWritten) {
  const runtime::TemporaryFolder folder;
  auto positions = PositionFile::Load(folder.Path("missing/state"), kOwner);
  ASSERT_TRUE(positions.ok());
  EXPECT_EQ(positions->Put("/a", {1, 1}).code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace ringfence::cli
