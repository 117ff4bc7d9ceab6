// What is there after a process was killed in the middle of writing.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

#include "services/runtime/rocks/embedded_log.h"
#include "services/runtime/rocks/rocks_state.h"
#include "services/runtime/temporary_folder_testing.h"

namespace ringfence::runtime {
namespace {

std::shared_ptr<RocksMemory> Memory() {
  return MakeRocksMemory({.cache_bytes = 1 << 20, .memtable_bytes = 1 << 20});
}

// Runs crash_writer until it has acknowledged `until`, kills it; the last that it acknowledged.
int64_t LastBeforeTheKill(const std::string& what, const std::string& dir, int64_t until) {
  int told[2];
  EXPECT_EQ(pipe(told), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, told[1], STDOUT_FILENO);
  posix_spawn_file_actions_addclose(&actions, told[0]);
  posix_spawn_file_actions_addclose(&actions, told[1]);
  std::vector<std::string> words = {RINGFENCE_CRASH_WRITER, what, dir};
  char* arguments[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
  pid_t child = 0;
  EXPECT_EQ(posix_spawn(&child, arguments[0], &actions, nullptr, arguments, environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  close(told[1]);
  int64_t last = -1;
  int64_t next = 0;
  bool killed = false;
  while (read(told[0], &next, sizeof(next)) == static_cast<ssize_t>(sizeof(next))) {
    last = next;
    if (last >= until && !killed) killed = kill(child, SIGKILL) == 0;
  }
  close(told[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "ended by itself";
  return last;
}

TEST(Crash, WhatAnAppendReturnedIsThereAndAllOfAnAppendOrNothing) {
  const TemporaryFolder folder;
  for (const int64_t until : {1, 40}) {
    const std::string dir = folder.path() + "/" + std::to_string(until);
    const int64_t acknowledged = LastBeforeTheKill("log", dir, until);
    ASSERT_GE(acknowledged, until);
    EmbeddedLog::Options options;
    options.dir = dir;
    options.memory = Memory();
    options.clock = [] { return core::kDay; };
    options.reserve_bytes = 0;
    auto log = EmbeddedLog::Open(options);
    ASSERT_TRUE(log.ok()) << log.status();
    const int64_t end = *(*log)->EndOffset({"t", 0});
    EXPECT_GT(end, acknowledged);
    EXPECT_EQ(*(*log)->EndOffset({"t", 1}), end);
    for (int32_t partition = 0; partition < 2; ++partition) {
      const auto records = (*log)->Read({"t", partition}, 0, 1'000'000, 1 << 30);
      ASSERT_TRUE(records.ok()) << records.status();
      ASSERT_EQ(static_cast<int64_t>(records->size()), end);
      for (int64_t n = 0; n < end; ++n) {
        EXPECT_EQ((*records)[static_cast<size_t>(n)].value, std::to_string(n));
      }
    }
    const auto compacted = (*log)->Read({"c", 0}, 0, 1'000'000, 1 << 30);
    ASSERT_TRUE(compacted.ok()) << compacted.status();
    ASSERT_EQ(compacted->size(), 1u);
    EXPECT_EQ(compacted->front().value, std::to_string(end - 1));
    EXPECT_EQ(compacted->front().offset, end - 1);
    // Each append took the position before it along.
    EXPECT_GE((*log)->Committed("r", {"t", 0})->value_or(-1), acknowledged);
    EXPECT_LE((*log)->Committed("r", {"t", 0})->value_or(-1), end);
  }
}

TEST(Crash, StateIsWholeAsOfAnEarlierCommit) {
  const TemporaryFolder folder;
  const int64_t committed = LastBeforeTheKill("state", folder.path(), 170);
  ASSERT_GE(committed, 170);
  auto state = RocksState::Open({folder.path(), "p1", Memory()});
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_GE((*state)->NextOffset(), committed / 50 * 50);
  EXPECT_LE((*state)->NextOffset(), committed + 1);
  int keys = 0;
  (*state)->Scan("a", "z", [&](std::string_view key, std::string_view value) {
    EXPECT_EQ(value, std::to_string((*state)->NextOffset())) << key;
    ++keys;
    return true;
  });
  EXPECT_EQ(keys, 12);
}

}  // namespace
}  // namespace ringfence::runtime
