#include "services/runtime/snapshots/folder_snapshot_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stop_token>

#include "services/runtime/snapshots/files.h"
#include "services/runtime/temporary_folder_testing.h"

namespace ringfence::runtime {
namespace {

class FolderSnapshots : public testing::Test {
 protected:
  FolderSnapshots() {
    auto store = FolderSnapshotStore::Open(root_.path() + "/store");
    EXPECT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
    std::filesystem::create_directory(source_);
    Write(source_ + "/a.sst", std::string(3'000'000, 'x'));
    Write(source_ + "/CURRENT", "MANIFEST-000001\n");
    Write(source_ + "/empty", "");
  }

  static void Write(const std::string& path, const std::string& content) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
  }
  static std::string Read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  static SnapshotManifest At(int64_t offset, const std::string& stage = "dedupe") {
    SnapshotManifest manifest;
    manifest.set_stage(stage);
    manifest.set_partition(3);
    manifest.set_offset(offset);
    return manifest;
  }
  std::vector<std::string> Ids(const std::string& series = "dedupe-3") {
    std::vector<std::string> ids;
    const auto snapshots = store_->List(series);
    EXPECT_TRUE(snapshots.ok());
    for (const StoredSnapshot& snapshot : *snapshots) ids.push_back(snapshot.id);
    return ids;
  }
  StoredSnapshot Newest() { return store_->List("dedupe-3")->at(0); }
  std::string InStore(const std::string& file) {
    return root_.path() + "/store/" + Newest().id + "/" + file;
  }

  const TemporaryFolder root_;
  const std::string source_ = root_.path() + "/source";
  std::unique_ptr<FolderSnapshotStore> store_;
};

TEST_F(FolderSnapshots, GiveUpOnRequestAndKeepNothing) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_TRUE(absl::IsCancelled(store_->Put(At(7), source_, stop.get_token()).status()));
  EXPECT_TRUE(std::filesystem::is_empty(root_.path() + "/store/dedupe-3"));
}

TEST_F(FolderSnapshots, AreNotFetchedOnAfterARequestToStop) {
  ASSERT_TRUE(store_->Put(At(7), source_, {}).ok());
  std::stop_source stop;
  stop.request_stop();
  const std::string target = root_.path() + "/target";
  EXPECT_TRUE(absl::IsCancelled(store_->Fetch(Newest(), target, stop.get_token())));
  EXPECT_FALSE(std::filesystem::exists(target + "/empty"));
}

