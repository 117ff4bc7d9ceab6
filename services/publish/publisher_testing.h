#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <utility>

#include "pipelines/campaigns/record_testing.h"
#include "services/publish/publisher.h"
#include "services/runtime/log/log.h"
#include "services/runtime/metrics.h"
#include "services/runtime/temporary_folder_testing.h"

namespace ringfence::publish {

// A publisher on a folder that outlives it: it can be ended and started again.
class PublisherUnderTest {
 public:
  explicit PublisherUnderTest(runtime::Log& log) : log_(&log) {
    options.placement = "placement";
    options.memory = runtime::MakeRocksMemory({});
    options.clock = [] { return campaigns::kNow; };
    options.coalesce = std::chrono::milliseconds(1);
    options.ask_ends_every = std::chrono::milliseconds(1);
  }

  absl::Status Start() {
    options.state_dir = folder_.path();
    auto started = Publisher::Start(options, *log_, metrics);
    if (started.ok()) publisher_ = *std::move(started);
    return started.status();
  }
  void End() { publisher_.reset(); }
  // For the next start.
  void UseLog(runtime::Log& log) { log_ = &log; }
  // As if the disk had been lost.
  void LoseState() { std::filesystem::remove_all(folder_.path()); }
  std::string state_dir() const { return folder_.path(); }

  Publisher& operator*() { return *publisher_; }
  Publisher* operator->() { return publisher_.get(); }

  // Waits until it shows all that the log has, up to `until` of partition 0 if given.
  void AwaitApplied(int64_t until = -1) {
    std::shared_ptr<const Moment> moment = publisher_->Latest();
    while (!HasApplied(*moment, until)) {
      if (HasStopped()) return;
      moment = publisher_->AwaitOther(moment.get(), std::chrono::milliseconds(50));
    }
  }
  // Waits until `is_shown` of what it shows; false where that does not come within a minute.
  template <typename IsShown>
  bool Await(const IsShown& is_shown) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    std::shared_ptr<const Moment> moment = publisher_->Latest();
    while (!is_shown() && std::chrono::steady_clock::now() < until)
      moment = publisher_->AwaitOther(moment.get(), std::chrono::milliseconds(10));
    return is_shown();
  }
  bool HasStopped() { return !publisher_->Health().ok(); }

  Publisher::Options options;
  runtime::Metrics metrics;

 private:
  bool HasApplied(const Moment& moment, int64_t until) {
    if (until >= 0) return moment.offsets[0] >= until;
    for (size_t p = 0; p < moment.offsets.size(); ++p) {
      const auto end =
          log_->EndOffset({std::string(runtime::kIndicatorsTopic), static_cast<int32_t>(p)});
      if (moment.offsets[p] < *end) return false;
    }
    return moment.complete;
  }

  runtime::TemporaryFolder folder_;
  runtime::Log* log_;
  std::unique_ptr<Publisher> publisher_;
};

}  // namespace ringfence::publish
