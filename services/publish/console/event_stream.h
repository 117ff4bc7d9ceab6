#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "services/publish/moment.h"
#include "services/publish/publisher.h"
#include "services/runtime/http/http_message.h"

namespace ringfence::publish {

// Server-sent events: each stream takes a thread of the HTTP server, so there are few, and who gets
// none asks from time to time instead.
//
//   event: state     what changed can be asked for; data is a Counters. At once, then after
//   changes. : keep-alive     so that a connection that is gone is found out
class EventStreams {
 public:
  struct Options {
    size_t streams_max = 8;
    std::chrono::milliseconds state_every{1'000};
    std::chrono::milliseconds keep_alive_every{10'000};
    // A stream sees within this time that the server ends.
    std::chrono::milliseconds step{200};
  };

  EventStreams(const Options& options, const Publisher& publisher)
      : options_(options), publisher_(publisher) {}

  // The JSON of a moment.
  using Describe = std::function<std::string(const Moment& moment)>;
  // Nothing where there are as many streams as can be. The answer must not outlive this.
  std::optional<runtime::HttpResponse> Begin(Describe describe);

 private:
  const Options options_;
  const Publisher& publisher_;
  const std::shared_ptr<std::atomic<size_t>> streams_ = std::make_shared<std::atomic<size_t>>(0);
};

}  // namespace ringfence::publish