TEST_F(FolderSnapshots, GiveBackWhatWasPut) {
  const auto made = store_->Put(At(7), source_, {});
  ASSERT_TRUE(made.ok()) << made.status();
  ASSERT_EQ(made->files_size(), 3);
  // printf MANIFEST-000001\\n | sha256sum
  EXPECT_EQ(made->files(0).name(), "CURRENT");
  EXPECT_EQ(made->files(2).sha256(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_TRUE(store_->Verify(Newest()).ok());
  const std::string target = root_.path() + "/target";
  ASSERT_TRUE(store_->Fetch(Newest(), target, {}).ok());
  for (const char* name : {"a.sst", "CURRENT", "empty"})
    EXPECT_EQ(Read(target + "/" + name), Read(source_ + "/" + name));
  EXPECT_EQ(FolderEntries(target)->size(), 3u);
}

TEST_F(FolderSnapshots, AreListedTheNewestFirstAndGoWhenRemoved) {
  for (const int64_t offset : {9, 1'000'000, 10})
    ASSERT_TRUE(store_->Put(At(offset), source_, {}).ok());
  ASSERT_TRUE(store_->Put(At(1, "cluster"), source_, {}).ok());
  EXPECT_THAT(Ids(),
              testing::ElementsAre("dedupe-3/0000000000001000000", "dedupe-3/0000000000000000010",
                                   "dedupe-3/0000000000000000009"));
  EXPECT_EQ(Ids("").size(), 4u);
  ASSERT_TRUE(store_->Remove("dedupe-3/0000000000000000010").ok());
  EXPECT_EQ(Ids().size(), 2u);
  EXPECT_TRUE(absl::IsNotFound(store_->Remove("dedupe-3/0000000000000000010")));
}

TEST_F(FolderSnapshots, OneThatIsThereIsReplaced) {
  ASSERT_TRUE(store_->Put(At(7), source_, {}).ok());
  Write(source_ + "/CURRENT", "other");
  ASSERT_TRUE(store_->Put(At(7), source_, {}).ok());
  EXPECT_EQ(Read(InStore("CURRENT")), "other");
  EXPECT_TRUE(store_->Verify(Newest()).ok());
}

TEST_F(FolderSnapshots, EveryKindOfDamageIsFound) {
  const auto damages = std::vector<std::function<void()>>{
      [&] {
        std::string bytes = Read(InStore("a.sst"));
        bytes[1'234'567] ^= 1;
        Write(InStore("a.sst"), bytes);
      },
      [&] { std::filesystem::resize_file(InStore("a.sst"), 2'999'999); },
      [&] { std::filesystem::remove(InStore("CURRENT")); },
      [&] { Write(InStore("more.sst"), ""); },
      [&] { Write(InStore("MANIFEST.json"), "{"); },
      [&] { Write(InStore("MANIFEST.json"), "{\"format\":2}"); },
      [&] { std::filesystem::remove(InStore("MANIFEST.json")); },
      [&] {
        Write(InStore("MANIFEST.json"),
              R"({"format":1,"stage":"dedupe","partition":3,"offset":"7",)"
              R"("files":[{"name":"../../source/a.sst"}]})");
      },
  };
  for (size_t i = 0; i < damages.size(); ++i) {
    ASSERT_TRUE(store_->Put(At(7), source_, {}).ok());
    damages[i]();
    EXPECT_TRUE(absl::IsDataLoss(store_->Verify(Newest()))) << i;
    EXPECT_TRUE(absl::IsDataLoss(store_->Fetch(Newest(), root_.path() + "/target", {}))) << i;
  }
}

TEST_F(FolderSnapshots, OneUnderAnothersNameIsDamaged) {
  ASSERT_TRUE(store_->Put(At(7), source_, {}).ok());
  std::filesystem::rename(root_.path() + "/store/dedupe-3/0000000000000000007",
                          root_.path() + "/store/dedupe-3/0000000000000000008");
  EXPECT_TRUE(absl::IsDataLoss(Newest().status));
}

TEST_F(FolderSnapshots, WhatACrashLeftUnfinishedIsNotListedAndGoes) {
  const std::string unfinished = root_.path() + "/store/dedupe-3/.new-0000000000000000005";
  std::filesystem::create_directories(unfinished);
  Write(unfinished + "/a.sst", "half");
  EXPECT_TRUE(Ids().empty());
  ASSERT_TRUE(store_->Put(At(7), source_, {}).ok());
  EXPECT_FALSE(std::filesystem::exists(unfinished));
}

TEST_F(FolderSnapshots, WhatElseLiesInTheFolderIsNoSnapshot) {
  ASSERT_TRUE(store_->Put(At(7), source_, {}).ok());
  Write(root_.path() + "/store/README", "hands off");
  Write(root_.path() + "/store/dedupe-3/notes", "hands off");
  std::filesystem::create_directory(root_.path() + "/store/lost+found");
  EXPECT_EQ(Ids("").size(), 1u);
}

TEST_F(FolderSnapshots, OneThatCannotBeReadWholeIsNotKept) {
  std::filesystem::create_directory(source_ + "/folder");
  EXPECT_FALSE(store_->Put(At(7), source_, {}).ok());
  EXPECT_TRUE(Ids().empty());
  EXPECT_EQ(FolderEntries(root_.path() + "/store/dedupe-3")->size(), 0u);
}

}  // namespace
}  // namespace ringfence::runtime
