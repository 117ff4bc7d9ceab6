#pragma once

#include <memory>
#include <optional>
#include <string>

#include "pipelines/stix/objects.h"
#include "services/publish/console/event_stream.h"
#include "services/publish/console/overlap.h"
#include "services/publish/http/caller.h"
#include "services/publish/publisher.h"
#include "services/runtime/http/http_message.h"

namespace ringfence::publish {

inline constexpr const char* kConsoleApi = "/api/v1/";

// The analysts' console: its pages below /console/, and below /api/v1/ what they read
// (ops/console-api.md, proto/ringfence/console/v1). Pages load nothing from elsewhere and may not:
// their security policy says so. Thread-safe.
class Console {
 public:
  struct Options {
    std::string deployment = "local";
    EventStreams::Options events;
  };

  // `publisher` must outlive it.
  Console(const Options& options, const Publisher& publisher);

  // Nothing where the path is none of the console's.
  std::optional<runtime::HttpResponse> Answer(const runtime::HttpRequest& request) const;

 private:
  runtime::HttpResponse AnswerApi(const runtime::HttpRequest& request, const Viewer& caller) const;
  runtime::HttpResponse AnswerCampaign(const runtime::HttpRequest& request, const Viewer& caller,
                                       const Moment& moment) const;

  const Options options_;
  const Publisher& publisher_;
  const stix::Objects stix_;
  mutable OverlapKeeper overlap_;
  mutable EventStreams events_;
};

}  // namespace ringfence::publish
