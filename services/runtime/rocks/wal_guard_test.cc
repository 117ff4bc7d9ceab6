#include "services/runtime/rocks/wal_guard.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <memory>
#include <string>

#include "services/runtime/rocks/faulty_files_testing.h"
#include "services/runtime/temporary_folder_testing.h"

namespace ringfence::runtime {
namespace {

// Without the guard, the assertion in Debian's RocksDB ends the process at SyncWAL.
TEST(WalGuard, KeepsAFailureAndLetsTheFileBeTouchedAgain) {
  const TemporaryFolder folder;
  const auto files = std::make_shared<FaultyFiles>();
  const auto guard = std::make_shared<WalGuard>(files);
  const std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(guard);
  rocksdb::Options options;
  options.create_if_missing = true;
  options.env = env.get();
  rocksdb::DB* opened = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(options, folder.path(), &opened).ok());
  std::unique_ptr<rocksdb::DB> db(opened);
  rocksdb::WriteOptions sync;
  sync.sync = true;
  ASSERT_TRUE(db->Put(sync, "a", "1").ok());
  EXPECT_TRUE(guard->failure().ok());

  files->Fail(FaultyFiles::Operation::kAppend, ".log", rocksdb::IOStatus::NoSpace("told so"));
  EXPECT_TRUE(db->Put(sync, "b", "2").ok());
  EXPECT_TRUE(guard->failed());
  EXPECT_EQ(guard->failure().code(), absl::StatusCode::kResourceExhausted);
  // Nothing more is written, so that no hole can arise.
  const int failed = files->failed();
  EXPECT_TRUE(db->Put(sync, "c", "3").ok());
  EXPECT_TRUE(db->SyncWAL().ok());
  EXPECT_EQ(files->failed(), failed);
  files->Heal();
  EXPECT_TRUE(db->Put(sync, "d", "4").ok());

  db.reset();
  ASSERT_TRUE(rocksdb::DB::Open(options, folder.path(), &opened).ok());
  db.reset(opened);
  std::string value;
  EXPECT_TRUE(db->Get({}, "a", &value).ok());
  for (const char* key : {"b", "c", "d"}) EXPECT_TRUE(db->Get({}, key, &value).IsNotFound()) << key;
}

TEST(WalGuard, LeavesOtherFilesAlone) {
  const TemporaryFolder folder;
  const auto files = std::make_shared<FaultyFiles>();
  WalGuard guard(files);
  files->Fail(FaultyFiles::Operation::kAppend, "", rocksdb::IOStatus::IOError("told so"));
  std::unique_ptr<rocksdb::FSWritableFile> file;
  ASSERT_TRUE(guard.NewWritableFile(folder.path() + "/1.sst", {}, &file, nullptr).ok());
  EXPECT_FALSE(file->Append("a", {}, nullptr).ok());
  EXPECT_FALSE(guard.failed());
}

}  // namespace
}  // namespace ringfence::runtime
