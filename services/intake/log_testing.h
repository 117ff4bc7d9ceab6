#pragma once

// A log on disk that tests can make fail, in a folder of its own, at a time of their own.

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <utility>

#include "pipelines/core/time.h"
#include "services/runtime/clock.h"
#include "services/runtime/faulty_log_testing.h"
#include "services/runtime/reaction.h"
#include "services/runtime/rocks/embedded_log.h"
#include "services/runtime/temporary_folder_testing.h"

namespace ringfence::intake_service {

class LogTest : public testing::Test {
 protected:
  explicit LogTest(core::Time now) : clock_(now) {
    runtime::EmbeddedLog::Options options;
    options.dir = folder_.path();
    options.memory = runtime::MakeRocksMemory({.cache_bytes = 1 << 20, .memtable_bytes = 16 << 20});
    options.clock = clock_.AsClock();
    options.reserve_bytes = 0;
    auto log = runtime::EmbeddedLog::Open(options);
    EXPECT_TRUE(log.ok()) << log.status();
    embedded_ = *std::move(log);
    log_ = std::make_unique<runtime::FaultyLog>(*embedded_);
  }
  // Within a minute.
  template <typename Condition>
  static bool Eventually(const Condition& done) {
    for (int i = 0; i < 60'000; ++i) {
      if (done()) return true;
      runtime::SleepUnlessStopped({}, std::chrono::milliseconds(1));
    }
    return false;
  }

  const runtime::TemporaryFolder folder_;
  runtime::ManualClock clock_;
  std::unique_ptr<runtime::EmbeddedLog> embedded_;
  std::unique_ptr<runtime::FaultyLog> log_;
};

}  // namespace ringfence::intake_service
