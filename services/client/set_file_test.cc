#include "services/client/set_file.h"

#include <gmock/gmock.h>

#include "services/runtime/temporary_folder_testing.h"

namespace ringfence::client {
namespace {

class SetFileTest : public testing::Test {
 protected:
  SetFile Open(const std::string& asked = "everything") {
    auto file = SetFile::Open(folder_.Path("cursor"), asked);
    EXPECT_TRUE(file.ok()) << file.status();
    return *std::move(file);
  }

  runtime::TemporaryFolder folder_;
};

TEST_F(SetFileTest, KeepsTheSetWithItsCursor) {
  SetFile file = Open();
  Set set;
  for (const char* id : {"a", "b", "c"}) {
    file.Put(id, 7);
    set.Put(id, 7);
  }
  ASSERT_TRUE(file.Commit("cursor-1", set).ok());
  file.Remove("b");
  set.Remove("b");
  file.Put("c", 9);
  set.Put("c", 9);
  ASSERT_TRUE(file.Commit("cursor-2", set).ok());
  const SetFile::Content content = Open().TakeContent();
  EXPECT_EQ(content.cursor, "cursor-2");
  EXPECT_EQ(content.set.Revisions(), set.Revisions());
}

TEST_F(SetFileTest, WhatFollowsTheLastCursorIsForgotten) {
  SetFile file = Open();
  Set set;
  file.Put("a", 1);
  set.Put("a", 1);
  ASSERT_TRUE(file.Commit("cursor-1", set).ok());
  for (const char* tail : {"+b 2\n", "!\n", "-a\n=curs", "+b"}) {
    const std::string before = folder_.Read("cursor");
    folder_.Write("cursor", before + tail);
    const SetFile::Content content = Open().TakeContent();
    EXPECT_EQ(content.cursor, "cursor-1") << tail;
    EXPECT_EQ(content.set.Revisions(), set.Revisions()) << tail;
    folder_.Write("cursor", before);
  }
}

TEST_F(SetFileTest, AnotherQuestionStartsAnew) {
  SetFile file = Open("phones");
  Set set;
  set.Put("a", 1);
  ASSERT_TRUE(file.Commit("cursor-1", set).ok());
  EXPECT_EQ(Open("domains").TakeContent().cursor, "");
  EXPECT_EQ(Open("phones").TakeContent().cursor, "cursor-1");
}

TEST_F(SetFileTest, FileStaysInProportionToTheSet) {
  SetFile file = Open();
  Set set;
  for (uint64_t revision = 1; revision <= 60'000; ++revision) {
    file.Put("a", revision);
    set.Put("a", revision);
    ASSERT_TRUE(file.Commit("cursor-" + std::to_string(revision), set).ok());
  }
  EXPECT_LT(folder_.Read("cursor").size(), 400'000u);
  const SetFile::Content content = Open().TakeContent();
  EXPECT_EQ(content.cursor, "cursor-60000");
  EXPECT_EQ(content.set.Revisions().at("a"), 60'000u);
}

TEST_F(SetFileTest, LeavesAFileOfSomethingElseAlone) {
  folder_.Write("cursor", "shopping list\n");
  EXPECT_EQ(SetFile::Open(folder_.Path("cursor"), "x").status().code(),
            absl::StatusCode::kDataLoss);
  EXPECT_EQ(folder_.Read("cursor"), "shopping list\n");
}

TEST(Set, DigestIsThatOfTheContract) {
  Set set;
  set.Put("2f1e", 41);
  set.Put("2f1f", 7);
  set.Put("2f1e", 42);
  set.Put("gone", 1);
  set.Remove("gone");
  set.Remove("never there");
  v1::SetDigest digest;
  digest.set_count(2);
  // canonical-forms, "Set digest".
  digest.set_sum("\x49\xcc\xa8\x5b\x4e\x2a\xc9\x0d\x52\x5f\x31\x7f\xce\xa0\x21\x7f");
  EXPECT_TRUE(set.Equals(digest));
  set.Put("2f1f", 8);
  EXPECT_FALSE(set.Equals(digest));
  set.Clear();
  digest.set_count(0);
  digest.set_sum(std::string(16, '\0'));
  EXPECT_TRUE(set.Equals(digest));
}

}  // namespace
}  // namespace ringfence::client
