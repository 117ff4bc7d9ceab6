#include "services/runtime/service/disk_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "services/runtime/reaction.h"

namespace ringfence::runtime {
namespace {

using testing::HasSubstr;

template <typename Condition>
bool Eventually(const Condition& done) {
  for (int i = 0; i < 20'000; ++i) {
    if (done()) return true;
    SleepUnlessStopped({}, std::chrono::milliseconds(1));
  }
  return false;
}

TEST(DiskGuard, SaysWhenThereIsRoomAndWhenNot) {
  std::atomic<uint64_t> free_bytes = 800;
  Metrics metrics;
  DiskGuard guard({.folder = "state",
                   .free_bytes_min = 800,
                   .free_bytes = [&] { return absl::StatusOr<uint64_t>(free_bytes); }},
                  metrics);
  EXPECT_TRUE(guard.has_room());
  free_bytes = 799;
  EXPECT_TRUE(Eventually([&] { return !guard.has_room(); }));
  EXPECT_TRUE(absl::IsResourceExhausted(guard.Ready()));
  EXPECT_THAT(metrics.Text(), HasSubstr("ringfence_disk_short{disk=\"state\"} 1"));
  EXPECT_THAT(metrics.Text(), HasSubstr("ringfence_disk_free_bytes{disk=\"state\"} 799"));
  free_bytes = 900;
  EXPECT_TRUE(Eventually([&] { return guard.has_room(); }));
  EXPECT_TRUE(guard.Ready().ok());
  EXPECT_THAT(metrics.Text(), HasSubstr("ringfence_disk_short{disk=\"state\"} 0"));
}

TEST(DiskGuard, ALittleRoomIsNotEnoughToGoOn) {
  Metrics metrics;
  std::atomic<int> looks = 0;
  DiskGuard guard(
      {.folder = "state",
       .free_bytes_min = 800,
       .free_bytes = [&] { return absl::StatusOr<uint64_t>(looks++ == 0 ? 1u : 899u); }},
      metrics);
  EXPECT_TRUE(Eventually([&] { return looks >= 2; }));
  EXPECT_FALSE(guard.has_room());
}

TEST(DiskGuard, AsksTheRealDisk) {
  Metrics metrics;
  EXPECT_TRUE(DiskGuard({.folder = "/tmp", .free_bytes_min = 1}, metrics).has_room());
  EXPECT_FALSE(
      DiskGuard({.folder = "/tmp", .free_bytes_min = uint64_t{1} << 60}, metrics).has_room());
}

}  // namespace
}  // namespace ringfence::runtime
