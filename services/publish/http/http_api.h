#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "pipelines/core/time.h"
#include "services/publish/clearance.h"
#include "services/publish/cursor.h"
#include "services/publish/http/set_lists.h"
#include "services/publish/http/sorted_lists.h"
#include "services/publish/http/taxii.h"
#include "services/publish/lease.h"
#include "services/publish/publisher.h"
#include "services/runtime/http/http_message.h"
#include "services/runtime/identity/caller.h"
#include "services/runtime/identity/meter.h"

namespace ringfence::publish {

// All that publish serves over HTTP: answers a request from what a Publisher holds. Until that has
// read all that the log held when it began, and when it reads no more, 503: nobody gets a short or
// an old list. Thread-safe.
class HttpApi {
 public:
  struct Options {
    // As in Feed::Options: cursors are good there and here.
    std::string cursor_key;
    std::string deployment = "local";
    // Nanoseconds since the Unix epoch.
    std::function<core::Time()> clock;
    std::chrono::seconds valid_for = kValidFor;
    // A sorted list of a million takes seconds of a core to make.
    std::chrono::milliseconds make_lists_every{5'000};
    // Counts what callers take. Null: nobody does.
    runtime::Meter* meter = nullptr;
    // Told of each caller that is given a list, by any thread. Null: nobody is.
    std::function<void(const runtime::Caller& caller)> on_given = nullptr;
  };

  // `publisher` must outlive it.
  HttpApi(const Options& options, const Publisher& publisher);

  // That the caller may ask at all the gate has decided.
  runtime::HttpResponse Answer(const runtime::HttpRequest& request,
                               const runtime::Caller& caller) const;
  // The same for what the caller may see, without its quotas.
  runtime::HttpResponse AnswerTo(const Viewer& viewer, const runtime::HttpRequest& request) const;

 private:
  const Options options_;
  const Publisher& publisher_;
  const Cursors cursors_;
  const ListSource source_;
  mutable SortedLists sorted_lists_;
  const Taxii taxii_;
};

}  // namespace ringfence::publish
